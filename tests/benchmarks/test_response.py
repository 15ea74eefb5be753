"""What the page of response curves is drawn from reacts as theory says, and is what the page has."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import disentangle_bench as db
from benchmarks.response.corruptions import CORRUPTIONS, JITTER
from benchmarks.response.measure import Case, Measured, Scores, arrays, cases, measure, metrics, place
from benchmarks.response.page import PREFACE, values_of, write_page
from benchmarks.response.suite import write_suite
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.engines.local import LocalEngine

ROOT = Path(__file__).parents[2]
ANGLES, LOUDNESS = (0.0, 10.0, 20.0, 30.0, 45.0), (0.0, 0.5, 1.0, 2.0, 4.0)


def score(metric: str, corruption: str, level: float, part: str = "") -> float:
    """Of the first seed, the headline or a component."""
    results = db.evaluate(
        db.Representation.of(*arrays(Case(corruption, level, 0))), [metric], bootstrap=0, levels=False
    )
    value = results.scores[f"{metric}.{part}" if part else metric].value
    assert value is not None
    return value


def test_every_corruption_begins_with_the_same_perfect_codes() -> None:
    perfect, factors = arrays(Case("mixing", 0, 0))
    for name in ("noise", "dropped", "duplicated", "warp", "spare", "correlation"):
        codes, beside = arrays(Case(name, {"warp": 1, "spare": 2}.get(name, 0), 0))
        np.testing.assert_array_equal(codes, perfect)
        np.testing.assert_array_equal(beside, factors)


def test_perfect_codes_are_standardized_and_hold_one_factor_each() -> None:
    codes, factors = arrays(Case("rows", 30_000, 0))
    correlations = np.corrcoef(codes, factors, rowvar=False)[:6, 6:]
    np.testing.assert_allclose(correlations[:4], np.eye(4) / np.sqrt(1 + JITTER**2), atol=0.03)
    np.testing.assert_allclose(correlations[4:], 0, atol=0.03)
    np.testing.assert_allclose(codes.std(axis=0), [np.sqrt(1 + JITTER**2)] * 4 + [1] * 2, rtol=0.03)


@pytest.mark.parametrize("degrees", ANGLES)
def test_sap_by_regression_is_the_cosine_of_twice_the_angle(degrees: float) -> None:
    """Of independent standardized codes, R2 is cos2 of the angle in one code and sin2 in the other."""
    expected = np.cos(2 * np.radians(degrees)) / (1 + JITTER**2)
    assert score("sap/regression", "mixing", degrees) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("deviations", LOUDNESS)
def test_sap_by_regression_is_the_share_of_the_signal(deviations: float) -> None:
    assert score("sap/regression", "noise", deviations) == pytest.approx(1 / (1 + JITTER**2 + deviations**2), abs=0.03)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_information_is_lost_factor_by_factor(count: int) -> None:
    """The mean share that is held falls by a quarter for each factor without a code, and a gap for each with two."""
    assert score("mutual-information-matrix", "dropped", count) == pytest.approx(1 - count / 4, abs=0.04)
    assert score("mig", "duplicated", count) == pytest.approx(1 - count / 4, abs=0.05)


@pytest.mark.parametrize(("corruption", "levels"), [("mixing", ANGLES), ("noise", LOUDNESS)])
def test_mig_falls(corruption: str, levels: tuple[float, ...]) -> None:
    values = [score("mig", corruption, level) for level in levels]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.9
    assert values[-1] < 0.05


def test_a_rotation_leaves_independent_codes_uncorrelated() -> None:
    assert score("gaussian-total-correlation", "mixing", 45) < 0.01


def test_a_factor_in_two_of_six_codes_is_four_tenths_compact() -> None:
    assert score("infomec", "mixing", 45, "infoc") == pytest.approx((1 / 2 - 1 / 6) / (1 - 1 / 6), abs=0.03)


@pytest.mark.slow
def test_dci_sees_noise_as_lost_information_and_a_rotation_as_entanglement() -> None:
    informativeness = [score("dci", "noise", level, "informativeness") for level in (0, 1, 4)]
    assert informativeness == sorted(informativeness, reverse=True)
    disentanglement = [score("dci", "mixing", level, "disentanglement") for level in (0, 20, 45)]
    assert disentanglement == sorted(disentanglement, reverse=True)
    assert disentanglement[-1] == pytest.approx(1 - np.log(2) / np.log(4), abs=0.05), "two factors of four in a code"


def test_cases_that_are_equal_are_scored_once_and_no_change_goes_unnoticed(tmp_path: Path) -> None:
    assert place(Case("noise", 0, 0), tmp_path) == place(Case("warp", 1, 0), tmp_path)
    assert place(Case("noise", 0, 0), tmp_path) != place(Case("noise", 0, 1), tmp_path)
    assert len({place(case, tmp_path) for case in cases(1)}) == len(list(cases(1))) - 6


def test_what_is_kept_is_not_measured_again(tmp_path: Path) -> None:
    case = Case("rows", 100, 0)
    place(case, tmp_path).write_text("{}")
    measure(case, tmp_path)
    assert place(case, tmp_path).read_text() == "{}"


@pytest.mark.slow
def test_the_same_codes_are_a_suite(tmp_path: Path) -> None:
    bench = Bench.open(str(write_suite(tmp_path, 1)), out=tmp_path / "out")
    assert bench.faults(LocalEngine(bench.suite.training)) == []
    assert len(bench.suite.entries) == len(list(cases(1)))
    codes, factors = arrays(Case("noise", 0.25, 0))
    written = db.Representation.load(tmp_path / "noise-0-25" / "seed-0.npz")
    np.testing.assert_array_equal(written.codes.values, codes)
    np.testing.assert_array_equal(written.factors.values, factors)


def made_up(seeds: int) -> Scores:
    names = [*metrics(), "dci.disentanglement", "dci.completeness", "infomec.infom"]
    return {case: dict.fromkeys(names, Measured(1 / (1 + case.level), 0.0, 1.0)) for case in cases(seeds)}


def test_the_values_say_chance_ceiling_and_each_seed() -> None:
    values = values_of(made_up(2))
    assert values["mig"]["mixing"][0] == [0.0, 1.0, 1.0, 1.0]
    assert values["mig"]["mixing"][-1] == [0.0, 1.0, 0.02174, 0.02174]


@pytest.mark.slow
def test_the_page_is_drawn_from_scores(tmp_path: Path) -> None:
    write_page({case: {"mig": of["mig"]} for case, of in made_up(1).items()}, tmp_path)
    page = (tmp_path / "docs" / "metric-response.md").read_text()
    assert "| mig | 0.98 |" in page
    assert "![information](images/metric-response-information.svg)" in page
    assert (tmp_path / "docs" / "images" / "metric-response-information.svg").is_file()


@pytest.mark.parametrize(("metric", "corruption", "level"), [("mig", "mixing", 20), ("sap/regression", "noise", 1)])
def test_the_published_values_are_what_the_functions_give(metric: str, corruption: str, level: float) -> None:
    published = json.loads((ROOT / "benchmarks" / "response" / "values.json").read_text())
    at = CORRUPTIONS[corruption].levels.index(level)
    assert published[metric][corruption][at][2] == pytest.approx(score(metric, corruption, level), rel=1e-3)


def test_the_published_page_begins_as_the_script_has_it() -> None:
    assert (ROOT / "docs" / "metric-response.md").read_text().startswith(PREFACE)
