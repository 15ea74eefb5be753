from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from disentangle_bench.errors import StorageError
from disentangle_bench.storage import storage_errors, write_text, write_through


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "may write to"),
        (errno.EROFS, "read-only"),
    ],
)
def test_refusals_of_the_disk_are_reported_with_a_remedy(tmp_path: Path, number: int, remedy: str) -> None:
    path = tmp_path / "results.json"
    path.write_text("old")

    def refused(temporary: Path) -> None:
        temporary.write_text("half")
        raise OSError(number, os.strerror(number))

    with pytest.raises(StorageError) as caught:
        write_through(path, refused)
    assert caught.value.problem == f"Could not write {path}: {os.strerror(number)}."
    assert remedy in caught.value.remedy
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_reading_is_reported_apart_from_writing(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"Could not read .*: No such file"), storage_errors(tmp_path / "x", "read"):
        (tmp_path / "x").read_text()
    with pytest.raises(StorageError, match=r"Could not read .*: Odd"), storage_errors(tmp_path / "x", "read"):
        raise OSError("Odd")


def test_a_path_through_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Could not write") as caught:
        write_text(tmp_path / "file" / "x", "")
    assert "is a file" in str(caught.value)


def test_a_folder_in_the_way_is_reported(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(StorageError, match="Could not write") as caught:
        write_text(tmp_path / "x", "")
    assert "is a folder" in str(caught.value)
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this system has no folder that refuses even root")
def test_a_folder_that_refuses_everyone_is_reported() -> None:
    with pytest.raises(StorageError, match="Could not write /proc/self/x"):
        write_text(Path("/proc/self/x"), "")
