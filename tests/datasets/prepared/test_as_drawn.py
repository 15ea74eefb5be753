from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.datasets.prepared import as_drawn
from disentangle_bench.datasets.prepared.as_drawn import InFile, InMemory, Keeping
from disentangle_bench.errors import StorageError

ARRAY = np.random.default_rng(0).integers(0, 256, size=(200, 1, 4, 4), dtype=np.uint8)
ARRAY[7] = 0  # as what was never written
SOME = np.array([3, 7, 199])


@pytest.fixture(params=["memory", "file"])
def keeping(request: pytest.FixtureRequest, tmp_path: Path) -> Keeping:
    return InMemory(ARRAY.shape) if request.param == "memory" else InFile(tmp_path / "drawn-4-a.images", ARRAY.shape)


def test_what_is_kept_is_found_and_nothing_else(keeping: Keeping) -> None:
    assert not keeping.find(np.arange(200))[1].any()
    keeping.keep(SOME, ARRAY[SOME])
    images, there = keeping.find(np.arange(200))
    np.testing.assert_array_equal(np.flatnonzero(there), SOME)
    np.testing.assert_array_equal(images[SOME], ARRAY[SOME])
    assert not images[~there].any()


@pytest.fixture
def file(tmp_path: Path) -> InFile:
    kept = InFile(tmp_path / "drawn-4-a.images", ARRAY.shape)
    kept.keep(SOME, ARRAY[SOME])
    return kept


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[: 199 * 20 + 4],
        lambda content: content[: 199 * 20] + bytes(20),
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: content[: 199 * 20] + content[3 * 20 : 4 * 20],  # another row's
    ],
)
def test_an_image_that_was_written_by_half_is_not_there(file: InFile, damage: Callable[[bytes], bytes]) -> None:
    file.path.write_bytes(damage(file.path.read_bytes()))
    np.testing.assert_array_equal(file.find(SOME)[1], [True, True, False])
    file.keep(SOME[2:], ARRAY[SOME[2:]])
    np.testing.assert_array_equal(file.find(SOME)[0], ARRAY[SOME])


def test_another_process_finds_them(file: InFile) -> None:
    images, there = pickle.loads(pickle.dumps(file)).find(SOME)
    assert there.all()
    np.testing.assert_array_equal(images, ARRAY[SOME])


def keep_all(path: Path) -> None:
    file = InFile(path, ARRAY.shape)
    for row in range(200):
        file.keep(np.array([row]), ARRAY[[row]])


@pytest.mark.slow
def test_processes_write_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "drawn-4-a.images"
    with get_context("spawn").Pool(3) as pool:
        pool.map(keep_all, [path] * 3)
    images, there = InFile(path, ARRAY.shape).find(np.arange(200))
    assert there.all()
    np.testing.assert_array_equal(images, ARRAY)


def test_files_of_other_programs_are_removed_and_those_of_other_sizes_stay(file: InFile) -> None:
    beside = [file.path.with_name(name) for name in ("drawn-8-a.images", "prepared-4-a.images", "drawn-4.txt")]
    for path in beside:
        path.touch()
    InFile(file.path.with_name("drawn-4-b.images"), ARRAY.shape)
    assert sorted(path.name for path in file.path.parent.iterdir()) == sorted(
        ["drawn-4-b.images", *(path.name for path in beside)]
    )
    assert file.find(SOME)[1].all()  # who has it open reads on


def test_on_a_full_disk_nothing_more_is_kept_and_nothing_lost(file: InFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", refuse)
    file.keep(np.array([5]), ARRAY[[5]])
    monkeypatch.undo()
    file.keep(np.array([6]), ARRAY[[6]])
    np.testing.assert_array_equal(np.flatnonzero(file.find(np.arange(200))[1]), SOME)


def test_room_is_asked_for_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path, needed: int, purpose: str) -> None:
        assert needed == 200 * 20
        raise StorageError(purpose)

    monkeypatch.setattr(as_drawn, "require_space", refuse)
    with pytest.raises(StorageError, match="the images"):
        InFile(tmp_path / "drawn-4-a.images", ARRAY.shape)
    assert not list(tmp_path.iterdir())
