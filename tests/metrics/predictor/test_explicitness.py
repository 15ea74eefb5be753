"""Explicitness against disentanglement_lib and scikit-learn; kinds; factors and classes that are left out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics import METRICS
from disentangle_bench.metrics.predictor.areas import mean_area
from disentangle_bench.metrics.predictor.explicitness import COMPONENTS
from disentangle_bench.representation.variables import Variables

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz"))
N = 600
TRAIN = np.arange(N) % 3 > 0


def explicitness(codes, factors, train=TRAIN, **settings):
    return METRICS.get("explicitness")(codes, factors, train, **settings)


def draw(seed=0, classes=4):
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, classes, (N, 2))
    return factors @ rng.standard_normal((2, 3)) + rng.standard_normal((N, 3)), factors


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_disentanglement_lib(case):
    expected = json.loads((GOLDEN / f"{case}.json").read_text())["explicitness"]
    with np.load(GOLDEN / f"{case}.npz") as arrays:
        scores = explicitness(arrays["codes"], arrays["factors"], arrays["train"])
    assert list(scores) == list(COMPONENTS)
    assert {part: scores[part].value for part in expected} == pytest.approx(expected, abs=1e-6)


class TestArea:
    @settings(max_examples=30)
    @given(st.integers(0, 1000), st.integers(2, 5))
    def test_agrees_with_scikit_learn(self, seed, classes):
        rng = np.random.default_rng(seed)
        labels = np.concatenate([np.arange(classes), rng.integers(0, classes, 30)])
        probabilities = np.round(rng.random((len(labels), classes)), 1)  # some of them tie
        expected = np.mean([roc_auc_score(labels == k, probabilities[:, k]) for k in range(classes)])
        assert mean_area(probabilities, labels, np.arange(classes)) == pytest.approx(expected, abs=1e-12)

    def test_a_constant_probability_scores_a_half(self):
        assert mean_area(np.full((4, 2), 0.5), np.array([0, 0, 1, 1]), np.array([0, 1])) == 0.5

    def test_classes_without_samples_do_not_count(self):
        probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
        assert mean_area(probabilities, np.array([0, 1]), np.arange(3)) == 1
        assert mean_area(probabilities, np.array([1, 1]), np.arange(3)) is None


class TestMeaning:
    def test_separable_codes_score_1_and_constant_ones_a_half(self):
        factor = np.arange(N) // 3 % 2
        readable = explicitness(10.0 * factor[:, None] + np.sin(np.arange(N))[:, None], factor)
        assert [score.value for score in readable.values()] == [1, 1, 1]
        blind = explicitness(np.zeros((N, 1)), factor)
        assert [score.value for score in blind.values()] == [0.5, 0.5, 0]

    def test_rescaled_is_negative_where_the_ranking_is_worse_than_chance(self):
        rng = np.random.default_rng(0)
        scores = [explicitness(rng.standard_normal((N, 2)), rng.integers(0, 2, N)) for _ in range(6)]
        rescaled = [score["rescaled"].value for score in scores]
        assert min(rescaled) < 0 < max(rescaled)
        assert [2 * score["test"].value - 1 for score in scores] == rescaled
        assert scores[0]["rescaled"].bounds == (-1, 1)

    def test_hardly_changes_when_codes_are_rotated(self):
        codes, factors = draw()
        turn = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
        assert explicitness(codes @ turn, factors)["test"].value == pytest.approx(
            explicitness(codes, factors)["test"].value, abs=1e-4
        )


class TestKinds:
    def test_a_categorical_code_counts_as_indicators(self):
        names = np.random.default_rng(0).integers(0, 6, N)
        as_categories = Variables.wrap(names, kinds=["categorical"])
        assert explicitness(as_categories, names % 2)["test"].value == 1
        assert explicitness(names.astype(float), names % 2)["test"].value < 0.8

    def test_a_continuous_factor_is_binned(self):
        codes, factors = draw()
        moved = factors[:, 0] + 0.2 * np.sin(np.arange(N))
        continuous = explicitness(codes, Variables.wrap(moved, kinds=["continuous"]), num_bins=4)
        edges = np.histogram_bin_edges(moved, 4)
        assert continuous["test"].value == explicitness(codes, np.digitize(moved, edges[1:-1]))["test"].value

    def test_text_and_number_labels_score_the_same(self):
        codes, factors = draw()
        names = np.array(["delta", "alpha", "charlie", "bravo"])[factors]
        for part, score in explicitness(codes, names).items():
            assert score.value == pytest.approx(explicitness(codes, factors)[part].value, abs=1e-4)


class TestLeftOut:
    def test_constant_factors(self):
        codes, factors = draw()
        odd = np.column_stack([factors, np.ones(N, dtype=int), np.where(TRAIN, 0, factors[:, 0])])
        scores = explicitness(codes, odd)
        assert scores["test"].value == explicitness(codes, factors)["test"].value
        assert scores["test"].details["constant_factors"] == ["f3", "f4"]

    def test_nothing_to_classify(self):
        codes, factors = draw()
        for score in explicitness(codes, np.ones(N, dtype=int)).values():
            assert score.reason == "no factor varies: f1"
        for score in explicitness(codes, np.where(TRAIN, 0, factors[:, 0])).values():
            assert score.reason == "no factor varies on the train rows: f1"
        late = explicitness(codes, np.where(TRAIN, factors[:, 0], 0))
        assert late["test"].reason == late["rescaled"].reason == "no factor varies on the scored rows: f1"
        assert late["train"].value > 0.5

    def test_one_sample_per_class(self):
        codes = np.random.default_rng(0).standard_normal((30, 2))
        scores = explicitness(codes, np.arange(30), np.arange(30) % 3 > 0)
        assert scores["test"].reason == "no factor varies on the scored rows: f1"
        assert scores["train"].value > 0.5

    def test_too_few_bins(self):
        with pytest.raises(MetricError, match="num_bins is 1"):
            explicitness(*draw(), num_bins=1)


def test_scores_are_reproducible_without_a_mask():
    codes, factors = draw()
    assert explicitness(codes, factors, None) == explicitness(codes, factors, None)


class TestCeiling:
    def test_a_number_ranks_all_classes_perfectly_by_logits_that_are_linear_in_it(self):
        classes = np.arange(40)
        numbers = np.repeat(classes, 3)
        logits = 5.0 * (np.outer(numbers, classes) - classes**2 / 2)
        assert mean_area(softmax(logits, axis=1), numbers, classes) == 1

    def test_is_one_and_is_approached_as_the_penalty_counts_less(self):
        numbers = np.random.default_rng(0).integers(12, size=N)
        standardized = (numbers - numbers.mean()) / numbers.std()
        found = [explicitness((scale * standardized)[:, None], numbers) for scale in (0.1, 1, 10)]
        values = [scores["test"].value for scores in found]
        assert values == sorted(values)
        assert values[0] < 0.9
        assert 0.98 < values[-1] <= 1
        for scores in found:
            assert [scores[part].ceiling for part in COMPONENTS] == [1, 1, 1]
