"""Labelings: contributions of samples, shuffles that keep margins, ceilings from class sizes."""

from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.predictor.labeling import Labeling
from disentangle_bench.representation import Representation

N = 600
TRAIN = np.arange(N) < 400


def labeling(categories: int = 4) -> Labeling:
    """A code of some categories that is right for about two thirds of the samples of four classes."""
    rng = np.random.default_rng(0)
    classes = np.arange(N) % 4
    code = np.where(rng.random(N) < 2 / 3, np.minimum(classes, categories - 1), rng.integers(0, categories, N))
    return Labeling.of(Representation.of(code, classes, TRAIN), "c1", "f1")


def test_splits_are_counted_apart():
    found = labeling()
    assert (found.train.sum(), found.test.sum()) == (400, 200)
    assert found.test_pairs.shape == (2, 200)


def test_contributions_average_to_the_values():
    found = labeling()
    values = found.values()
    for name, contributions in found.contributions().items():
        assert contributions.mean() == pytest.approx(values[name])


def test_resamples_scatter_around_the_values():
    found = labeling()
    resampled = found.resampled(500, np.random.default_rng(1))
    assert resampled["accuracy"].shape == (500,)
    assert resampled["accuracy"].mean() == pytest.approx(found.values()["accuracy"], abs=0.01)


def test_chance_of_even_classes_is_one_in_their_number():
    chance = labeling().chance(np.random.default_rng(2))
    assert chance["accuracy"] == pytest.approx(1 / 4, abs=0.03)
    assert "categories-used" not in chance


def test_ceilings_follow_from_class_sizes():
    ceilings = labeling(categories=3).ceilings(3)
    assert ceilings["accuracy"] == pytest.approx(3 / 4)
    assert ceilings["nmi"] is None
    assert labeling().ceilings(4)["nmi"] == 1


def test_factors_and_a_split_are_needed():
    with pytest.raises(MetricError, match="without factors and a training split"):
        Labeling.of(Representation.of(np.arange(N) % 4), "c1", "f1")
