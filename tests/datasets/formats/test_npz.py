from __future__ import annotations

import zipfile
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from numpy.lib import format as npy

from disentangle_bench.datasets.formats.npz import NpzArray
from disentangle_bench.errors import DataError, StorageError

ARRAY = np.random.default_rng(0).integers(0, 256, size=(23, 4, 5), dtype=np.uint8)


def saved(path: Path, *, deflated: bool = True) -> Path:
    (np.savez_compressed if deflated else np.savez)(path, before=np.arange(7), images=ARRAY)
    return path


def find(path: Path) -> NpzArray:
    return NpzArray.find(path, "images", np.uint8, (4, 5))


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    folder = tmp_path_factory.mktemp("npz")
    return {deflated: saved(folder / f"{deflated}.npz", deflated=deflated) for deflated in (True, False)}


@given(rows=st.integers(1, 30), deflated=st.booleans())
def test_batches_are_the_array(paths: dict[bool, Path], rows: int, deflated: bool) -> None:
    batches = list(find(paths[deflated]).batches(rows))
    assert {len(batch) for batch in batches[:-1]} <= {rows}
    np.testing.assert_array_equal(np.concatenate(batches), ARRAY)
    np.testing.assert_array_equal(find(paths[deflated]).read(), ARRAY)


def test_only_what_is_stored_as_it_is_has_an_offset(paths: dict[bool, Path]) -> None:
    assert find(paths[True]).offset() is None
    offset = find(paths[False]).offset()
    assert paths[False].read_bytes()[offset : offset + ARRAY.size] == ARRAY.tobytes()


def test_the_checksum_is_that_of_the_array(paths: dict[bool, Path], tmp_path: Path) -> None:
    assert find(paths[True]).checksum == find(paths[False]).checksum
    np.savez(tmp_path / "other.npz", images=ARRAY + np.uint8(1))
    assert find(tmp_path / "other.npz").checksum != find(paths[True]).checksum


def test_an_array_without_rows_is_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "empty.npz", images=ARRAY[:0])
    assert find(tmp_path / "empty.npz").read().shape == (0, 4, 5)


@pytest.mark.parametrize("deflated", [True, False])
def test_files_cut_anywhere_are_reported(tmp_path: Path, deflated: bool) -> None:
    whole = saved(tmp_path / "whole.npz", deflated=deflated).read_bytes()
    path = tmp_path / "cut.npz"
    for size in range(0, len(whole) - 1, 53):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"cut\.npz is not a complete npz file: "):
            find(path).read()


@pytest.mark.parametrize("deflated", [True, False])
def test_any_flipped_byte_of_the_array_is_reported(paths: dict[bool, Path], tmp_path: Path, deflated: bool) -> None:
    content = paths[deflated].read_bytes()
    with zipfile.ZipFile(paths[deflated]) as archive:
        member = archive.getinfo("images.npy")
    path = tmp_path / "flipped.npz"
    for place in range(member.header_offset, member.header_offset + member.compress_size, 11):
        flipped = bytearray(content)
        flipped[place] ^= 0xFF
        path.write_bytes(flipped)
        try:
            found = find(path).read()
        except DataError as error:
            assert "flipped.npz" in str(error)  # noqa: PT017 - some bytes of the local header say nothing
        else:
            np.testing.assert_array_equal(found, ARRAY)


def test_what_lies_elsewhere_than_the_list_says_is_reported(paths: dict[bool, Path], tmp_path: Path) -> None:
    path = tmp_path / "moved.npz"
    path.write_bytes(b"before" + paths[False].read_bytes())  # as a self-extracting archive has it; zipfile copes
    offset = find(path).offset()
    assert path.read_bytes()[offset : offset + ARRAY.size] == ARRAY.tobytes()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("images.npy", b"no array at all", "is not a complete npz file: the magic string is not correct"),
        ("images.npy", b"\x93NUMPY\x03\x00" + bytes(200), "is not a complete npz file: "),
        ("images", b"", "has no array 'images'; it has none"),
        ("else.npy", b"", "has no array 'images'; it has else"),
    ],
)
def test_members_that_are_no_such_array_are_reported(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / "other.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, content)
    with pytest.raises(DataError, match=message):
        find(path)


def test_a_header_that_claims_more_than_there_is_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "short.npz"
    with zipfile.ZipFile(path, "w") as archive, archive.open("images.npy", "w") as file:
        npy.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (10**12, 4, 5)})
        file.write(bytes(60))
    with pytest.raises(DataError, match=r"'images' has 60 bytes, which uint8 \(1000000000000, 4, 5\) does not fill"):
        find(path)


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"Could not read .*none\.npz: No such file"):
        find(tmp_path / "none.npz")


def test_what_python_2_wrote_is_read_without_a_word(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    path = tmp_path / "old.npz"
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (23L, 4L, 5L), }".ljust(117) + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "images.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + ARRAY.tobytes()
        )
    np.testing.assert_array_equal(find(path).read(), ARRAY)
    assert not recwarn.list
