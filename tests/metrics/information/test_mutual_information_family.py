"""The metrics of counts against disentanglement_lib, the review's program, closed forms and each other."""

from __future__ import annotations

import json
import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.metrics import (
    METRICS,
    dcimig,
    jemmig,
    modularity,
    mutual_information_gap,
    mutual_information_gap_supplement,
    mutual_information_matrix,
)
from disentangle_bench.metrics.metric import Score
from disentangle_bench.representation.variables import Variables
from tests.metrics.information.pairwise import entropies, pairwise_information

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = ("perfect", "noisy_linear", "rotated", "duplicated", "noise")
FAMILY = ("mig", "mig-sup", "jemmig", "dcimig", "modularity", "mutual-information-matrix")
SIZES = (3, 4, 5)


def golden(case):
    arrays = np.load(GOLDEN / f"{case}.npz")
    return arrays["codes"], arrays["factors"], json.loads((GOLDEN / f"{case}.json").read_text())


def headline(scores) -> Score:
    return scores if isinstance(scores, Score) else scores[""]


def grid(repeats: int = 2) -> np.ndarray:
    """Every combination of three factors, equally often: independent to the last digit."""
    return np.array(list(product(*map(range, SIZES))) * repeats)


def binary(flip: float) -> float:
    return -flip * math.log(flip) - (1 - flip) * math.log(1 - flip)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["mig", "modularity", "dcimig"])
