"""What was scored, as fields."""

import numpy as np

from disentangle_bench.datasets.factor import Factor
from disentangle_bench.evaluation.description import describe_samples, doubts, with_class_names
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


def test_classes_that_have_names_are_called_by_them():
    factors = Variables.wrap(np.array([[0, 1], [1, 0]]), names=["animal", "scale"])
    described = describe_samples(["c1"], ["continuous"], factors, None)
    declared = (Factor.of("animal", "categorical", ["cat", "dog"]), Factor.of("scale", "ordinal", [0.5, 1.0]))
    animal, scale = with_class_names(described, declared)["factors"]
    assert animal == {**described["factors"][0], "values": ["cat", "dog"]}
    assert scale == described["factors"][1]
    assert with_class_names(described, ())["factors"] == described["factors"]
    assert "factors" not in with_class_names(describe_samples(["c1"], ["continuous"], None, None), declared)


def test_a_continuous_factor_and_texts_may_be_constant():
    numbers = Variables.wrap(np.full((3, 1), 0.25), kinds=["continuous"])
    texts = Variables.wrap(np.array(["a", "a", "a"]))
    for factors in (numbers, texts):
        [factor] = describe_samples([], [], factors, None)["factors"]
        assert factor["constant"]


def test_without_factors_and_splits():
    assert describe_samples(["c1"], ["continuous"], None, None) == {"codes": [{"name": "c1", "kind": "continuous"}]}


def test_how_many_values_are_known():
    factors = Variables.wrap([0.0, np.nan, 1.0, 1.0], prefix="f")
    [factor] = describe_samples([], [], factors, None)["factors"]
    assert factor == {"name": "f1", "kind": "categorical", "classes": 2, "constant": False, "known": 3}


def test_factors_that_may_be_of_another_kind_are_named():
    rng = np.random.default_rng(0)
    few, row, x = rng.integers(0, 6, 900), np.arange(900), rng.random(900)
    values = np.stack([few, few, row, row, x], axis=1)
    names = ["declared", "classes", "row", "count", "x"]
    factors = Variables.wrap(
        values, names=names, kinds=["continuous", "categorical", "categorical", "continuous", "continuous"], prefix="f"
    )
    first, second = doubts(factors)
    assert first.startswith(
        "The factor 'declared' counts as continuous and has only 6 values, all of them whole numbers"
    )
    assert second.startswith("The factor 'row' counts as categorical and has 900 values in 900 samples.")
    assert not doubts(Variables.wrap(np.array(["a", "b", "c"]), prefix="f"))
