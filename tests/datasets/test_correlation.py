"""Factors are correlated by the published formula; a setting that cannot be meant is refused with one message."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from disentangle_bench.datasets import DATASETS
from disentangle_bench.datasets.correlation import Correlation, correlation_weights, parse_correlations
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.load import default_settings, load_dataset
from disentangle_bench.errors import DataError, DbenchError, SettingError, UnknownNameError

FACTORS = [Factor("hue", "cyclic", 10), Factor("shape", "categorical", 4), Factor("x", "ordinal", 32)]
FACTORS += [Factor("one", "categorical", 1), Factor("mass", "continuous")]
SMALL = {"size": 16, "orientations": 5, "positions": 6}


def parse(text: str) -> list[tuple[str, str, float]]:
    return [tuple(pair) for pair in parse_correlations(text, FACTORS, "mine")]


def test_one_pair_or_several_are_read() -> None:
    assert parse("hue:x=0.1") == [("hue", "x", 0.1)]
    assert parse(" hue : x = 0.1 , shape:x=4e-2,") == [("hue", "x", 0.1), ("shape", "x", 0.04)]
    assert parse("") == []
    assert str(Correlation("hue", "x", 0.1)) == "hue with x (sigma 0.1)"


def test_all_stands_for_each_other_factor_with_classes() -> None:
    assert parse("shape:all=0.2") == [("shape", "hue", 0.2), ("shape", "x", 0.2)]


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("hue", SettingError, "cannot be read at 'hue'.\nFACTOR:FACTOR=SIGMA"),
        ("hue:x", SettingError, "cannot be read at 'hue:x'"),
        ("hue=0.1", SettingError, "cannot be read at 'hue=0.1'"),
        ("hue:x=little", SettingError, "cannot be read at 'hue:x=little'"),
        ("hue:x=0.1,hue:shape", SettingError, "cannot be read at 'hue:shape'"),
        ("hue:x=0", SettingError, "a sigma of 0, .*\nGive 0.01 to 10"),
        ("hue:x=-1", SettingError, "a sigma of -1"),
        ("hue:x=nan", SettingError, "a sigma of nan"),
        ("hue:x=inf", SettingError, "a sigma of inf"),
        ("hue:hue=0.1", SettingError, "pairs 'hue' with itself"),
        ("hue:x=0.1,x:hue=0.2", SettingError, "has the pair x, hue twice"),
        ("x:all=0.1,x:hue=0.2", SettingError, "has the pair x, hue twice"),
        ("hue:y=0.1", UnknownNameError, "no factor of mine named 'y'"),
        ("all:hue=0.1", UnknownNameError, "no factor of mine named 'all'"),
        ("hue:one=0.1", DataError, "'one' of mine .*\nName factors with two or more classes: hue, shape, x."),
        ("mass:hue=0.1", DataError, "'mass' of mine"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, error: type[DbenchError], said: str) -> None:
    with pytest.raises(error, match=said):
        parse(text)


def test_weights_are_the_published_ones_of_every_combination() -> None:
    """Written out, factor by factor, for three of each class; relative to the likeliest."""
    sizes = {"hue": 10, "shape": 4, "x": 32}
    rows = list(itertools.product(*(range(size) for size in sizes.values()))) * 3
    classes = dict(zip(sizes, np.array(rows).T, strict=True))
    found = correlation_weights(parse_correlations("hue:x=0.1,shape:x=0.4", FACTORS, "mine"), classes, sizes)
    expected = [
        math.exp(-((hue / 9 - x / 31) ** 2) / (2 * 0.1**2)) * math.exp(-((shape / 3 - x / 31) ** 2) / (2 * 0.4**2))
        for hue, shape, x in rows
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_distribution_whose_values_are_all_tiny_does_not_vanish() -> None:
    far = {"hue": np.array([0, 1]), "x": np.array([31, 31])}
    found = correlation_weights([Correlation("hue", "x", 0.01)], far, {"hue": 10, "x": 32})
    assert found.max() == 1
    assert 0 < found[0] < found[1] or found[0] == 0


@pytest.mark.parametrize(("name", "pair"), [("sprites", "posX:scale=0.2"), ("heads3d", "azimuth:elevation=0.2")])
def test_images_factors_and_splits_are_those_of_the_uncorrelated_set(name: str, pair: str) -> None:
    settings = SMALL if name == "sprites" else {}
    plain, correlated = (load_dataset(name, settings=settings | more) for more in ({}, {"correlate": pair}))
    assert plain.training_weights() is None
    assert correlated.info == plain.info
    assert (correlated.train == plain.train).all()
    assert (correlated.factors.values == plain.factors.values).all()
    rows = np.array([0, 7, 11])
    assert (correlated.images[rows] == plain.images[rows]).all()
    drawn = [set_.ground_truth.sample(20, np.random.default_rng(0))[0] for set_ in (plain, correlated)]
    assert (drawn[0] == drawn[1]).all()
    weights = correlated.training_weights()
    assert len(weights) == plain.train.sum()
    assert weights.max() == 1
    assert weights.min() < 0.1


def test_sets_without_two_factors_with_classes_do_not_have_the_setting() -> None:
    having = {name for name in DATASETS if "correlate" in default_settings(DATASETS.get(name))}
    assert having >= {"sprites", "dsprites", "shapes3d", "mpi3d-toy", "cars3d", "smallnorb", "heads3d", "chairs3d"}
    assert having >= {"toyshapes3d", "arrays", "folder"}
    assert not having & {"digits", "mnist", "svhn"}
    with pytest.raises(DataError, match=r"'digit' of digits .*\ndigits has not two factors"):
        load_dataset("digits", settings={"correlate": "digit:all=0.1"})
    with pytest.raises(SettingError, match="correlate = 3 is not text"):
        load_dataset("sprites", settings={**SMALL, "correlate": 3})
