"""Codes that are drawn react to what is done to them as theory says, and never change unnoticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

import disentangle_bench as db
from disentangle_bench.errors import SettingError
from disentangle_bench.metrics import METRICS, info_of
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.cell import cells_of
from disentangle_bench.suites.find import find_suite, read_suite
from disentangle_bench.suites.synthetic import JITTER, VERSION, Synthetic
from tests.suites.conftest import Inline

ANGLES, LOUDNESS = (0.0, 10.0, 20.0, 30.0, 45.0), (0.0, 0.5, 1.0, 2.0, 4.0)


def score(metric: str, part: str = "", **corrupted: float) -> float:
    """Of the first seed, the headline or a component."""
    results = db.evaluate(Synthetic.model_validate(corrupted).draw(0), [metric], bootstrap=0, levels=False)
    value = results.scores[f"{metric}.{part}" if part else metric].value
    assert value is not None
    return value


def test_perfect_codes_are_standardized_and_hold_one_factor_each() -> None:
    drawn = Synthetic(rows=30_000).draw(0)
    assert drawn.factors is not None
    correlations = np.corrcoef(drawn.codes.values, drawn.factors.values, rowvar=False)[:6, 6:]
    np.testing.assert_allclose(correlations[:4], np.eye(4) / np.sqrt(1 + JITTER**2), atol=0.03)
    np.testing.assert_allclose(correlations[4:], 0, atol=0.03)
    np.testing.assert_allclose(drawn.codes.values.std(axis=0), [np.sqrt(1 + JITTER**2)] * 4 + [1] * 2, rtol=0.03)
    for factor, size in zip(drawn.factors.values.T, (4, 5, 6, 8), strict=True):
        np.testing.assert_allclose(np.bincount(factor.astype(int)) / len(factor), 1 / size, atol=0.01)


def test_seeds_share_the_factors_and_nothing_else() -> None:
    first, second = Synthetic().draw(0), Synthetic().draw(1)
    assert first.factors is not None
    assert second.factors is not None
    np.testing.assert_array_equal(first.factors.values, second.factors.values)
    assert (first.codes.values != second.codes.values).all()


@pytest.mark.parametrize(
    "untouched", [{"mixing": 0}, {"dropped": 0}, {"spare": 2}, {"duplicated": 0}, {"noise": 0}, {"warp": 1}]
)
def test_a_corruption_of_no_degree_changes_nothing(untouched: dict[str, int]) -> None:
    np.testing.assert_array_equal(
        Synthetic.model_validate(untouched).draw(0).codes.values, Synthetic().draw(0).codes.values
    )


def test_what_a_corruption_does_not_touch_stays() -> None:
    perfect = Synthetic().draw(0).codes.values
    np.testing.assert_array_equal(Synthetic(dropped=2).draw(0).codes.values[:, 2:], perfect[:, 2:])
    np.testing.assert_array_equal(Synthetic(spare=6).draw(0).codes.values[:, :6], perfect)
    np.testing.assert_array_equal(Synthetic(duplicated=3).draw(0).codes.values[:, :6], perfect)
    assert set(np.unique(Synthetic(bins=5).draw(0).codes.values)) == {-2, -1, 0, 1, 2}


def test_correlated_factors_are_a_gaussian_copula() -> None:
    """The values of 4 and of 5 are rectangles of the plane, whose probability a bivariate normal gives."""
    factors = Synthetic(rows=100_000, correlation=0.7).draw(0).factors
    assert factors is not None
    pair = multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]])
    first, second = (norm.ppf(np.linspace(0, 1, size + 1)).clip(-9, 9) for size in (4, 5))
    below = np.array([[pair.cdf([x, y]) for y in second] for x in first])
    expected = np.diff(np.diff(below, axis=0), axis=1)
    found = np.zeros((4, 5))
    np.add.at(found, tuple(factors.values[:, :2].astype(int).T), 1 / len(factors))
    np.testing.assert_allclose(found, expected, atol=0.005)
    assert np.abs(np.corrcoef(factors.values, rowvar=False) - np.eye(4))[2:].max() < 0.02


@pytest.mark.parametrize("degrees", ANGLES)
def test_sap_by_regression_is_the_cosine_of_twice_the_angle(degrees: float) -> None:
    """Of independent standardized codes, R2 is cos2 of the angle in one code and sin2 in the other."""
    expected = np.cos(2 * np.radians(degrees)) / (1 + JITTER**2)
    assert score("sap/regression", mixing=degrees) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("deviations", LOUDNESS)
def test_sap_by_regression_is_the_share_of_the_signal(deviations: float) -> None:
    assert score("sap/regression", noise=deviations) == pytest.approx(1 / (1 + JITTER**2 + deviations**2), abs=0.03)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_information_is_lost_factor_by_factor(count: int) -> None:
    """The mean share that is held falls by a quarter for each factor without a code, and a gap for each with two."""
    assert score("mutual-information-matrix", dropped=count) == pytest.approx(1 - count / 4, abs=0.04)
    assert score("mig", duplicated=count) == pytest.approx(1 - count / 4, abs=0.05)


@pytest.mark.parametrize(("corruption", "levels"), [("mixing", ANGLES), ("noise", LOUDNESS)])
def test_mig_falls(corruption: str, levels: tuple[float, ...]) -> None:
    values = [score("mig", **{corruption: level}) for level in levels]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.9
    assert values[-1] < 0.05


def test_a_rotation_leaves_independent_codes_uncorrelated() -> None:
    assert score("gaussian-total-correlation", mixing=45) < 0.01


def test_a_factor_in_two_of_six_codes_is_four_tenths_compact() -> None:
    assert score("infomec", "infoc", mixing=45) == pytest.approx((1 / 2 - 1 / 6) / (1 - 1 / 6), abs=0.03)


@pytest.mark.slow
def test_dci_sees_noise_as_lost_information_and_a_rotation_as_entanglement() -> None:
    informativeness = [score("dci", "informativeness", noise=level) for level in (0, 1, 4)]
    assert informativeness == sorted(informativeness, reverse=True)
    disentanglement = [score("dci", "disentanglement", mixing=level) for level in (0, 20, 45)]
    assert disentanglement == sorted(disentanglement, reverse=True)
    assert disentanglement[-1] == pytest.approx(1 - np.log(2) / np.log(4), abs=0.05), "two factors of four in a code"


def test_a_change_of_what_is_drawn_raises_the_version() -> None:
    everything = Synthetic(rows=50, correlation=0.5, mixing=20, dropped=1, duplicated=2, noise=0.5, warp=2)
    drawn = everything.draw(3)
    assert drawn.factors is not None
    assert VERSION == 1
    assert drawn.factors.values[:5].tolist() == FACTORS
    np.testing.assert_allclose(drawn.codes.values[0], CODES, rtol=1e-6)
    np.testing.assert_array_equal(np.unique(Synthetic(bins=3).draw(0).codes.values), [-2, 0, 2])


FACTORS = [[3, 3, 4, 4], [1, 0, 3, 1], [1, 1, 0, 3], [1, 2, 1, 2], [0, 1, 0, 1]]
CODES = [0.307816183, 4.19824212, 0.33165292, 0.65515594, -1.22810397, 0.136687543, 0.0239156889, 2.0720074]
"""Of version 1."""

SUITE = """
name = "mine"
version = 1
seeds = [0, 1]
metrics = ["mig"]
baseline = "perfect"

