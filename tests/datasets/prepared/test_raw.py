from __future__ import annotations

import pickle
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from disentangle_bench.datasets.images import LazyImages
from disentangle_bench.datasets.prepared.raw import BinaryImages, RawImages, prepared_raw
from disentangle_bench.errors import DataError, StorageError

ARRAY = np.random.default_rng(0).integers(0, 256, size=(20, 3, 4, 8), dtype=np.uint8)
BINARY = (ARRAY > 128) * np.uint8(255)


@pytest.fixture(scope="module")
def lying(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[LazyImages, np.ndarray]]:
    folder = tmp_path_factory.mktemp("raw")
    for name, array in {"plain": ARRAY, "last": ARRAY.transpose(0, 2, 3, 1), "bits": np.packbits(BINARY, -1)}.items():
        (folder / name).write_bytes(b"header" + array.tobytes())
    return {
        "plain": (RawImages(folder / "plain", ARRAY.shape, 6), ARRAY),
        "last": (RawImages(folder / "last", ARRAY.shape, 6, channels_last=True), ARRAY),
        "bits": (BinaryImages(RawImages(folder / "bits", (20, 3, 4, 1), 6)), BINARY),
    }


@pytest.mark.parametrize("kind", ["plain", "last", "bits"])
@given(rows=st.lists(st.integers(-20, 19), max_size=30))
def test_rows_come_in_any_order_and_repeat(lying, kind: str, rows: list[int]) -> None:
    images, array = lying[kind]
    found = images[np.array(rows, dtype=int)]
    np.testing.assert_array_equal(found, array[np.array(rows, dtype=int)])
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous
    assert found.flags.writeable


@pytest.mark.parametrize("kind", ["plain", "last", "bits"])
def test_they_are_pickled_without_their_pixels(lying, kind: str) -> None:
    images, array = lying[kind]
    images[0]
    copy = pickle.dumps(images)
    assert len(copy) < 1000
    np.testing.assert_array_equal(pickle.loads(copy), array)


def test_a_file_that_is_too_short_is_reported(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(ARRAY.tobytes()[1:])
    with pytest.raises(DataError, match=r"short is truncated: 1,919 of 1,920 bytes"):
        RawImages(tmp_path / "short", ARRAY.shape)


def test_a_file_that_is_cut_meanwhile_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(ARRAY.tobytes())
    images = RawImages(path, ARRAY.shape)
    path.write_bytes(ARRAY.tobytes()[:500])
    np.testing.assert_array_equal(images[:5], ARRAY[:5])
    with pytest.raises(DataError, match="images became shorter since it was opened"):
        images[3:7]


def test_a_file_that_is_gone_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(ARRAY.tobytes())
    images = RawImages(path, ARRAY.shape)
    path.unlink()
    with pytest.raises(StorageError, match=r"Could not read .*images: No such file"):
        images[0]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list open files")
def test_files_are_closed_with_their_images(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(ARRAY.tobytes())
    images = RawImages(tmp_path / "images", ARRAY.shape)
    images[0]
    opened = {path.resolve() for path in Path("/proc/self/fd").iterdir()}
    assert tmp_path / "images" in opened
    del images
    assert tmp_path / "images" not in {path.resolve() for path in Path("/proc/self/fd").iterdir()}


def test_images_are_kept_as_npy(cache: Path) -> None:
    images = prepared_raw("shapes", {"version": 1}, ARRAY.shape, lambda: np.array_split(ARRAY, 3))
    np.testing.assert_array_equal(images, ARRAY)
    np.testing.assert_array_equal(np.load(images.path), ARRAY)
    again = prepared_raw("shapes", {"version": 1}, ARRAY.shape, lambda: pytest.fail("made twice"))
    np.testing.assert_array_equal(again, ARRAY)


@pytest.mark.parametrize("damage", [lambda kept: kept[:-1], lambda kept: b"", lambda kept: b"x" + kept[1:]])
def test_what_is_damaged_is_made_again(cache: Path, damage) -> None:
    path = prepared_raw("shapes", {}, ARRAY.shape, lambda: [ARRAY]).path
    path.write_bytes(damage(path.read_bytes()))
    np.testing.assert_array_equal(prepared_raw("shapes", {}, ARRAY.shape, lambda: [ARRAY]), ARRAY)


@pytest.mark.parametrize("made", [ARRAY[:19], ARRAY[:, :, :, :7]])
def test_other_images_than_promised_are_not_kept(cache: Path, made: np.ndarray) -> None:
    with pytest.raises(ValueError, match="were made instead of"):
        prepared_raw("shapes", {}, ARRAY.shape, lambda: [made])
    assert not list(cache.glob("*.npy"))
