from __future__ import annotations

import gzip
import struct
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from disentangle_bench.datasets.formats.binary_matrix import BinaryMatrix
from disentangle_bench.errors import DataError, StorageError

MAGIC = {"uint8": 0x1E3D4C55, "int32": 0x1E3D4C54, "float32": 0x1E3D4C51}
PIXELS = np.random.default_rng(0).integers(0, 256, size=(23, 2, 4, 5), dtype=np.uint8)
NUMBERS = np.arange(-5, 15, dtype=np.int32).reshape(10, 2)


def matrix(array: np.ndarray) -> bytes:
    """A binary matrix as small NORB's authors describe it: three sizes at least."""
    sizes = [*array.shape, *[1] * (3 - array.ndim)]
    return struct.pack(f"<Ii{len(sizes)}i", MAGIC[str(array.dtype)], array.ndim, *sizes) + array.tobytes()


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "plain.mat").write_bytes(matrix(PIXELS))
    (folder / "packed.mat.gz").write_bytes(gzip.compress(matrix(PIXELS)))
    return [folder / "plain.mat", folder / "packed.mat.gz"]


@pytest.mark.parametrize("which", [0, 1])
@given(rows=st.integers(1, 30))
def test_batches_are_the_matrix(paths: list[Path], which: int, rows: int) -> None:
    found = BinaryMatrix.find(paths[which], np.uint8, PIXELS.shape)
    batches = list(found.batches(rows))
    assert {len(batch) for batch in batches[:-1]} <= {rows}
    np.testing.assert_array_equal(np.concatenate(batches), PIXELS)


@pytest.mark.parametrize("array", [NUMBERS, NUMBERS[:, 0].copy(), NUMBERS.astype(np.float32)])
def test_matrices_of_less_than_three_dimensions_are_read(tmp_path: Path, array: np.ndarray) -> None:
    (tmp_path / "numbers.mat").write_bytes(matrix(array))
    found = BinaryMatrix.find(tmp_path / "numbers.mat", array.dtype, array.shape)
    np.testing.assert_array_equal(found.read(), array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a binary matrix of small NORB: it begins with nothing"),
        (b"MATLAB 5.0 MAT-file", "it begins with 4d 41 54 4c 41 42 20 35"),
        (matrix(PIXELS)[:6], "it begins with 55 4c 3d 1e 04 00"),
        (matrix(PIXELS)[:3:-1], "is not a binary matrix"),
        (struct.pack("<Ii", MAGIC["uint8"], -1), "is not a binary matrix"),
        (struct.pack("<Ii", MAGIC["uint8"], 10**9), "is not a binary matrix"),
        (matrix(PIXELS)[:20], "is truncated within its header"),
        (matrix(PIXELS)[:-1], "is truncated: 22 of 23 rows"),
        (matrix(PIXELS) + b"x", r"has more bytes than its \(23, 2, 4, 5\) values"),
        (matrix(PIXELS[:9]), r"holds uint8 \(9, 2, 4, 5\); it should hold uint8 \(23, 2, 4, 5\)"),
        (matrix(PIXELS.astype(np.int32)), r"holds int32 \(23, 2, 4, 5\)"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_damage_is_reported(tmp_path: Path, packed: bool, content: bytes, message: str) -> None:
    path = tmp_path / "matrix.mat"
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DataError, match=message):
        BinaryMatrix.find(path, np.uint8, PIXELS.shape).read()


@pytest.mark.parametrize("size", [1, 5, 30, 200, -9, -4, -1])
def test_gzip_cut_anywhere_is_reported(tmp_path: Path, size: int) -> None:
    path = tmp_path / "cut.mat.gz"
    path.write_bytes(gzip.compress(matrix(PIXELS))[:size])
    with pytest.raises(DataError, match=r"cut\.mat\.gz is "):
        BinaryMatrix.find(path, np.uint8, PIXELS.shape).read()


def test_flipped_bits_in_gzip_are_reported(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(matrix(PIXELS)))
    packed[-6] ^= 1  # of the checksum
    (tmp_path / "flipped.mat.gz").write_bytes(packed)
    with pytest.raises(DataError, match=r"flipped\.mat\.gz is not a complete archive: CRC"):
        BinaryMatrix.find(tmp_path / "flipped.mat.gz", np.uint8, PIXELS.shape).read()


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"Could not read .*none\.mat: No such file"):
        BinaryMatrix.find(tmp_path / "none.mat", np.uint8, PIXELS.shape)


@given(start=st.integers(0, 24), damage=st.binary(max_size=8), size=st.integers(0, 1000))
def test_any_damage_to_the_header_is_reported_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, start: int, damage: bytes, size: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.mat"
    whole = matrix(PIXELS)
    path.write_bytes((whole[:start] + damage + whole[start + len(damage) :])[: len(whole) - size])
    try:
        found = BinaryMatrix.find(path, np.uint8, PIXELS.shape).read()
    except DataError as error:
        assert path.name in error.problem  # noqa: PT017 - where it is told, the file is named
    else:
        assert found.shape == PIXELS.shape
