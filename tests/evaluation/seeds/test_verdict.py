"""Verdicts over several differences: Holm's correction by hand, and how often a wrong one is given."""

import numpy as np
import pytest
from scipy import stats

from disentangle_bench.evaluation.seeds import UNSHOWN, SeedDifference, judge, paired_seeds

RNG = np.random.default_rng


def of(value: float, p: float | None, **more: float) -> SeedDifference:
    return SeedDifference(value, p=p, **more)


def test_p_is_corrected_for_all_that_are_tested():
    judged = judge([of(1, 0.01), of(1, None), of(1, 0.02), of(1, 0.04)], ["higher"] * 4)
    assert [found.p for found in judged] == [pytest.approx(0.03), None, pytest.approx(0.04), pytest.approx(0.04)]
    assert [found.verdict for found in judged] == ["better", None, "better", "better"]
    judged = judge([of(1, 0.01), of(1, 0.03), of(1, 0.04)], ["higher"] * 3)
    assert [found.verdict for found in judged] == ["better", UNSHOWN, UNSHOWN]


@pytest.mark.parametrize(
    ("value", "better", "verdict"),
    [
        (0.1, "higher", "better"),
        (-0.1, "higher", "worse"),
        (0.1, "lower", "worse"),
        (-0.1, "lower", "better"),
        (0.1, "neither", "differs"),
        (0.0, "higher", UNSHOWN),
    ],
)
def test_the_direction_is_the_scores(value, better, verdict):
    [judged] = judge([of(value, 0.01)], [better])
    assert judged.verdict == verdict


def test_an_exact_test_that_could_agree_and_does_not_withholds_the_verdict():
    """Six seeds could reach 2/64; three could not go below 0.25, so their exact test says nothing."""
    exact = [of(1, 0.01, p_exact=0.06, smallest_p=2 / 64), of(1, 0.01, p_exact=0.25, smallest_p=0.25)]
    assert [judged.verdict for judged in judge(exact, ["higher"] * 2)] == [UNSHOWN, "better"]


def test_what_could_have_been_seen_is_that_of_the_corrected_test():
    """The level is 5 % over the number of tests that do not reach it."""
    shown, first, second = of(9, 1e-9), *(of(0.1, 0.5, standard_error=0.2, degrees=4.0) for _ in range(2))
    detectable = judge([shown, first, second], ["higher"] * 3)[1].detectable
    assert stats.nct.sf(stats.t.ppf(1 - 0.025 / 2, 4), 4, detectable / 0.2) == pytest.approx(0.8)
    [alone] = judge([first], ["higher"])
    assert alone.detectable == pytest.approx(paired_seeds_detectable(0.2, 4))
    assert alone.detectable < detectable


def paired_seeds_detectable(standard_error: float, degrees: float) -> float | None:
    return SeedDifference(0.0, standard_error=standard_error, degrees=degrees).detectable


def test_one_table_in_twenty_at_most_has_a_wrong_verdict():
    rng, wrong = RNG(0), 0
    for _ in range(200):
        differences = [paired_seeds(*rng.normal(size=(2, 5))) for _ in range(6)]
        wrong += any(judged.verdict != UNSHOWN for judged in judge(differences, ["higher"] * 6))
    assert wrong / 200 < 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5
