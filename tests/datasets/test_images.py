from __future__ import annotations

import pickle
from pathlib import Path

import h5py
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from disentangle_bench.datasets.formats.hdf5 import StoredImages
from disentangle_bench.datasets.images import Images, LazyImages, SomeImages, block_of, in_batches
from disentangle_bench.errors import DataError

ARRAY = np.random.default_rng(0).integers(0, 256, size=(20, 3, 4, 5), dtype=np.uint8)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LazyImages]:
    path = tmp_path_factory.mktemp("images") / "images.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=ARRAY, chunks=(8, 3, 4, 5), compression="gzip")
        file.create_dataset("last", data=ARRAY.transpose(0, 2, 3, 1))
    return {
        "stored": StoredImages(path),
        "channels last": StoredImages(path, "last", channels_last=True),
        "some": SomeImages(StoredImages(path), np.arange(20)),
    }


KINDS = ["stored", "channels last", "some"]


@pytest.mark.parametrize("kind", KINDS)
@given(rows=st.lists(st.integers(-20, 19), max_size=30))
def test_rows_come_in_any_order_and_repeat(stored: dict[str, LazyImages], kind: str, rows: list[int]) -> None:
    found = stored[kind][np.array(rows, dtype=int)]
    np.testing.assert_array_equal(found, ARRAY[np.array(rows, dtype=int)])
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_indexed_as_an_array_is(stored: dict[str, LazyImages], kind: str) -> None:
    images: Images = stored[kind]
    assert images.shape == ARRAY.shape
    assert images.dtype == np.uint8
    assert len(images) == 20
    mask = np.arange(20) % 3 == 0
    for index in (
        slice(None),
        slice(3, 9),
        slice(-4, None),
        slice(15, 2, -3),
        slice(5, 5),
        mask,
        4,
        -1,
        [],
        np.array(3),
    ):
        np.testing.assert_array_equal(images[index], ARRAY[index])
    np.testing.assert_array_equal(np.asarray(images), ARRAY)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_out_of_range_is_refused(stored: dict[str, LazyImages], kind: str) -> None:
    for index in (20, [0, -21], np.ones(19, dtype=bool), True):
        with pytest.raises(IndexError):
            stored[kind][index]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_row_is_refused(stored: dict[str, LazyImages], kind: str) -> None:
    for index in (1.5, [1.5], [1.0], (0, 0), (slice(2), 0), [[0, 1]], None, ..., "1", ["1"]):
        with pytest.raises(IndexError, match="images are indexed by"):
            stored[kind][index]


@pytest.mark.parametrize("kind", KINDS)
def test_they_can_be_sent_to_another_process_after_use(stored: dict[str, LazyImages], kind: str) -> None:
    stored[kind][:2]
    again = pickle.loads(pickle.dumps(stored[kind]))
    np.testing.assert_array_equal(again[5:7], ARRAY[5:7])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [None, 1, 7, 20, 100])
def test_batches_are_all_of_them_in_order(stored: dict[str, LazyImages], kind: str, size: int | None) -> None:
    np.testing.assert_array_equal(np.concatenate(list(in_batches(stored[kind], size))), ARRAY)


def test_some_images_of_others_are_in_an_order_of_their_own(stored: dict[str, LazyImages]) -> None:
    some = SomeImages(stored["stored"], np.array([7, 3, 19]))
    np.testing.assert_array_equal(some[[2, 0]], ARRAY[[19, 7]])
    assert some.shape == (3, 3, 4, 5)
    assert block_of(some) == 8


def test_the_block_is_the_chunk_of_the_file(stored: dict[str, LazyImages]) -> None:
    assert block_of(stored["stored"]) == 8
    assert block_of(stored["channels last"]) == block_of(ARRAY) == 1


@pytest.mark.parametrize(
    ("key", "values", "message"),
    [
        ("other", ARRAY, "as 'images'; it holds none"),
        ("images", ARRAY[0, 0], r"it holds \(4, 5\) uint8"),
        ("images", ARRAY.astype(float), r"it holds \(20, 3, 4, 5\) float64"),
    ],
)
def test_another_array_is_reported(tmp_path: Path, key: str, values: np.ndarray, message: str) -> None:
    with h5py.File(tmp_path / "mine.h5", "w") as file:
        file[key] = values
    with pytest.raises(DataError, match=message):
        StoredImages(tmp_path / "mine.h5")


def test_gray_images_need_no_axis_of_channels(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "gray.h5", "w") as file:
        file["images"] = ARRAY[:, 0]
    for channels_last in (False, True):
        images = StoredImages(tmp_path / "gray.h5", channels_last=channels_last)
        np.testing.assert_array_equal(images[[3, 0, 3]], ARRAY[[3, 0, 3], :1])


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "images.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=np.tile(ARRAY, (50, 1, 4, 4)), chunks=(8, 3, 16, 20), compression="gzip")
    whole = path.read_bytes()
    images = StoredImages(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="not a readable HDF5 file"):
        StoredImages(path)
    path.write_bytes(whole[:2000] + bytes(len(whole) - 2000))
    with pytest.raises(DataError, match="not a readable HDF5 file"):
        images[500:700]
