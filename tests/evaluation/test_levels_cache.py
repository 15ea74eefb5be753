"""The cache of simulated values gives back what was put there, and never stands in the way."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.errors import StorageError
from disentangle_bench.evaluation import levels_cache
from disentangle_bench.evaluation.levels_cache import entry_path, remembered

KEY = {"metric": "mig", "settings": {"num_bins": 20}, "sizes": [3, 6]}
VALUES = {"chance": {"": [0.1, 0.2]}, "dead": {"": [1.0], "part": [-0.25]}}


class Computer:
    """Computes, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, dict[str, list[float]]]:
        self.times += 1
        return {what: dict(parts) for what, parts in VALUES.items()}


@pytest.fixture
def compute() -> Computer:
    return Computer()


def test_is_computed_once(cache: Path, compute: Computer) -> None:
    assert [remembered(KEY, compute) for _ in range(3)] == [VALUES] * 3
    assert compute.times == 1
    assert {path.suffix for path in (cache / "levels").iterdir()} == {".json", ".lock"}


@pytest.mark.parametrize("other", [{"metric": "sap"}, {"settings": {"num_bins": 10}}, {"sizes": [3, 6, 40]}])
def test_another_key_is_computed_anew(compute: Computer, other: dict[str, object]) -> None:
    remembered(KEY, compute)
    remembered({**KEY, **other}, compute)
    assert compute.times == 2


def test_the_order_of_a_keys_parts_is_no_matter(compute: Computer) -> None:
    remembered(KEY, compute)
    remembered(dict(reversed(KEY.items())), compute)
    assert compute.times == 1


@given(st.data())
def test_a_damaged_entry_is_computed_anew_and_replaced(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        compute = Computer()
        remembered(KEY, compute)
        path = entry_path(KEY)
        whole = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(whole) - 1))
        if data.draw(st.booleans()):
            whole[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
        else:
            del whole[place:]
        path.write_bytes(bytes(whole))
        assert remembered(KEY, compute) == VALUES
        assert remembered(KEY, compute) == VALUES
        assert compute.times <= 2


@pytest.mark.parametrize(
    "content",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"sha256": 1}',
        '{"key": {}, "values": {"chance": {"": [0.9]}}, "sha256": ""}',
        "[" * 99999,
    ],
)
def test_what_is_no_entry_is_not_believed(compute: Computer, content: str) -> None:
    remembered(KEY, compute)
    entry_path(KEY).write_text(content)
    assert remembered(KEY, compute) == VALUES
    assert compute.times == 2
    assert json.loads(entry_path(KEY).read_text())["values"] == VALUES


def test_a_value_changed_by_hand_is_not_believed(compute: Computer) -> None:
    remembered(KEY, compute)
    entry_path(KEY).write_text(entry_path(KEY).read_text().replace("0.1", "0.9"))
    assert remembered(KEY, compute) == VALUES


def test_an_entry_of_another_key_is_not_believed(compute: Computer) -> None:
    other = {**KEY, "metric": "sap"}
    remembered(other, lambda: {"chance": {"": [0.5]}})
    entry_path(KEY).write_bytes(entry_path(other).read_bytes())
    assert remembered(KEY, compute) == VALUES


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_may_not_be_written_is_done_without(cache: Path, compute: Computer) -> None:
    cache.mkdir()
    cache.chmod(0o500)
    assert remembered(KEY, compute) == VALUES
    assert not list(cache.iterdir())


def test_a_cache_in_the_place_of_a_file_is_done_without(cache: Path, compute: Computer) -> None:
    cache.write_text("a file")
    assert remembered(KEY, compute) == VALUES
    assert cache.read_text() == "a file"


def test_an_entry_in_whose_place_is_a_folder_is_done_without(compute: Computer) -> None:
    entry_path(KEY).mkdir(parents=True)
    assert remembered(KEY, compute) == VALUES


def test_a_full_disk_is_done_without(compute: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StorageError("No space left on device.")

    monkeypatch.setattr(levels_cache, "write_json", full)
    assert remembered(KEY, compute) == VALUES


def test_a_failed_computation_leaves_nothing_behind(cache: Path, compute: Computer) -> None:
    def fail() -> dict[str, dict[str, list[float]]]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remembered(KEY, fail)
    assert not list((cache / "levels").glob("*.json"))
    assert remembered(KEY, compute) == VALUES
