"""SAP against disentanglement_lib, scikit-learn and closed forms; kinds; factors that are left out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.svm import LinearSVC

from disentangle_bench.metrics import METRICS
from disentangle_bench.representation.variables import Variables

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz"))
N = 900
TRAIN = np.arange(N) % 3 > 0


def golden(case):
    with np.load(GOLDEN / f"{case}.npz") as arrays:
        return {name: arrays[name] for name in ("codes", "factors", "train")}, json.loads(
            (GOLDEN / f"{case}.json").read_text()
        )


def sap(codes, factors, train=TRAIN, **settings):
    return METRICS.get("sap")(codes, factors, train, **settings)


def regression(codes, factors, train=TRAIN, **settings):
    return METRICS.get("sap/regression")(codes, factors, train, **settings)


def draw(seed=0, d=3, k=2, classes=4):
    """Codes that depend on the factors, with noise."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, classes, (N, k))
    return factors @ rng.standard_normal((k, d)) + 0.5 * rng.standard_normal((N, d)), factors


@pytest.mark.parametrize("name", ["sap", "sap/regression"])
@pytest.mark.parametrize("case", CASES)
def test_agrees_with_disentanglement_lib(case, name):
    arrays, expected = golden(case)
    assert METRICS.get(name)(**arrays).value == pytest.approx(expected[name], abs=1e-9)


def test_the_scores_are_accuracies_of_linear_support_vector_machines():
    codes, factors = draw()
    scores = sap(codes, factors).details["scores"]
    for i, code in enumerate(codes.T):
        for j, factor in enumerate(factors.T):
            machine = LinearSVC(C=0.01, class_weight="balanced", dual=False).fit(code[TRAIN, None], factor[TRAIN])
            assert scores[i][j] == machine.score(code[~TRAIN, None], factor[~TRAIN])


class TestClosedForms:
    def test_a_code_equal_to_a_binary_factor_leads_by_a_half(self):
        factor = np.arange(N) % 2
        score = sap(np.column_stack([2.0 * factor - 1, np.zeros(N)]), factor)
        assert score.details["scores"] == [[1.0], [0.5]]
        assert score.value == 0.5

    def test_squared_correlations(self):
        codes, factors = draw()
        table = np.corrcoef(np.column_stack([codes, factors])[TRAIN].T)[:3, 3:] ** 2
        second, best = np.sort(table, axis=0)[-2:]
        score = regression(codes, factors)
        np.testing.assert_allclose(score.details["scores"], table, rtol=0, atol=1e-12)
        assert score.value == pytest.approx((best - second).mean(), abs=1e-12)

    def test_a_duplicate_leaves_no_gap(self):
        codes, factors = draw()
        for function in (sap, regression):
            assert function(np.column_stack([codes, codes]), factors).value == 0

    def test_the_best_code_is_named(self):
        codes, factors = draw()
        ordered = np.column_stack([codes[:, 2] * 0, factors[:, 0] * 4.0 - 6, factors[:, 1] * 4.0 - 6])
        assert regression(ordered, factors).details["best_codes"] == {"f1": "c2", "f2": "c3"}