def test_agrees_with_public_implementations(case, name):
    codes, factors, expected = golden(case)
    assert headline(METRICS.get(name)(codes, factors)).value == pytest.approx(expected[name], abs=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_the_matrix_agrees_with_disentanglement_lib(case):
    codes, factors, expected = golden(case)
    details = mutual_information_matrix(codes, factors)[""].details
    np.testing.assert_allclose(details["nats"], expected["mutual_information_nats"], atol=1e-9)
    np.testing.assert_allclose(details["factor_entropies"], expected["factor_entropy_nats"], atol=1e-9)


class TestJemmig:
    @pytest.mark.parametrize("case", ["perfect", "noisy_linear", "rotated", "noise"])
    def test_agrees_with_the_program_of_the_review(self, case):
        codes, factors, expected = golden(case)
        assert jemmig(codes, factors)[""].value == pytest.approx(expected["jemmig"], abs=1e-9)

    def test_ties_go_to_the_code_of_least_entropy(self):
        """Two codes tie for each factor; rounding decides which of them the review's program takes."""
        codes, factors, expected = golden("duplicated")
        shared = pairwise_information(codes, factors)
        of_codes = entropies(codes)
        per_factor = []
        for own, column in zip(entropies(factors), shared.T, strict=True):
            ties = np.flatnonzero(np.isclose(column, column.max(), atol=1e-9))
            assert len(ties) == 2
            joints = of_codes[ties] + own - column.max()
            per_factor.append(1 - joints / (own + math.log(20)))  # the gap is 0
        choices = [np.mean(choice) for choice in product(*per_factor)]
        assert min(abs(np.array(choices) - expected["jemmig"])) < 1e-9
        assert jemmig(codes, factors)[""].value == pytest.approx(max(choices), abs=1e-9)

    def test_a_code_equal_to_the_factor_has_0_nats(self):
        scores = jemmig(grid(), grid())
        assert scores["nats"].value == 0
        assert scores[""].value == 1

    def test_an_uninformative_code_reaches_the_maximum(self):
        factors = grid(5)
        codes = np.repeat(np.arange(5), len(grid(1)))  # independent of all factors
        scores = jemmig(np.column_stack([codes, codes]), factors)
        assert scores[""].value == pytest.approx(0, abs=1e-12)
        assert scores["nats"].value == pytest.approx(np.mean([math.log(5 * size) for size in SIZES]), abs=1e-12)

    def test_the_normalized_value_of_the_paper_is_one_minus_the_headline(self):
        codes, factors, _ = golden("noisy_linear")
        scores = jemmig(codes, factors)
        normalized = np.array(scores[""].details["nats"]) / (entropies(factors) + math.log(20))
        assert scores[""].value == pytest.approx(1 - normalized.mean(), abs=1e-12)
        assert scores["nats"].value == pytest.approx(np.mean(scores[""].details["nats"]), abs=1e-12)

    def test_the_categories_of_a_code_are_counted(self):
        """A code of 40 categories exceeds 20 bins; normalized by 20, the score could leave its bounds."""
        factor = np.tile(np.arange(2), 800)
        wide = np.repeat(np.arange(40), 40)
        scores = jemmig(np.column_stack([wide, wide[::-1]]), factor)
        assert scores["nats"].value == pytest.approx(math.log(2) + math.log(40), abs=1e-12)
        assert scores[""].value == pytest.approx(0, abs=1e-12)


class TestClosedForms:
    @pytest.mark.parametrize("name", FAMILY)
    def test_codes_equal_to_the_factors_score_1(self, name):
        assert headline(METRICS.get(name)(grid(), grid())).value == pytest.approx(1, abs=1e-12)

    def test_a_noisy_copy(self):
        """A binary factor through a channel that flips it: `I = ln 2 - h(flip)`; no other code shares any."""
        samples, flip = 1_000, 0.1
        factor = np.repeat([0, 1], samples // 2)
        flipped = np.tile(np.arange(samples // 2) < flip * samples / 2, 2)
        nuisance = np.tile([0, 1], samples // 2)
        codes = np.column_stack([factor ^ flipped, nuisance])
        known = math.log(2) - binary(flip)
        assert mutual_information_gap(codes, factor).value == pytest.approx(known / math.log(2), abs=1e-12)
        assert mutual_information_matrix(codes, factor)["nats"].value == pytest.approx(known, abs=1e-12)
        nats = 2 * math.log(2) - 2 * known  # H(c, v) = 2 ln 2 - I
        assert jemmig(codes, factor)["nats"].value == pytest.approx(nats, abs=1e-12)

    def test_a_factor_twice_has_no_gap(self):
        codes = np.column_stack([grid(), grid()])
        assert mutual_information_gap(codes, grid()).value == pytest.approx(0, abs=1e-12)
        assert mutual_information_gap_supplement(codes, grid()).value == pytest.approx(1, abs=1e-12)
        assert dcimig(codes, grid()).value == pytest.approx(1, abs=1e-12)

    def test_a_code_of_two_factors(self):
        """It determines both: a gap of 0 in shares, of `ln 4 - ln 3` in nats, credited to the larger factor."""
        factors = grid()[:, :2]
        both = factors[:, 0] * SIZES[1] + factors[:, 1]
        codes = np.column_stack([both, np.zeros(len(both))])
        assert mutual_information_gap_supplement(codes, factors).value == pytest.approx(0, abs=1e-12)
        assert mutual_information_gap(codes, factors).value == pytest.approx(1, abs=1e-12)
        credit = math.log(4) - math.log(3)
        assert dcimig(codes, factors).value == pytest.approx(credit / math.log(12), abs=1e-12)
        expected = 1 - (math.log(3) / math.log(4)) ** 2
        assert modularity(codes, factors).value == pytest.approx(expected, abs=1e-12)

    def test_mig_sup_divides_by_the_entropy_of_the_factor(self):
        """The review's program divides by `H(c)` instead, which gives less for a code of 15 values."""
        factors = grid()
        both = factors[:, 0] * SIZES[2] + factors[:, 2]  # determines f1 and f3, entropy ln 15
        score = mutual_information_gap_supplement(both, factors[:, :2])
        assert score.value == pytest.approx(1, abs=1e-12)
        by_code = math.log(3) / math.log(15)
        assert score.value != pytest.approx(by_code, abs=0.1)


class TestOddities:
    def test_dead_codes_are_left_out_of_modularity(self):
        codes, factors, expected = golden("noisy_linear")
        with_dead = np.column_stack([codes, np.zeros((len(codes), 2))])
        score = modularity(with_dead, factors)
        assert score.value == pytest.approx(expected["modularity"], abs=1e-9)
        assert score.details["codes_left_out"] == ["c7", "c8"]
        library = score.value * 6 / 8  # disentanglement_lib counts them as 0
        assert library == pytest.approx(np.append(score.details["modularities"], [0, 0]).mean(), abs=1e-12)

    def test_dead_codes_are_left_out_of_mig_sup(self):
        codes, factors, _ = golden("noisy_linear")
        with_dead = np.column_stack([codes, np.zeros(len(codes))])
        score = mutual_information_gap_supplement(with_dead, factors)
        assert score.value == mutual_information_gap_supplement(codes, factors).value
        assert score.details["constant_codes"] == ["c7"]

    @pytest.mark.parametrize("name", FAMILY)
    def test_constant_factors_are_left_out_and_named(self, name):
        codes, factors, _ = golden("noisy_linear")
        with_constant = np.column_stack([np.full(len(factors), 7), factors])
        score = headline(METRICS.get(name)(codes, with_constant))
        assert score.value == pytest.approx(headline(METRICS.get(name)(codes, factors)).value, abs=1e-12)
        assert score.details["constant_factors"] == ["f1"]

    @pytest.mark.parametrize("name", FAMILY)
    def test_nothing_varies(self, name):
        score = headline(METRICS.get(name)(np.zeros((8, 2)), np.ones((8, 2))))
        assert score.value is None
        assert score.reason == "no factor varies: f1, f2"

    @pytest.mark.parametrize("name", ["mig", "jemmig"])
    def test_one_code_has_no_gap(self, name):
        assert headline(METRICS.get(name)(grid()[:, 0], grid())).reason == "a gap needs two codes; there is one"

    @pytest.mark.parametrize("name", ["mig-sup", "dcimig", "modularity"])
    def test_one_factor_has_no_gap(self, name):
        assert "needs two" in headline(METRICS.get(name)(grid(), grid()[:, 0])).reason

    @pytest.mark.parametrize("name", ["mig-sup", "modularity"])
    def test_only_dead_codes(self, name):
        assert headline(METRICS.get(name)(np.zeros((120, 2)), grid())).value is None

    def test_a_category_is_one_code_and_an_angle_is_binned(self):
        rng = np.random.default_rng(0)
        category = rng.integers(0, 10, 2_000)
        angle = rng.uniform(0, 2 * np.pi, 2_000)
        codes = Variables.wrap(np.column_stack([category, np.sin(angle), np.cos(angle)]), names=["c", "s", "t"],
                               kinds=["categorical", "continuous", "continuous"])  # fmt: skip
        factors = Variables.wrap(np.column_stack([category, angle]), kinds=["categorical", "cyclic"], prefix="f")
        details = mutual_information_matrix(codes, factors)[""].details
        assert details["codes"] == ["c", "s", "t"]
        assert details["shares"][0][0] == pytest.approx(1)
        assert details["factor_entropies"][1] == pytest.approx(math.log(20), abs=0.02)
