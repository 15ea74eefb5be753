from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from disentangle_bench.datasets.formats.matlab_stream import MatlabArray
from disentangle_bench.errors import DataError, StorageError

PIXELS = np.random.default_rng(0).integers(256, size=(4, 5, 3, 20), dtype=np.uint8)


def put(path: Path, compressed: bool = True, **arrays: object) -> Path:
    savemat(path, {"before": np.arange(9.0), "X": PIXELS, "y": np.ones((20, 1)), **arrays}, do_compression=compressed)
    return path


def read(path: Path, rows: int = 6) -> np.ndarray:
    return np.concatenate(list(MatlabArray.find(path, "X").batches(rows)))


@pytest.mark.parametrize("compressed", [False, True])
@given(
    shape=st.lists(st.integers(1, 7), min_size=2, max_size=4).map(tuple),
    rows=st.integers(1, 9),
    name=st.sampled_from(["X", "im", "images_of_something"]),
)
def test_what_scipy_writes_is_read_in_parts(compressed: bool, shape, rows: int, name: str, tmp_path_factory) -> None:
    values = np.random.default_rng(0).integers(256, size=shape, dtype=np.uint8)
    path = put(tmp_path_factory.mktemp("mat") / "a.mat", compressed, **{name: values})
    array = MatlabArray.find(path, name)
    assert (array.shape, array.dtype) == (shape, "uint8")
    batches = list(array.batches(rows))
    assert max(map(len, batches)) <= rows
    np.testing.assert_array_equal(np.concatenate(batches), values.T)


def test_types_are_told_and_only_bytes_are_read(tmp_path: Path) -> None:
    path = put(tmp_path / "a.mat", f=np.ones((2, 3), np.float32), text="words")
    assert MatlabArray.find(path, "f").dtype == "float32"
    assert MatlabArray.find(path, "y").dtype == "float64"
    assert MatlabArray.find(path, "text").dtype == "no array of numbers"
    with pytest.raises(DataError, match="'f' does not hold 6 bytes"):
        list(MatlabArray.find(path, "f").batches(1))


def test_absent_arrays_and_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.mat holds no array 'Z': it is truncated, or another file"):
        MatlabArray.find(put(tmp_path / "a.mat"), "Z")
    with pytest.raises(StorageError, match="No such file"):
        MatlabArray.find(tmp_path / "b.mat", "X")
    (tmp_path / "c.mat").write_bytes(b"<html>Sorry</html>" * 99)
    with pytest.raises(DataError, match=r"c\.mat is no readable MATLAB file: its form is another"):
        MatlabArray.find(tmp_path / "c.mat", "X")


@pytest.mark.parametrize("compressed", [False, True])
def test_wherever_a_file_is_cut_it_is_told(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"X": PIXELS}, do_compression=compressed)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=r"a\.mat (is no readable MATLAB file|holds no array 'X')"):
            read(path)


@settings(max_examples=300)
@given(places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=3), packed=st.booleans())
def test_whatever_is_damaged_is_told_or_does_no_harm(places, packed: bool, tmp_path_factory) -> None:
    path = put(tmp_path_factory.mktemp("mat") / "a.mat", packed)
    content = bytearray(path.read_bytes())
    for place, value in places:
        content[int(place * (len(content) - 1))] = value
    path.write_bytes(content)
    with suppress(DataError):
        assert read(path).dtype == np.uint8


def test_a_flipped_bit_in_compressed_values_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"X": np.tile(PIXELS, (4, 4, 1, 40))}, do_compression=True)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="no readable MATLAB file: Error -3"):
        read(path)