class TestKinds:
    def test_a_continuous_factor_is_regressed(self):
        codes, factors = draw()
        mixed = Variables.wrap(factors.astype(float), kinds=["continuous", "ordinal"], prefix="f")
        gaps, by_class = sap(codes, mixed).details["gaps"], sap(codes, factors).details["gaps"]
        assert gaps["f1"] == regression(codes, factors).details["gaps"]["f1"]
        assert gaps["f2"] == by_class["f2"]

    def test_a_cyclic_factor_of_angles_is_regressed_as_a_point_on_the_circle(self):
        angle = np.random.default_rng(0).uniform(0, 2 * np.pi, N)
        factor = Variables.wrap(angle, kinds=["cyclic"], prefix="f")
        score = sap(np.column_stack([np.cos(angle), np.zeros(N)]), factor)
        cosine, sine = np.cos(angle)[TRAIN, None], np.sin(angle)[TRAIN]
        of_sine = LinearRegression().fit(cosine, sine).score(cosine, sine)
        share = (np.var(cosine) + of_sine * np.var(sine)) / (np.var(cosine) + np.var(sine))
        assert score.value == pytest.approx(share, abs=1e-12)
        assert regression(np.column_stack([np.cos(angle), np.zeros(N)]), factor).value == score.value

    def test_a_cyclic_factor_of_whole_numbers_is_classified(self):
        codes, factors = draw()
        cyclic = Variables.wrap(factors, kinds=["cyclic", "cyclic"], prefix="f")
        assert sap(codes, cyclic).value == sap(codes, factors).value

    def test_a_categorical_code_is_one_code(self):
        codes, factors = draw()
        names = np.array([7, 2, 9, 4])[factors[:, 0]]
        mixed = Variables.wrap(np.column_stack([names, codes]), kinds=["categorical", *["continuous"] * 3])
        for function in (sap, regression):
            scores = np.array(function(mixed, factors).details["scores"])
            assert scores.shape == (4, 2)
            assert scores[0, 0] == pytest.approx(1)
            assert scores[1:].tolist() == function(codes, factors).details["scores"]

    def test_a_cyclic_code_joins_the_ends_of_its_range(self):
        factor = np.random.default_rng(0).integers(0, 8, N)
        ring = Variables.wrap(np.column_stack([factor, factor]), kinds=["cyclic", "continuous"])
        scores = sap(ring, factor).details["scores"]
        assert scores[0][0] > scores[1][0] + 0.3

    def test_text_labels_are_classes_and_not_numbers(self):
        codes, factors = draw()
        names = np.array(["delta", "alpha", "charlie", "bravo"])[factors]
        assert sap(codes, names).value == pytest.approx(sap(codes, factors).value, abs=1e-12)
        assert regression(codes, names).reason == "the factors are text, not numbers"


class TestLeftOut:
    def test_constant_factors(self):
        codes, factors = draw()
        late = np.where(TRAIN, 0, factors[:, 0])
        score = sap(codes, np.column_stack([factors, np.ones(N, dtype=int), late]))
        assert score.value == sap(codes, factors).value
        assert score.details["constant_factors"] == ["f3", "f4"]

    @pytest.mark.parametrize("function", [sap, regression])
    def test_nothing_to_predict(self, function):
        codes, factors = draw()
        assert function(codes, np.ones(N, dtype=int)).reason == "no factor varies: f1"
        late = np.where(TRAIN, 0, factors[:, 0])
        assert function(codes, late).reason == "no factor varies on the train rows: f1"

    @pytest.mark.parametrize("function", [sap, regression])
    def test_one_code_has_no_gap(self, function):
        codes, factors = draw()
        assert function(codes[:, :1], factors).reason == "there is one code, and no second best"

    @pytest.mark.parametrize("function", [sap, regression])
    def test_constant_codes_have_no_gap(self, function):
        factors = draw()[1]
        assert function(np.full((N, 2), 0.1), factors).value == 0

    def test_a_class_unseen_in_training_counts_as_wrong(self):
        factor = np.where(TRAIN, np.arange(N) % 2, 2)
        assert sap(np.column_stack([factor, factor * 2.0]), factor).details["scores"] == [[0.0], [0.0]]

    def test_one_sample_per_class(self):
        codes = np.random.default_rng(0).standard_normal((30, 2))
        score = sap(codes, np.arange(30), np.arange(30) % 3 > 0)
        assert score.value == 0
        assert regression(codes, np.arange(30), np.arange(30) % 3 > 0).value > 0


@pytest.mark.parametrize("function", [sap, regression])
def test_a_seed_draws_the_rows(function):
    codes, factors = draw()
    first, again, other = (function(codes, factors, None, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first.value != other.value
