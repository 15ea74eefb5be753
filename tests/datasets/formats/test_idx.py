from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from disentangle_bench.datasets.formats.idx import read_idx
from disentangle_bench.errors import DataError, StorageError

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(array: np.ndarray) -> bytes:
    """An array in the IDX format, written from its description rather than by the reader's inverse."""
    kind = array.dtype.str[1:]
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, CODES[kind], array.ndim, *array.shape)
    return header + array.astype(f">{kind}").tobytes()


@settings(max_examples=50, deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(CODES)))
def test_reads_what_was_written(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str) -> None:
    shapes = npst.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)
    array = data.draw(npst.arrays(np.dtype(kind), shapes))
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(idx(array))
    read = read_idx(path, dimensions=array.ndim)
    np.testing.assert_array_equal(read, array)
    assert read.dtype == array.dtype


def test_reads_a_file_of_known_bytes(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(bytes([0, 0, 0x0B, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x01, 0x00, 0xFF, 0xFE]))
    assert read_idx(path, dimensions=2).tolist() == [[256, -2]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with nothing"),
        (b"\0\0\x08", "begins with 00 00 08"),
        (b"\x1f\x8b\x08\x03" + bytes(20), "not an IDX file: it begins with 1f 8b 08 03"),
        (b"\0\0\x0a\x01" + bytes(20), "begins with 00 00 0a 01"),
        (b"\0\0\x08\x01\0\0\0\x02ab", "has 1 dimensions; 3 are expected"),
        (b"\0\0\x08\x03\0\0\0\x02", "its header has 8 of 16 bytes"),
        (b"\0\0\x08\x03" + struct.pack(">3I", 2, 3, 4) + bytes(23), "truncated: 23 of 24 bytes for 2 x 3 x 4"),
        (b"\0\0\x08\x03" + struct.pack(">3I", 2, 3, 4) + bytes(25), "trailing bytes: 25 instead of 24 bytes"),
        (b"\0\0\x0d\x03" + struct.pack(">3I", 9999, 9999, 99) + bytes(5), "5 of 39,592,080,396 bytes"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_damage_is_reported_with_the_file_and_the_counts(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path, dimensions=3)
    assert str(path) in str(caught.value)


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "images"
    whole = idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError):
            read_idx(path, dimensions=3)


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"Could not read .*images: No such file"):
        read_idx(tmp_path / "images", dimensions=3)
