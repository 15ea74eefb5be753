from __future__ import annotations

import errno
import json
import math
import os
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from disentangle_bench.errors import StorageError
from disentangle_bench.storage import (
    atomic_path,
    flush_to_disk,
    remove_all_leftovers,
    remove_leftovers,
    write_bytes,
    write_json,
    write_text,
    write_through,
)


def half(path: Path, error: BaseException) -> None:
    """Write half a file and fail."""
    path.write_text("half")
    raise error


def test_writes_what_was_given_and_makes_folders(tmp_path: Path) -> None:
    place = tmp_path / "new" / "folder"
    write_text(place / "a.txt", "Grüße\n")
    write_bytes(place / "b", b"\0\xff")
    write_json(place / "c.json", {"nats": 2.303, "name": "é", "none": None})
    write_through(place / "d.bin", lambda path: path.write_bytes(b"library"))
    assert (place / "a.txt").read_bytes() == "Grüße\n".encode()
    assert (place / "b").read_bytes() == b"\0\xff"
    assert json.loads((place / "c.json").read_text(encoding="utf-8")) == {"nats": 2.303, "name": "é", "none": None}
    assert (place / "d.bin").read_bytes() == b"library"
    assert len(list(place.iterdir())) == 4


def test_the_temporary_file_has_the_names_suffix_and_is_hidden(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "model.safetensors") as temporary:
        assert temporary.suffix == ".safetensors"
        assert temporary.name.startswith(".model")
        assert temporary.parent == tmp_path
        temporary.write_text("x")


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path: Path, interruption: type) -> None:
    path = tmp_path / "results.json"
    path.write_text("old")
    with pytest.raises(interruption):
        write_through(path, partial(half, error=interruption()))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("old")
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from disentangle_bench.storage import atomic_path\n"
        "with atomic_path(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode != 0
    assert path.read_text() == "old"


def test_the_old_file_is_there_until_the_new_one_is(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("old")
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_content_and_folder_reach_the_disk_around_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.json"
    seen = []

    def record(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        seen.append((kind, path.exists(), os.fstat(descriptor).st_size))

    monkeypatch.setattr(os, "fsync", record)
    write_text(path, "content")
    assert [(kind, renamed) for kind, renamed, _ in seen] == [("file", False), ("folder", True)]
    assert seen[0][2] == len("content")


@pytest.mark.parametrize(("number", "refused"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)])
def test_file_systems_that_cannot_flush_folders(tmp_path: Path, monkeypatch, number: int, refused: bool) -> None:
    def fail(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, "No")

    monkeypatch.setattr(os, "fsync", fail)
    if refused:
        with pytest.raises(OSError, match="No"):
            flush_to_disk(tmp_path)
    else:
        write_text(tmp_path / "x", "content")
        assert (tmp_path / "x").read_text() == "content"


def test_a_file_that_cannot_be_flushed_is_not_put_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EINVAL, "Cannot flush")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match="Cannot flush"):
        write_text(tmp_path / "x", "content")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions_follow_the_users_mask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "x", "")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


@pytest.mark.parametrize("value", [math.nan, math.inf, {"deep": [-math.inf]}])
def test_json_holds_no_nan_or_infinity(tmp_path: Path, value: object) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, value)
    assert path.read_text() == "old"


def test_leftovers_of_a_killed_writer_are_removed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    others = [tmp_path / name for name in ("results.json", ".results.json.lock", ".other.json.00ff.tmp.json")]
    for file in (*others, tmp_path / ".results.json.00ff.tmp.json"):
        file.write_text("")
    remove_leftovers(path)
    assert {*tmp_path.iterdir()} == {*others}


def test_leftovers_of_whatever_was_to_be_written_into_a_folder_are_removed(tmp_path: Path) -> None:
    others = [tmp_path / name for name in ("results.json", ".results.json.lock", ".drawn.json")]
    for file in (*others, tmp_path / ".a.pdf.00ff.tmp.pdf", tmp_path / ".b.00ff.tmp"):
        file.write_text("")
    remove_all_leftovers(tmp_path)
    assert {*tmp_path.iterdir()} == {*others}
