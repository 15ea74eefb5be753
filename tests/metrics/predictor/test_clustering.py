"""c1-to-class accuracy: closed forms, leakage, odd labels, undefined cases."""

from __future__ import annotations

import json
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    adjusted_rand_score,
    completeness_score,
    confusion_matrix,
    homogeneity_score,
    normalized_mutual_info_score,
)

from disentangle_bench.errors import MetricError, RepresentationError, UnknownNameError
from disentangle_bench.latents import Categorical, LatentSpec, Uniform
from disentangle_bench.metrics.predictor.clustering import COMPONENTS, c1_accuracy, clustering_accuracy
from disentangle_bench.representation.variables import Variables

N = 3_000
TRAIN = np.arange(N) < 2 * N // 3


def digits(seed: int = 0, classes: int = 10, n: int = N) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, classes, n)


def noisy(labels: np.ndarray, flip: float, classes: int = 10, seed: int = 1) -> np.ndarray:
    """The labels, some replaced by random ones."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(len(labels)) < flip, rng.integers(0, classes, len(labels)), labels)


class TestClusteringAccuracy:
    @given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), min_size=1, max_size=40))
    def test_is_the_best_relabeling(self, pairs):
        """By brute force over every naming of the clusters that uses no class twice."""
        true, predicted = (np.array(column) for column in zip(*pairs, strict=True))
        names = permutations(["a", "b", "c", "nothing"])  # four clusters, three classes: one cluster stays unnamed
        best = max((np.array(naming)[predicted] == true).mean() for naming in names)
        assert clustering_accuracy(true, predicted) == pytest.approx(best)

    def test_is_perfect_under_renaming(self):
        labels = digits()
        assert clustering_accuracy(labels, (labels * 7 + 3) % 10) == 1

    def test_splitting_a_class_lowers_accuracy(self):
        assert clustering_accuracy(["a"] * 4, [0, 0, 1, 2]) == 0.5

    def test_no_labels(self):
        with pytest.raises(MetricError, match="no samples"):
            clustering_accuracy([], [])

    def test_unequal_lengths(self):
        with pytest.raises(MetricError, match="2 and 3 values"):
            clustering_accuracy([1, 2, 3], [1, 2])


class TestClosedForms:
    def test_perfect_and_renamed(self):
        labels = digits()
        scores = c1_accuracy((labels * 3 + 1) % 10, labels, TRAIN)
        assert list(scores) == list(COMPONENTS)
        assert [scores[part].value for part in COMPONENTS] == pytest.approx([1, 0, 1, 1, 1, 1, 1, 10])
        assert scores["accuracy"].ceiling == 1
        assert scores["error"].ceiling == 0
        assert 0.995 < scores["accuracy"].low < 1 == scores["accuracy"].high
        assert scores["error"].low == 0 < scores["error"].high < 0.005

    def test_noise_scores_chance(self):
        labels, codes = digits(), digits(seed=9)
        scores = c1_accuracy(codes, labels, TRAIN)
        for part in ("accuracy", "error", "many-to-one", "nmi", "ari", "homogeneity", "completeness"):
            score = scores[part]
            assert score.low <= score.chance <= score.high, part
        assert scores["accuracy"].chance == pytest.approx(0.1, abs=0.01)
        assert scores["ari"].chance == pytest.approx(0, abs=0.005)

    def test_a_known_share_of_noise(self):
        labels = digits(n=30_000)
        train = np.arange(30_000) < 10_000
        scores = c1_accuracy(noisy(labels, 0.4), labels, train)
        assert scores["accuracy"].value == pytest.approx(0.6 + 0.4 / 10, abs=0.01)
        assert scores["accuracy"].low < 0.64 < scores["accuracy"].high
        assert scores["error"].value == pytest.approx(1 - scores["accuracy"].value)

    def test_chance_of_unbalanced_classes_is_not_1_over_k(self):
        rng = np.random.default_rng(0)
        labels = rng.choice(2, N, p=[0.9, 0.1])
        scores = c1_accuracy(rng.integers(0, 2, N), labels, TRAIN)
        assert scores["accuracy"].chance == pytest.approx(0.5, abs=0.02)
        assert scores["many-to-one"].chance == pytest.approx(0.9, abs=0.02)

    @pytest.mark.parametrize("what", ["one category", "one class", "one of each"])
    def test_chance_is_the_score_if_shuffling_changes_nothing(self, what):
        labels, constant = digits(), np.zeros(N, dtype=int)
        codes = labels if what == "one class" else constant
        classes = labels if what == "one category" else constant
        scores = c1_accuracy(codes, classes, TRAIN)
        for part in COMPONENTS[:-1]:
            assert scores[part].chance == pytest.approx(scores[part].value, abs=1e-12), part

    def test_agrees_with_scikit_learn_on_the_test_split(self):
        labels = digits()
        codes = noisy(labels, 0.5)
        scores = c1_accuracy(codes, labels, TRAIN)
        details = scores["accuracy"].details
        assert scores["nmi"].value == pytest.approx(normalized_mutual_info_score(labels[~TRAIN], codes[~TRAIN]))
        assert scores["ari"].value == pytest.approx(adjusted_rand_score(labels[~TRAIN], codes[~TRAIN]))
        assert scores["homogeneity"].value == pytest.approx(homogeneity_score(labels[~TRAIN], codes[~TRAIN]))
        assert scores["completeness"].value == pytest.approx(completeness_score(labels[~TRAIN], codes[~TRAIN]))
        assert np.array_equal(details["confusion"], confusion_matrix(codes[~TRAIN], labels[~TRAIN]))


class TestSplits:
    def test_matching_ignores_test_labels(self):
        labels = digits()
        codes = noisy(labels, 0.3)
        honest = c1_accuracy(codes, labels, TRAIN)["accuracy"]
        for swapped in (9 - labels, np.zeros(N, dtype=int), labels + 100, digits(seed=5)):
            altered = c1_accuracy(codes, np.where(TRAIN, labels, swapped), TRAIN)["accuracy"]
            pairs = [zip(s.details["categories"], s.details["matching"], strict=True) for s in (honest, altered)]
            assert dict(pairs[0]) == dict(pairs[1])
            assert altered.details["train_accuracy"] == honest.details["train_accuracy"]
        assert altered.value < 0.2

    def test_matching_does_not_overfit_the_test_split(self):
        """Noise that is matched and scored on the same few samples beats chance; here it does not."""
        rng = np.random.default_rng(0)
        values = []
        for _ in range(12):
            codes, labels = rng.integers(0, 10, (2, 400))
            values.append(c1_accuracy(codes, labels, np.arange(400) < 300, bootstrap=2)["accuracy"].value)
        assert np.mean(values) == pytest.approx(0.1, abs=0.03)
        assert clustering_accuracy(labels[300:], codes[300:]) > 0.15

    def test_a_category_unseen_in_training_counts_as_wrong(self):
        labels = digits()
        codes = np.where(TRAIN, labels, 77)
        scores = c1_accuracy(codes, labels, TRAIN)
        assert scores["accuracy"].value == 0
        assert scores["many-to-one"].value == 0
        assert scores["accuracy"].details["matching"][-1] is None

    def test_samples_average_to_the_value(self):
        labels = digits()
        scores = c1_accuracy(noisy(labels, 0.3), labels, TRAIN)
        for part in ("accuracy", "error", "many-to-one"):
            assert scores[part].samples.shape == (N - TRAIN.sum(),)
            assert scores[part].samples.mean() == pytest.approx(scores[part].value)

    def test_pairing_names_the_test_labels(self):
        labels = digits()
        pairings = [c1_accuracy(noisy(labels, 0.3, seed=s), labels, TRAIN)["accuracy"].pairing for s in (1, 2)]
        assert pairings[0] == pairings[1]
        others = digits(seed=3)
        assert c1_accuracy(others, others, TRAIN)["accuracy"].pairing != pairings[0]


class TestOddLabels:
    def test_text_and_float_labels_score_the_same(self):
        labels = digits()
        codes = noisy(labels, 0.3)
        plain = c1_accuracy(codes, labels, TRAIN)
        words = np.array([f"digit {label}" for label in range(10)])
        for other_codes, other_labels in (
            (codes, words[labels]),
            (words[codes], labels),
            (codes, labels * 0.5 - 2),
            (codes + 100.0, labels),
            (words.astype(object)[codes], words.astype(object)[labels]),
        ):
            scores = c1_accuracy(other_codes, other_labels, TRAIN)
            assert {part: scores[part].value for part in COMPONENTS} == {part: plain[part].value for part in COMPONENTS}

    def test_details_name_the_classes_and_are_json(self):
        labels = digits(classes=3)
        details = c1_accuracy(labels, np.array(["cat", "dog", "ant"])[labels], TRAIN)["accuracy"].details
        assert details["classes"] == ["ant", "cat", "dog"]
        assert details["categories"] == [0, 1, 2]
        assert details["matching"] == ["cat", "dog", "ant"]
        assert json.loads(json.dumps(details)) == details

    def test_more_categories_than_classes(self):
        labels = digits(classes=5)
        codes = 2 * labels + np.random.default_rng(20).integers(0, 2, N)
        scores = c1_accuracy(codes, labels, TRAIN)
        assert scores["many-to-one"].value == 1
        assert scores["accuracy"].value == pytest.approx(0.5, abs=0.05)
        assert scores["accuracy"].details["matching"].count(None) == 5
        assert scores["accuracy"].ceiling == 1
        assert scores["categories-used"].value == 10

    def test_fewer_categories_than_classes(self):
        labels = digits()
        scores = c1_accuracy(np.minimum(labels, 3), labels, TRAIN)
        sizes = np.sort(np.bincount(labels[~TRAIN]))[::-1] / (~TRAIN).sum()
        assert scores["accuracy"].ceiling == pytest.approx(sizes[:4].sum())
        assert scores["error"].ceiling == pytest.approx(1 - sizes[:4].sum())
        assert scores["accuracy"].value <= scores["accuracy"].ceiling
        assert scores["nmi"].ceiling is None
        assert scores["homogeneity"].ceiling is None
        assert scores["completeness"].ceiling == 1

    def test_a_code_that_uses_few_of_its_categories(self):
        labels = digits()
        latents = LatentSpec(2, (Categorical(10), Uniform()))
        scores = c1_accuracy(np.minimum(labels, 3), labels, TRAIN, latents)
        assert scores["categories-used"].value == 4
        assert scores["categories-used"].ceiling == 10
        assert scores["accuracy"].ceiling == 1
        assert scores["accuracy"].details["effective_categories"] == pytest.approx(2.56, abs=0.1)

    def test_one_class_and_one_category(self):
        scores = c1_accuracy(np.zeros(10, dtype=int), ["x"] * 10, np.arange(10) < 5)
        assert scores["accuracy"].value == 1


class TestChoice:
    def test_the_best_code_on_the_training_split(self):
        labels = digits()
        codes = Variables.wrap(np.stack([noisy(labels, 0.8), noisy(labels, 0.2), digits(seed=4)], axis=1))
        details = c1_accuracy(codes, labels, TRAIN)["accuracy"].details
        assert details["code"] == "c2"
        assert list(details["codes"]) == ["c1", "c2", "c3"]
        alone = c1_accuracy(codes, labels, TRAIN, code="c1")
        assert details["codes"]["c1"]["accuracy"] == alone["accuracy"].value
        assert alone["accuracy"].details["code"] == "c1"

    def test_the_choice_of_code_ignores_the_test_split(self):
        labels = digits()
        good_in_training = np.where(TRAIN, labels, digits(seed=4))
        codes = np.stack([np.where(TRAIN, noisy(labels, 0.3), labels), good_in_training], axis=1)
        assert c1_accuracy(codes, labels, TRAIN)["accuracy"].details["code"] == "c2"

    def test_continuous_codes_are_left_out(self):
        labels = digits()
        values = np.stack([np.random.default_rng(0).standard_normal(N), noisy(labels, 0.3)], axis=1)
        codes = Variables.wrap(values, kinds=["continuous", "categorical"])
        assert list(c1_accuracy(codes, labels, TRAIN)["accuracy"].details["codes"]) == ["c2"]

    def test_a_plain_float_array_is_searched_for_recurring_values(self):
        labels = digits()
        codes = np.stack([noisy(labels, 0.3), np.random.default_rng(0).standard_normal(N)], axis=1)
        assert list(c1_accuracy(codes, labels, TRAIN)["accuracy"].details["codes"]) == ["c1"]

    def test_a_factor_by_name(self):
        labels = digits()
        factors = Variables.wrap(np.stack([digits(seed=2), labels], axis=1), names=["style", "digit"])
        by_default = c1_accuracy(labels, factors, TRAIN)["accuracy"]
        named = c1_accuracy(labels, factors, TRAIN, factor="digit")["accuracy"]
        assert by_default.details["factor"] == "style"
        assert named.value == 1

    @pytest.mark.parametrize(("setting", "name"), [("code", "c9"), ("factor", "digits")])
    def test_unknown_names(self, setting, name):
        with pytest.raises(UnknownNameError, match=f"There is no {setting} named {name!r}"):
            c1_accuracy(digits(), digits(), TRAIN, **{setting: name})


class TestUndefined:
    @pytest.mark.parametrize(
        ("codes", "factors", "train", "reason"),
        [
            (np.random.default_rng(0).standard_normal(N), digits(), TRAIN, "no code is categorical"),
            (np.zeros(N), digits(), TRAIN, "no code is categorical"),
            (digits(), np.random.default_rng(0).standard_normal(N), TRAIN, "no factor is categorical"),
            (digits(), None, TRAIN, "there are no factors"),
            (digits(), digits(), np.zeros(N, dtype=bool), "the training split is empty"),
            (digits(), digits(), np.ones(N, dtype=bool), "the test split is empty"),
        ],
    )
    def test_undefined_scores_have_a_reason(self, codes, factors, train, reason):
        scores = c1_accuracy(codes, factors, train)
        assert list(scores) == list(COMPONENTS)
        for score in scores.values():
            assert score.value is None
            assert score.reason.startswith(reason)


class TestSettings:
    def test_scores_are_reproducible_and_seeds_only_move_the_interval(self):
        labels = digits()
        codes = noisy(labels, 0.3)
        first, second, other = (c1_accuracy(codes, labels, TRAIN, seed=seed) for seed in (0, 0, 1))
        assert first == second
        assert first["accuracy"].value == other["accuracy"].value
        assert first["accuracy"].low != other["accuracy"].low

    def test_too_few_resamples(self):
        with pytest.raises(MetricError, match="bootstrap is 1"):
            c1_accuracy(digits(), digits(), TRAIN, bootstrap=1)

    def test_different_lengths(self):
        with pytest.raises(RepresentationError, match="'factors' has 10"):
            c1_accuracy(digits(), digits()[:10], TRAIN)

    def test_an_invalid_mask(self):
        with pytest.raises(RepresentationError, match="'train'"):
            c1_accuracy(digits(), digits(), np.arange(N))
