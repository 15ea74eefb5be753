from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.rendering import drawn
from disentangle_bench.datasets.rendering.drawn import DrawnImages, checked_size, drawn_dataset
from disentangle_bench.errors import SettingError

FACTORS = (Factor.of("height", "ordinal", (0.5, 1.5)), Factor("kind", "categorical", 3))


class Numbered(DrawnImages):
    """Each image says its classes."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.drawn: list[tuple[int, ...]] = []

    def draw(self, classes: tuple[int, ...]) -> NDArray[np.uint8]:
        self.drawn.append(classes)
        return np.full(self.shape[1:], 10 * classes[0] + classes[1], np.uint8)


def test_images_follow_from_their_classes() -> None:
    images = Numbered(FACTORS, (1, 2, 2))
    assert images.shape == (6, 1, 2, 2)
    np.testing.assert_array_equal(images[:][:, 0, 0, 0], (0, 1, 2, 10, 11, 12))
    np.testing.assert_array_equal(images[[4, 0, 4]][:, 0, 1, 1], (11, 0, 11))
    assert images[np.zeros(6, bool)].shape == (0, 1, 2, 2)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(images))[:], images[:])


def test_images_are_drawn_once_and_those_of_a_copy_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    images = Numbered(FACTORS, (1, 2, 2))
    np.testing.assert_array_equal(images[[4, 0, 4]], images[[4, 0, 4]])
    assert images.kept
    assert images.drawn == [(0, 0), (1, 1)]
    images[:]
    assert len(images.drawn) == 6
    stored = pickle.dumps(images)
    assert len(stored) < 500
    pickle.loads(stored)[[5]]
    monkeypatch.setattr(drawn, "MOST_KEPT_BYTES", 23)
    many = Numbered(FACTORS, (1, 2, 2))
    many[[3]], many[[3]]
    assert not many.kept
    assert many.drawn == [(1, 0), (1, 0)]


def test_what_is_read_cannot_be_spoilt() -> None:
    images = Numbered(FACTORS, (1, 2, 2))
    images[[4]][:] = 99
    assert images[4].max() == 11


@pytest.mark.parametrize("size", [7, 257, -1])
def test_sizes_have_limits(size: int) -> None:
    with pytest.raises(SettingError, match=f"heads cannot be drawn at a size of {size}"):
        checked_size("heads", size)
    assert [checked_size("heads", size) for size in (8, 256)] == [8, 256]


def test_the_dataset_has_the_whole_grid() -> None:
    info = DatasetInfo("numbered", "Numbered", 6, (1, 2, 2), FACTORS, "MIT", "None.")
    dataset = drawn_dataset(info, Numbered(FACTORS, (1, 2, 2)))
    assert dataset.ground_truth.whole
    assert dataset.ground_truth.index([[1, 2]]) == [5]
    assert (~dataset.train).sum() == 1


def test_the_info_say_the_size_that_was_drawn() -> None:
    info = DatasetInfo("numbered", "Numbers, 2x2 grey", 6, (1, 2, 2), FACTORS, "MIT", "None.")
    drawn_info = drawn_dataset(info, Numbered(FACTORS, (1, 16, 16))).info
    assert (drawn_info.title, drawn_info.shape) == ("Numbers, 16x16 grey", (1, 16, 16))
    assert drawn_dataset(info, Numbered(FACTORS, (1, 2, 2))).info == info
