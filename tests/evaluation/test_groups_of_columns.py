"""Codes of several columns, such as a point on a circle, count jointly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import disentangle_bench as db
from disentangle_bench.metrics import METRICS, info_of

CASES = Path(__file__).parents[1] / "cases"
OF_COUNTS = ["mig", "rmig", "mig-sup", "jemmig", "dcimig", "modularity", "mutual-information-matrix"]


def scored(codes: np.ndarray, factors: np.ndarray, metrics: list[str], groups: dict[str, list[str]], **options):
    given = db.Representation.of(codes, factors, groups=groups)
    return db.evaluate(given, metrics, **{"bootstrap": 0, "levels": False, **options}).scores


def test_the_values_of_a_case():
    select = {"groups": {"a": ["c1", "c2"], "b": ["c3", "c4"]}}
    results = db.evaluate(CASES / "blocks.npz", ["mig", "infomec", "irs"], select=select, bootstrap=0, levels=False)
    assert results.scores["mig"].value == pytest.approx(0.9925, abs=5e-5)
    assert results.scores["infomec.infoc"].value == pytest.approx(0.985, abs=1e-3)
    assert results.scores["irs"].value == pytest.approx(1)
    codes = [{"name": name, "kind": "continuous", "columns": 2} for name in "ab"]
    assert results.subject["codes"] == codes


def test_information_is_that_of_all_columns_together():
    rng = np.random.default_rng(0)
    columns = rng.uniform(-1, 1, (4000, 3))
    parity = (columns[:, 0] > 0) ^ (columns[:, 1] > 0)
    scores = scored(columns, np.c_[parity, columns[:, 2] > 0], ["mutual-information-matrix"], {"pair": ["c1", "c2"]})
    apart = scored(columns, np.c_[parity, columns[:, 2] > 0], ["mutual-information-matrix"], {})
    nats = np.array(scores["mutual-information-matrix"].details["nats"])
    assert nats[0, 0] == pytest.approx(np.log(2), abs=0.02)  # of a coin, which neither column knows by itself
    assert nats[1] == pytest.approx([0, np.log(2)], abs=0.02)
    assert np.array(apart["mutual-information-matrix"].details["nats"])[:2, 0] == pytest.approx([0, 0], abs=0.01)


def test_neighbors_give_the_information_of_a_gaussian_pair():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 4000)
    apart = 1.2  # half the distance between the two classes, on the diagonal
    pair = rng.standard_normal((4000, 2)) + np.where(labels, apart, -apart)[:, None] / np.sqrt(2)
    codes = np.c_[pair, rng.standard_normal(4000)]
    found = scored(codes, np.c_[labels, rng.integers(0, 2, 4000)], ["infomec"], {"pair": ["c1", "c2"]})

    def mixture(x: float) -> float:
        return float(norm.pdf(x, apart) + norm.pdf(x, -apart)) / 2

    entropy = quad(lambda x: -mixture(x) * np.log(mixture(x)), -12, 12)[0]
    expected = (entropy - np.log(2 * np.pi * np.e) / 2) / np.log(2)
    assert found["infomec.infom"].details["information"][0][0] == pytest.approx(expected, abs=0.03)


def test_importances_are_summed():
    rng = np.random.default_rng(2)
    factors = rng.integers(0, 4, (300, 2))
    angle = 2 * np.pi * factors[:, 0] / 4
    codes = np.c_[np.cos(angle), np.sin(angle), factors[:, 1]] + 0.1 * rng.standard_normal((300, 3))
    apart = np.array(scored(codes, factors, ["dci"], {})["dci.disentanglement"].details["importances"])
    merged = scored(codes, factors, ["dci"], {"pose": ["c1", "c2"]})
    importances = np.array(merged["dci.disentanglement"].details["importances"])
    np.testing.assert_allclose(importances, [apart[:2].sum(axis=0), apart[2]])
    assert merged["dci.completeness"].value > 0.98


@pytest.mark.parametrize("name", [name for name in METRICS if info_of(METRICS.get(name)).resamplable])
def test_every_metric_scores_them_or_says_why_not(name):
    info = info_of(METRICS.get(name))
    if info.slow:
        return
    rng = np.random.default_rng(3)
    levels = name in ("mig", "sap")
    rows = 1000 if levels else 200
    factors = rng.integers(0, 3, (rows, 2))
    codes = np.c_[factors[:, 0], -factors[:, 0], factors[:, 1], np.zeros(rows)] + 0.01 * rng.standard_normal((rows, 4))
    scores = scored(codes, factors, [name], {"both": ["c1", "c2"]}, levels=levels)
    first = next(iter(scores.values()))
    if info.groups:
        assert first.value is not None
        assert not levels or first.chance < first.ceiling
    else:
        assert first.reason.startswith("it is not defined for codes of several columns: both")


def test_counts_of_hardly_more_samples_than_cells_are_refused():
    rng = np.random.default_rng(4)
    found = scored(rng.standard_normal((300, 5)), rng.integers(0, 2, (300, 2)), ["mig"], {"a": ["c1", "c2", "c3"]})
    assert "too few to count" in found["mig"].reason


def test_one_column_by_another_name_changes_nothing():
    rng = np.random.default_rng(5)
    factors = rng.integers(0, 3, (300, 2))
    codes = factors + 0.1 * rng.standard_normal((300, 2))
    plain = scored(codes, factors, OF_COUNTS, {})
    twice = scored(np.c_[codes, np.zeros(300)], factors, OF_COUNTS, {"c1": ["c1", "c3"]})
    assert {name: entry.value for name, entry in plain.items() if name != "jemmig"} == pytest.approx(
        {name: entry.value for name, entry in twice.items() if name != "jemmig"}
    )  # whose maximum counts the bins that occur
