from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import platform
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections import namedtuple
from functools import partial
from pathlib import Path

import h5py
import pytest
from filelock import FileLock

from disentangle_bench import storage
from disentangle_bench.errors import StorageError
from disentangle_bench.storage import (
    atomic_path,
    cache_errors,
    flush_to_disk,
    in_bytes,
    installed_version,
    locked,
    once,
    provenance,
    remove_leftovers,
    require_space,
    sha256,
    storage_errors,
    usable_path,
    user_cache,
    write_bytes,
    write_hdf5,
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
    with pytest.raises(StorageError) as caught:
        write_through(path, partial(half, error=OSError(number, os.strerror(number))))
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


@pytest.mark.parametrize("value", [math.nan, math.inf, {"deep": [-math.inf]}])
def test_json_holds_no_nan_or_infinity(tmp_path: Path, value: object) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, value)
    assert path.read_text() == "old"


def test_hdf5_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    for name in ("a", "b"):
        write_hdf5(path, lambda file, name=name: file.create_dataset(name, data=[1, 2]))
        with h5py.File(path) as file:
            assert {key: file[key][...].tolist() for key in file} == {name: [1, 2]}


def test_leftovers_of_a_killed_writer_are_removed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    others = [tmp_path / name for name in ("results.json", ".results.json.lock", ".other.json.00ff.tmp.json")]
    for file in (*others, tmp_path / ".results.json.00ff.tmp.json"):
        file.write_text("")
    remove_leftovers(path)
    assert {*tmp_path.iterdir()} == {*others}


def test_hdf5_that_could_not_be_filled_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    path.write_text("old")
    with pytest.raises(TypeError):
        write_hdf5(path, lambda file: file.create_dataset("a", data=object()))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")  # the example of FIPS 180-2
    assert sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    path.write_bytes(bytes(3 << 20))
    assert sha256(path) == hashlib.sha256(bytes(3 << 20)).hexdigest()


def test_provenance_says_what_made_a_number_and_not_who(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setattr(sys, "argv", ["/home/ada/bin/dbench", "train", "infogan", "--out=/home/ada/runs/x"])
    info = provenance()
    assert info["command"] == ["dbench", "train", "infogan", "--out=~/runs/x"]
    assert info["python"] == platform.python_version()
    assert info["packages"]["numpy"] == installed_version("numpy")
    assert info["packages"]["disentangle-bench"]
    assert "ada" not in json.dumps(info)
    assert storage.datetime.fromisoformat(info["time"]).utcoffset().total_seconds() == 0
    write_json(tmp_path / "provenance.json", info)


def test_a_home_at_the_root_is_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    monkeypatch.setattr(sys, "argv", ["dbench", "eval", "/data/run"])
    assert provenance()["command"] == ["dbench", "eval", "/data/run"]


def test_what_is_not_installed_has_no_version() -> None:
    assert installed_version("no-such-distribution-here") is None


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (54_950_048, "55.0 MB"), (2e10, "20.0 GB")]
)
def test_sizes_are_said_for_people(size, said):
    assert in_bytes(size) == said


def test_space_is_asked_for_with_a_little_to_spare(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(0, 0, 2**26 + 1000))
    require_space(tmp_path, 1000, "it")
    with pytest.raises(StorageError, match=rf"{tmp_path} has 67\.1 MB free; 67\.1 MB are needed for it"):
        require_space(tmp_path, 1001, "it")
    monkeypatch.undo()
    with pytest.raises(StorageError, match="Could not ask for the free space of"):
        require_space(tmp_path / "none", 1, "it")


class Kept:
    """A value in a file, which is computed if the file lacks it; counts how often."""

    def __init__(self, path: Path) -> None:
        self.path, self.times, self.waits = path, 0, 0

    def look(self) -> str | None:
        return self.path.read_text() if self.path.is_file() else None

    def compute(self) -> str:
        self.times += 1
        return "value"

    def keep(self, value: str) -> None:
        write_text(self.path, value)

    def make(self) -> str:
        self.keep(self.compute())
        return "value"

    def wait(self) -> None:
        self.waits += 1

    def optional(self) -> str:
        return once(self.path, self.look, self.compute, self.keep, on_wait=self.wait)

    def required(self) -> str:
        return once(self.path, self.look, self.make, on_wait=self.wait)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "new" / "value.txt")


@pytest.mark.parametrize("how", ["optional", "required"])
def test_a_value_is_computed_once_and_kept(kept: Kept, how: str) -> None:
    assert [getattr(kept, how)() for _ in range(3)] == ["value"] * 3
    assert (kept.times, kept.waits) == (1, 0)
    assert {path.name for path in kept.path.parent.iterdir()} == {"value.txt", "value.lock"}


def test_a_failed_computation_keeps_nothing(kept: Kept) -> None:
    with pytest.raises(KeyboardInterrupt):
        once(kept.path, kept.look, partial(half, kept.path.with_suffix(".part"), error=KeyboardInterrupt()), kept.keep)
    assert kept.look() is None
    assert kept.optional() == "value"


