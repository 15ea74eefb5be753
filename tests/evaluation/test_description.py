"""What was scored, as fields."""

import numpy as np

from disentangle_bench.evaluation.description import describe_samples
from disentangle_bench.representation.variables import Variables


def test_names_kinds_classes_and_constants():
    values = np.array([[0, 1.5, 2], [1, 2.5, 2], [2, 0.5, 2], [2, 0.5, 2]])
    factors = Variables.wrap(values, names=["shape", "x", "color"], kinds=["categorical", "continuous", "ordinal"])
    train = np.array([True, True, True, False])
    assert describe_samples(["c1", "c2"], ["continuous", "categorical"], factors, train) == {
        "codes": [{"name": "c1", "kind": "continuous"}, {"name": "c2", "kind": "categorical"}],
        "train": 3,
        "factors": [
            {"name": "shape", "kind": "categorical", "classes": 3, "constant": False},
            {"name": "x", "kind": "continuous", "classes": None, "constant": False},
            {"name": "color", "kind": "ordinal", "classes": 1, "constant": True},
        ],
    }


def test_a_continuous_factor_and_texts_may_be_constant():
    numbers = Variables.wrap(np.full((3, 1), 0.25), kinds=["continuous"])
    texts = Variables.wrap(np.array(["a", "a", "a"]))
    for factors in (numbers, texts):
        [factor] = describe_samples([], [], factors, None)["factors"]
        assert factor["constant"]


def test_without_factors_and_splits():
    assert describe_samples(["c1"], ["continuous"], None, None) == {"codes": [{"name": "c1", "kind": "continuous"}]}
