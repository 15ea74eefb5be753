"""Samples of a dataset: one row a factor, everything else fixed, or what comes nearest to that."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.datasets import Dataset, DatasetInfo, Factor
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.reports.figures.dataset_samples import base_classes, choose_samples, spread
from disentangle_bench.representation.variables import Variables

SHAPE = Factor.of("shape", "categorical", ["square", "ellipse", "heart"])
ANGLE = Factor("angle", "cyclic", 12)
SCALE = Factor.of("scale", "ordinal", [0.5, 0.75, 1.0])
FACTORS = (SHAPE, ANGLE, SCALE)


def numbered(values, factors, labels=None) -> Dataset:
    """A dataset whose images tell their rows: `(n, 1, 1, 4)`, four bytes of the number."""
    values = np.asarray(values)
    images = np.arange(len(values), dtype="<u4").view(np.uint8).reshape(-1, 1, 1, 4)
    names, kinds = [factor.name for factor in factors], [factor.kind for factor in factors]
    variables = Variables.wrap(values, names=names, kinds=kinds) if factors else None
    info = DatasetInfo(
        name="numbered", title="Numbered", images=len(values), shape=(1, 1, 4), factors=tuple(factors),
        license="MIT", citation="None.", labels=labels,
    )  # fmt: skip
    return Dataset(info, images, variables, np.arange(len(values)) % 2 == 0)


def rows_of(row):
    return np.ascontiguousarray(row.images).view("<u4").ravel()


def test_each_row_of_a_whole_grid_moves_one_factor_alone():
    classes = grid(FACTORS)
    samples = choose_samples(numbered(classes, FACTORS, labels="shape"))
    assert [row.name for row in samples.rows] == ["shape", "angle", "scale"]
    for column, row in enumerate(samples.rows):
        shown = classes[rows_of(row)]
        np.testing.assert_array_equal(shown[:, column], spread(FACTORS[column]))
        others = np.delete(shown, column, axis=1)
        np.testing.assert_array_equal(others, np.broadcast_to(np.delete([2, 1, 1], column), others.shape))
    assert samples.rows[0].values == ("square", "ellipse", "heart")
    assert samples.rows[2].values == ("0.5", "0.75", "1")
    assert samples.rows[1].note == "cyclic, 12 classes"
    assert samples.held == "Each row moves one factor; the others stay at shape heart, angle 1, scale 0.75."


def test_a_factor_of_one_class_has_no_row():
    factors = (Factor.of("color", "categorical", ["white"]), SCALE)
    assert [row.name for row in choose_samples(numbered(grid(factors), factors)).rows] == ["scale"]


@pytest.mark.parametrize("images", [1, 2])
def test_images_are_shown_even_if_no_factor_has_two_classes(images):
    factors = (Factor.of("color", "categorical", ["white"]), Factor.of("scale", "ordinal", [1.0]))
    (row,) = choose_samples(numbered(np.zeros((images, 2), dtype=np.int64), factors, labels="color")).rows
    assert rows_of(row).tolist() == list(range(images))
    assert row.note == f"of {images}"


@given(kept=st.sets(st.integers(0, 107), min_size=20), seed=st.integers(0, 99))
def test_where_a_grid_has_gaps_the_nearest_image_stands_in(kept, seed):
    classes = np.random.default_rng(seed).permutation(grid(FACTORS)[sorted(kept)])
    samples = choose_samples(numbered(classes, FACTORS))
    base = base_classes(FACTORS)
    for row in samples.rows:
        column = [factor.name for factor in FACTORS].index(row.name)
        shown = classes[rows_of(row)]
        expected = [number for number in spread(FACTORS[column]) if number in classes[:, column]]
        np.testing.assert_array_equal(shown[:, column], expected)
        for image in shown:
            exact = (np.delete(classes, column, axis=1) == np.delete(base, column)).all(axis=1)
            if (exact & (classes[:, column] == image[column])).any() and (classes == base).all(axis=1).any():
                np.testing.assert_array_equal(np.delete(image, column), np.delete(base, column))
    assert samples.held.endswith("nearest to it among the images that there are.") == (len(kept) < 108)


def test_the_ends_of_a_circle_are_neighbors():
    shown = choose_samples(numbered([[2, 11, 1], [2, 5, 1], [0, 0, 0], [1, 3, 2]], FACTORS))
    held = "the others stay at shape heart, angle 11, scale 0.75"
    assert held in shown.held


def test_factors_of_the_same_values_are_held_at_different_ones():
    hue = tuple(number / 10 for number in range(10))
    hues = [Factor.of(name, "ordinal", hue) for name in ("floor", "wall", "object")]
    assert base_classes(hues).tolist() == [5, 7, 2]
    assert base_classes(hues[:2]).tolist() == [5, 5]
    assert base_classes([Factor(name, "ordinal", 10) for name in "abc"]).tolist() == [5, 5, 5]


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (Factor("a", "ordinal", 3), [0, 1, 2]),
        (Factor("a", "ordinal", 19), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]),
        (Factor("a", "cyclic", 40), [0, 4, 8, 12, 16, 20, 24, 28, 32, 36]),
        (Factor("a", "cyclic", 5), [0, 1, 2, 3, 4]),
        (Factor("a", "cyclic", 36), list(range(0, 36, 3))),
        (Factor("a", "ordinal", 12), list(range(12))),
        (Factor("a", "ordinal", 15), [0, 2, 4, 6, 8, 10, 12, 14]),
        (Factor("a", "ordinal", 21), list(range(0, 21, 2))),
        (Factor("a", "ordinal", 32), [0, 3, 7, 10, 14, 17, 21, 24, 28, 31]),
    ],
)
def test_classes_are_spread_evenly_and_no_circle_shows_its_ends_twice(factor, expected):
    assert spread(factor).tolist() == expected


def test_a_label_has_a_row_for_each_class():
    labels = np.arange(300) % 3
    samples = choose_samples(numbered(labels[:, None], [SHAPE], labels="shape"))
    assert [row.name for row in samples.rows] == ["shape square", "shape ellipse", "shape heart"]
    assert {row.note for row in samples.rows} == {"100 images"}
    for number, row in enumerate(samples.rows):
        assert len(set(rows_of(row))) == 10
        assert set(labels[rows_of(row)]) == {number}


def test_few_images_of_a_class_are_all_shown_and_many_classes_are_not():
    labels = np.repeat(np.arange(50), 3)
    samples = choose_samples(numbered(labels[:, None], [Factor("who", "categorical", 50)], labels="who"))
    assert len(samples.rows) == 20
    assert (samples.rows[0].name, samples.rows[-1].name) == ("who 0", "who 49")
    assert rows_of(samples.rows[0]).tolist() == [0, 1, 2]


def test_what_was_measured_goes_from_low_to_high_within_one_class():
    rng = np.random.default_rng(0)
    values = np.stack([rng.integers(0, 3, 600), rng.normal(size=600), rng.integers(0, 2, 600)], axis=1)
    factors = [SHAPE, Factor("slant", "continuous", measured=True), Factor.of("bold", "categorical", ["no", "yes"])]
    *_, slant, bold = choose_samples(numbered(values, factors, labels="shape")).rows
    assert slant.note == "continuous, measured\nshape heart"
    shown = values[rows_of(slant)]
    assert len(shown) == 10
    assert (np.diff(shown[:, 1]) > 0).all()
    assert set(shown[:, 0]) == {2.0}
    assert shown[0, 1] == pytest.approx(np.quantile(values[values[:, 0] == 2, 1], 0.05), abs=0.05)
    assert slant.values[0] == f"{shown[0, 1]:.3g}"
    assert bold.values == ("no",) * 5 + ("yes",) * 5
    assert values[rows_of(bold), 2].tolist() == [0] * 5 + [1] * 5


def test_many_attributes_are_no_grid():
    attributes = np.random.default_rng(0).integers(0, 2, (500, 30))
    factors = [Factor(f"a{number}", "categorical", 2) for number in range(30)]
    samples = choose_samples(numbered(attributes, factors))
    assert len(samples.rows) == 30
    assert samples.held == ""
    for number, row in enumerate(samples.rows):
        assert attributes[rows_of(row), number].tolist() == [0] * 5 + [1] * 5


def test_images_without_factors_are_shown_evenly():
    samples = choose_samples(numbered(np.zeros((1000, 1)), []))
    assert [len(row.images) for row in samples.rows] == [10, 10, 10]
    assert np.concatenate([rows_of(row) for row in samples.rows])[[0, 15, -1]].tolist() == [16, 516, 983]
    assert (samples.rows[0].name, samples.rows[0].note) == ("rows 16 to 316", "of 1,000")
    few = choose_samples(numbered(np.zeros((4, 1)), []))
    assert [rows_of(row).tolist() for row in few.rows] == [[0, 1, 2, 3]]


def test_the_same_dataset_gives_the_same_samples():
    dataset = numbered(grid(FACTORS), FACTORS)
    for one, other in zip(choose_samples(dataset).rows, choose_samples(dataset).rows, strict=True):
        np.testing.assert_array_equal(one.images, other.images)


def test_classes_without_images_are_passed_over():
    values = [[number % 2, number % 3 * 2] for number in range(60)]
    dataset = numbered(values, [SHAPE, Factor("turn", "ordinal", 6)], labels="shape")
    square, ellipse, turn = choose_samples(dataset).rows
    assert (square.name, ellipse.name) == ("shape square", "shape ellipse")
    assert turn.note == "ordinal, 6 classes\nshape ellipse"
    assert turn.values == ("0", "2", "4")
