from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from disentangle_bench.datasets.formats.matlab import matlab_array, read_matlab
from disentangle_bench.errors import DataError, StorageError

ARRAYS = {"im": np.arange(60, dtype=np.uint8).reshape(3, 4, 5), "other": np.arange(5.0)}


@pytest.mark.parametrize("compressed", [False, True])
def test_one_array_is_read(tmp_path: Path, compressed: bool) -> None:
    savemat(tmp_path / "a.mat", ARRAYS, do_compression=compressed)
    np.testing.assert_array_equal(read_matlab(tmp_path / "a.mat", "im"), ARRAYS["im"])


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"Could not read .*a\.mat: No such file"):
        read_matlab(tmp_path / "a.mat", "im")


def test_a_newer_version_is_reported(tmp_path: Path) -> None:
    header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    (tmp_path / "a.mat").write_bytes(header + bytes(400))
    with pytest.raises(DataError, match=r"not a readable MATLAB file: .*v7\.3.*\n.*-v7"):
        read_matlab(tmp_path / "a.mat", "im")


@pytest.mark.parametrize("compressed", [False, True])
def test_wherever_a_file_is_cut_it_is_reported(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"im": ARRAYS["im"]}, do_compression=compressed)
    content = path.read_bytes()
    for length in range(len(content) - 8):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=r"a\.mat (is not a readable MATLAB file|holds no array 'im')"):
            read_matlab(path, "im")


def test_a_file_that_has_been_read_already(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", ARRAYS)
    content = (tmp_path / "a.mat").read_bytes()
    np.testing.assert_array_equal(matlab_array(content, "im", "a.tar: a.mat"), ARRAYS["im"])
    with pytest.raises(DataError, match=r"^a\.tar: a\.mat holds no array 'images'"):
        matlab_array(content, "images", "a.tar: a.mat")
    with pytest.raises(DataError, match=r"^a\.tar: a\.mat is not a readable MATLAB file: .*truncated"):
        matlab_array(b"", "im", "a.tar: a.mat")


def test_an_array_that_is_too_large_for_memory_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """A megabyte of it, packed, declares eight gigabytes."""
    savemat(tmp_path / "a.mat", {"im": np.zeros((1000, 1000), np.uint8)})
    content = bytearray((tmp_path / "a.mat").read_bytes())
    place = content.index(struct.pack("<II", 1000, 1000))
    content[place : place + 8] = struct.pack("<II", 80_000, 100_000)
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.mat: 'im' is uint8 \(80000, 100000\), more than 2\.1 GB"):
        read_matlab(tmp_path / "a.mat", "im")


def test_what_is_not_an_array_of_numbers_is_refused(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"im": {"a": 1}})
    with pytest.raises(DataError, match=r"a\.mat: 'im' is a struct, not an array of numbers"):
        read_matlab(tmp_path / "a.mat", "im")
