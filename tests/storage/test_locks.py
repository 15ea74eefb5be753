from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from disentangle_bench.errors import StorageError
from disentangle_bench.storage import locked, locks, once, write_text


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
    def interrupted() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        once(kept.path, kept.look, interrupted, kept.keep)
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
    monkeypatch.setattr(locks, "PATIENCE", 0.05)
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
    said = [process.communicate(timeout=180)[0].split() for process in children]
    assert sorted(map(len, said)) == [1, 2]
    assert said[0][-1] == said[1][-1]


def test_when_the_computing_process_is_killed_the_next_computes(tmp_path: Path) -> None:
    first = child(tmp_path / "value.txt", "first", 600)
    assert first.stdout is not None
    assert first.stdout.readline() == "computing\n"
    second = child(tmp_path / "value.txt", "second", 0)
    time.sleep(0.3)
    first.kill()
    assert second.communicate(timeout=180)[0].split() == ["computing", "second"]
    first.communicate(timeout=180)
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