[evaluation]
bootstrap = 0
levels = false

[entries]
perfect = { synthetic = {} }
mixed = { synthetic = { mixing = 30 } }
"""


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(SUITE)
    return path


def test_a_suite_scores_codes_that_are_drawn(suite_file: Path, engine: Inline) -> None:
    bench = Bench.open(str(suite_file), out=suite_file.parent / "results")
    table = bench.run(engine)
    assert engine.worked == ["perfect/seed-0", "mixed/seed-0", "perfect/seed-1", "mixed/seed-1"]
    assert table.entries["perfect"]["mig"].count == "2 of 2"
    assert table.entries["mixed"]["mig"].values[0] == pytest.approx(score("mig", mixing=30))
    [file] = bench.folder.path.glob("cells/mixed/seed-1-*/codes.npz")
    np.testing.assert_array_equal(db.Representation.load(file).codes.values, Synthetic(mixing=30).draw(1).codes.values)
    bench.run(engine)
    assert len(engine.worked) == 4


def test_cells_depend_on_what_is_set_and_on_the_seed_alone(suite_file: Path) -> None:
    def identities(text: str) -> set[str]:
        suite_file.write_text(text)
        return {cell.identity for cell in cells_of(read_suite(suite_file))}

    before = identities(SUITE)
    assert len(before) == 4
    assert before == identities(SUITE.replace("{ mixing = 30 }", "{ mixing = 30, noise = 0 }"))
    assert len(before & identities(SUITE.replace("{ mixing = 30 }", "{ mixing = 31 }"))) == 2
    assert before < identities(SUITE.replace("[0, 1]", "[0, 1, 2]"))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("mixing = 30", "mixng = 30", "entries.mixed.synthetic.mixng: there is no such key .did you mean 'mixing'?"),
        ("mixing = 30", "correlation = 1", "entries.mixed.synthetic.correlation: input should be less than 1"),
        ("mixing = 30", "dropped = 5", "entries.mixed.synthetic.dropped: input should be less than or equal to 4"),
        ("mixing = 30", "rows = 3", "entries.mixed.synthetic.rows: input should be greater than or equal to 50"),
        ("{ mixing = 30 }", "{}, dataset = 'digits'", "entries.mixed: settings and dataset belong to a recipe"),
        ("{ mixing = 30 }", "{}, recipe = 'infogan-digits'", "entries.mixed: an entry has either a recipe or"),
    ],
)
def test_what_cannot_be_drawn_is_named_with_its_key(suite_file: Path, before: str, after: str, said: str) -> None:
    suite_file.write_text(SUITE.replace(before, after))
    with pytest.raises(SettingError, match=said):
        read_suite(suite_file)


def test_the_suite_of_the_package_asks_every_metric_of_codes_and_factors_that_is_not_too_slow() -> None:
    shown = ("dci", "dci/lasso")  # the other slow variants are of forests, as DCI's own, and take hours
    needs_categories = ("c1-accuracy",)
    usable = {
        name
        for name, function in METRICS.usable().items()
        if set(info_of(function).needs) <= {"codes", "factors"}
        and name not in needs_categories
        and (not info_of(function).slow or name in shown)
    }
    assert set(find_suite("metric-response").metrics) == usable