def test_what_a_killed_writer_left_is_removed(kept: Kept) -> None:
    leftover = kept.path.with_name(".value.txt.abcd.tmp.txt")
    write_text(leftover, "half")
    kept.path.with_suffix(".lock").touch()
    assert kept.required() == "value"
    assert not leftover.exists()


@pytest.mark.parametrize("how", ["optional", "required"])
def test_of_several_threads_one_computes(kept: Kept, how: str) -> None:
    begun, go = threading.Event(), threading.Event()
    compute = kept.compute

    def slowly() -> str:
        begun.set()
        go.wait(10)
        return compute()

    kept.compute = slowly
    first, second = (threading.Thread(target=getattr(kept, how)) for _ in range(2))
    first.start()
    begun.wait(10)
    second.start()
    while not kept.waits:
        time.sleep(0.01)
    go.set()
    first.join(10)
    second.join(10)
    assert (kept.times, kept.waits) == (1, 1)


def test_without_need_of_the_file_patience_ends(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PATIENCE", 0.05)
    kept.path.parent.mkdir()
    with FileLock(kept.path.with_suffix(".lock")):
        assert kept.optional() == "value"
    assert kept.path.read_text() == "value"


def test_a_place_that_cannot_be_written_matters_only_where_the_file_is_needed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Kept(tmp_path / "file" / "value.txt")
    assert kept.optional() == kept.optional() == "value"
    assert kept.times == 2
    with pytest.raises(StorageError, match="Could not write"):
        kept.required()
    assert kept.times == 2


def test_a_file_system_without_locks_matters_only_where_the_file_is_needed(kept: Kept, monkeypatch) -> None:
    def refuse(self: FileLock, timeout: float) -> None:
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    assert kept.optional() == "value"
    kept.path.unlink()
    with pytest.raises(StorageError, match="does not appear to support flock") as caught:
        kept.required()
    assert "another file system" in caught.value.remedy


CHILD = """
import sys, time
from pathlib import Path
from disentangle_bench.storage import once, write_text

path, name, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])

def look():
    return path.read_text() if path.is_file() else None

def compute():
    print("computing", flush=True)
    time.sleep(seconds)
    return name

print(once(path, look, compute, lambda value: write_text(path, value)))
"""


def child(path: Path, name: str, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), name, str(seconds)], stdout=subprocess.PIPE, text=True
    )


def test_of_two_processes_one_computes(tmp_path: Path) -> None:
    children = [child(tmp_path / "value.txt", name, 0.5) for name in ("a", "b")]
    said = [process.communicate(timeout=60)[0].split() for process in children]
    assert sorted(map(len, said)) == [1, 2]
    assert said[0][-1] == said[1][-1]


def test_when_the_computing_process_is_killed_the_next_computes(tmp_path: Path) -> None:
    first = child(tmp_path / "value.txt", "first", 600)
    assert first.stdout is not None
    assert first.stdout.readline() == "computing\n"
    second = child(tmp_path / "value.txt", "second", 0)
    time.sleep(0.3)
    first.kill()
    assert second.communicate(timeout=60)[0].split() == ["computing", "second"]
    first.communicate(timeout=60)
    assert (tmp_path / "value.txt").read_text() == "second"


def test_a_lock_that_is_held_is_waited_for(tmp_path: Path) -> None:
    waits = []
    with FileLock(tmp_path / "lock"):
        with pytest.raises(StorageError, match="Another process holds"), locked(tmp_path / "lock", patience=0.05):
            raise AssertionError
        with (
            pytest.raises(StorageError),
            locked(tmp_path / "lock", patience=0.05, on_wait=lambda: waits.append(1)),
        ):
            raise AssertionError
    with locked(tmp_path / "lock", on_wait=lambda: waits.append(1)):
        assert waits == [1]


def test_a_refusal_of_the_cache_says_how_another_is_chosen() -> None:
    with pytest.raises(StorageError, match="Full") as caught, cache_errors():
        raise StorageError("Full.", "Free some space.")
    assert caught.value.remedy == "Free some space. DBENCH_CACHE names another cache folder."


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("~no-such-user/x", "'~no-such-user/x', there is no such home folder"),
        ("a\0b", r"'a\\x00b', it has a null character"),
        ("a" * 4000, "'a{60}'..., it is too long"),
        ("/".join(["a" * 99] * 99), "it is too long"),
    ],
)
def test_what_no_file_can_be_called_is_refused(given: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StorageError, match=f"^out is not a path: .*{fault}"):
        usable_path(given, "out")
    if "\0" not in given:  # which no variable can have
        monkeypatch.setenv("DBENCH_CACHE", given)
        with pytest.raises(StorageError, match=fault):
            user_cache()


def test_any_other_path_is_usable_whether_it_is_there_or_not(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "none", tmp_path / "file" / "none"):
        assert usable_path(path, "out") == path
    assert usable_path("~", "out") == Path.home()
