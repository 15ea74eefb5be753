"""Where factors are partly unknown, each is scored on its known rows, as if the other rows were not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import disentangle_bench as db
from disentangle_bench.evaluation.known_rows import COMPLETE
from disentangle_bench.evaluation.results import Results
from disentangle_bench.metrics import METRICS, info_of
from disentangle_bench.reports.score_table import footer

CASES = Path(__file__).parents[1] / "cases"
FACTORWISE = ["mig", "sap", "explicitness", "jemmig", "mutual-information-matrix", "rmig", "sap/regression"]


def scored(codes: np.ndarray, factors: object, metrics: list[str], **options: object) -> Results:
    given = db.Representation.of(codes, factors)
    return db.evaluate(given, metrics, **{"bootstrap": 0, "levels": False, **options})


def partial(seed: int = 0, rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, 4, (rows, 3)).astype(float)
    codes = factors[:, [0, 1, 2, 0]] + 0.3 * rng.standard_normal((rows, 4))
    factors[rng.random((rows, 3)) < 0.4] = np.nan
    return codes, factors


def test_the_values_of_a_case():
    scores = db.evaluate(CASES / "labels-partial-nan.npz", ["mig", "sap"], bootstrap=0, levels=False).scores
    assert scores["mig"].value == pytest.approx(0.63415, abs=1e-5)
    assert scores["sap"].value == pytest.approx(0.311, abs=5e-4)


def test_components_that_average_over_factors_are_means_of_evaluations_of_each_factor():
    codes, factors = partial()
    together = scored(codes, factors, FACTORWISE)
    known = [~np.isnan(column) for column in factors.T]
    each = [scored(codes[rows], column[rows], FACTORWISE).scores for rows, column in zip(known, factors.T, strict=True)]
    for name, entry in together.scores.items():
        assert entry.value == pytest.approx(np.mean([scores[name].value for scores in each])), name
    rows = {name: of["rows"] for name, of in together.scores["mig"].details["by_factor"].items()}
    assert rows == {f"f{place + 1}": int(of.sum()) for place, of in enumerate(known)}


def test_all_other_components_are_of_the_rows_where_every_factor_is_known():
    codes, factors = partial()
    complete = ~np.isnan(factors).any(axis=1)
    names = ["modularity", "irs", "dcimig", "mig-sup", "beta-vae-score", "infomec"]
    together = scored(codes, factors, names)
    alone = scored(codes[complete], factors[complete], names)
    for name, entry in together.scores.items():
        if name != "infomec.infoe":
            assert entry.value == alone.scores[name].value, name
            assert entry.details[COMPLETE] == complete.sum()
    assert f"On the {complete.sum()} samples of which every factor is known: mig-sup," in footer(together)[0]


@pytest.mark.parametrize("name", [name for name in METRICS if info_of(METRICS.get(name)).resamplable])
def test_every_metric_scores_factors_that_are_all_known_as_ever(name):
    info = info_of(METRICS.get(name))
    codes, factors = partial(rows=60)
    factors = np.nan_to_num(factors, nan=1)
    if not info.slow and info.factorwise:
        whole = scored(codes, factors[:, [0]], [name]).scores
        one = scored(np.r_[codes, codes[:9]], np.r_[factors[:, [0]], np.full((9, 1), np.nan)], [name]).scores
        assert {part: entry.value for part, entry in one.items()} == {
            part: entry.value for part, entry in whole.items()
        }


def test_a_given_split_is_kept():
    codes, factors = partial()
    train = np.arange(len(codes)) % 2 == 0
    found = db.evaluate(db.Representation.of(codes, factors, train), "sap", bootstrap=0, levels=False)
    sap = METRICS.get("sap")
    known = [~np.isnan(column) for column in factors.T]
    expected = [
        sap(codes[rows], column[rows], train[rows]).value for rows, column in zip(known, factors.T, strict=True)
    ]
    assert found.scores["sap"].value == pytest.approx(np.mean(expected))


def test_too_few_complete_rows_are_a_reason():
    codes, factors = partial()
    factors[::2, 0], factors[1::2, 1] = np.nan, np.nan
    results = scored(codes, factors, ["modularity", "mig", "infomec"])
    assert results.scores["mig"].value is not None
    assert results.scores["infomec.infoe"].value is not None
    for name in ("modularity", "infomec.infom"):
        assert results.scores[name].reason.startswith("all factors are known in 0 of 400 samples")


def test_a_factor_that_cannot_be_scored_is_left_out_and_named():
    codes, factors = partial()
    factors[3:, 2], factors[:3, 2] = np.nan, [0, 1, 2]
    mig = scored(codes, factors, ["mig"]).scores["mig"]
    assert mig.value == pytest.approx(scored(codes, factors[:, :2], ["mig"]).scores["mig"].value)
    assert mig.details["by_factor"]["f3"]["value"] is None
    assert mig.details["by_factor"]["f3"]["rows"] == 3


def test_levels_and_intervals_are_of_the_same_protocol():
    rng = np.random.default_rng(1)
    factors = rng.integers(0, 3, (900, 2)).astype(float)
    codes = factors + 0.05 * rng.standard_normal((900, 2))
    factors[rng.random((900, 2)) < 0.5] = np.nan
    entry = scored(codes, factors, ["mig"], bootstrap=60, levels=True).scores["mig"]
    assert entry.ceiling == pytest.approx(1, abs=0.02)
    assert entry.chance == pytest.approx(0, abs=0.03)
    assert entry.low <= entry.value <= entry.high
    assert entry.high - entry.low < 0.05
    sap = scored(codes, factors, ["sap"], bootstrap=60).scores["sap"]
    assert sap.low < sap.value < sap.high


def test_text_labels_may_be_unknown():
    codes, factors = partial()
    texts = np.where(np.isnan(factors), "", np.char.add("class ", np.nan_to_num(factors).astype(int).astype(str)))
    numbers = scored(codes, factors, ["mig", "sap"]).scores
    for name, entry in scored(codes, texts, ["mig", "sap"]).scores.items():
        assert entry.value == pytest.approx(numbers[name].value)


def test_whole_numbers_are_categories_whatever_their_type():
    as_integers, as_floats = (
        db.evaluate(CASES / f"labels-{of}.npz", ["sap", "dci-es"], bootstrap=0, levels=False) for of in ("int", "float")
    )
    assert as_integers.scores["sap"].value == pytest.approx(0.334, abs=5e-4)
    assert as_integers.scores["dci-es.explicitness"].value == pytest.approx(0.606, abs=5e-4)
    for name, entry in as_integers.scores.items():
        assert entry.value == as_floats.scores[name].value
    assert as_floats.subject["factors"] == as_integers.subject["factors"]


def test_factors_without_held_out_averages_have_an_interval_from_all_rows():
    rng = np.random.default_rng(2)
    factors = np.c_[rng.integers(0, 3, 500), rng.random(500)]
    codes = factors + 0.1 * rng.standard_normal((500, 2))
    factors[rng.random((500, 2)) < 0.3] = np.nan
    sap = scored(codes, factors, ["sap"], bootstrap=20).scores["sap"]  # by class of the first, by R2 of the second
    assert sap.low < sap.value < sap.high
