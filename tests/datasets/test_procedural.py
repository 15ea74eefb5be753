from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from disentangle_bench.datasets import procedural
from disentangle_bench.datasets.dataset import DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.heads3d import heads3d
from disentangle_bench.datasets.procedural import ProceduralImages, procedural_dataset
from disentangle_bench.errors import SettingError

FACTORS = (Factor.of("height", "ordinal", (0.5, 1.5)), Factor("kind", "categorical", 3))


DRAWN: list[tuple[int, ...]] = []


def draw(classes: tuple[int, ...], size: int = 2) -> NDArray[np.uint8]:
    """Each image shows its classes."""
    DRAWN.append(classes)
    return np.full((1, size, size), 10 * classes[0] + classes[1], np.uint8)


def numbered() -> ProceduralImages:
    DRAWN.clear()
    return ProceduralImages(FACTORS, (1, 2, 2), draw)


def test_images_follow_from_their_classes() -> None:
    images = numbered()
    assert images.shape == (6, 1, 2, 2)
    np.testing.assert_array_equal(images[:][:, 0, 0, 0], (0, 1, 2, 10, 11, 12))
    np.testing.assert_array_equal(images[[4, 0, 4]][:, 0, 1, 1], (11, 0, 11))
    assert images[np.zeros(6, bool)].shape == (0, 1, 2, 2)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(images))[:], images[:])


def test_images_are_drawn_once_and_those_of_a_copy_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    images = numbered()
    np.testing.assert_array_equal(images[[4, 0, 4]], images[[4, 0, 4]])
    assert images.kept
    assert DRAWN == [(0, 0), (1, 1)]
    images[:]
    assert len(DRAWN) == 6
    stored = pickle.dumps(images)
    assert len(stored) < 500
    pickle.loads(stored)[[5]]
    monkeypatch.setattr(procedural, "MOST_KEPT_BYTES", 23)
    many = numbered()
    many[[3]], many[[3]]
    assert not many.kept
    assert DRAWN == [(1, 0), (1, 0)]


def test_a_file_keeps_what_memory_would_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(procedural, "MOST_KEPT_BYTES", 0)
    DRAWN.clear()
    for _ in range(2):
        images = ProceduralImages(FACTORS, (1, 2, 2), draw, tmp_path / "drawn-2-a.images")
        np.testing.assert_array_equal(images[[4, 0, 4]][:, 0, 1, 1], (11, 0, 11))
        assert images.kept
    assert DRAWN == [(0, 0), (1, 1)]


def test_sets_of_gigabytes_are_drawn_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for most in ("MOST_KEPT_BYTES", "MOST_FILED_BYTES"):
        monkeypatch.setattr(procedural, most, 23)
    images = ProceduralImages(FACTORS, (1, 2, 2), draw, tmp_path / "drawn-2-a.images")
    DRAWN.clear()
    images[[3]], images[[3]]
    assert not images.kept
    assert DRAWN == [(1, 0), (1, 0)]
    assert not list(tmp_path.iterdir())


def test_without_a_cache_images_are_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    DRAWN.clear()
    images = ProceduralImages(FACTORS, (1, 2, 2), draw, tmp_path / "file" / "drawn-2-a.images")
    images[[4]], images[[4]]
    assert images.kept
    assert DRAWN == [(1, 1)]


def test_heads_are_kept_under_the_name_of_their_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path))
    images = heads3d.load(size=8).images
    first = images[[0, 7]]
    (file,) = (tmp_path / "datasets" / "heads3d").iterdir()
    assert file.stat().st_size == 8 * (4 + 64)
    monkeypatch.setattr(np, "__version__", "0")
    np.testing.assert_array_equal(heads3d.load(size=8).images[[0, 7]], first)
    assert not file.exists()
    assert len(list(file.parent.iterdir())) == 1


def test_what_is_read_cannot_be_spoilt() -> None:
    images = numbered()
    images[[4]][:] = 99
    assert images[4].max() == 11


def info() -> DatasetInfo:
    return DatasetInfo("numbered", "Numbers, 2x2 gray", 6, (1, 2, 2), FACTORS, "MIT", "None.", procedural=True)


@pytest.mark.parametrize("size", [7, 257, -1])
def test_sizes_have_limits(size: int) -> None:
    with pytest.raises(SettingError, match=f"size = {size} of the dataset 'numbered' is out of range") as caught:
        procedural_dataset(info(), size, draw)
    assert caught.value.remedy == "Choose from 8 to 256."


def test_the_dataset_has_the_whole_grid() -> None:
    dataset = procedural_dataset(info(), 8, partial(draw, size=8))
    assert dataset.ground_truth.whole
    assert dataset.ground_truth.index([[1, 2]]) == [5]
    assert (~dataset.train).sum() == 1


def test_the_info_states_the_size() -> None:
    found = procedural_dataset(info(), 16, partial(draw, size=16)).info
    assert (found.title, found.shape) == ("Numbers, 16x16 gray", (1, 16, 16))
