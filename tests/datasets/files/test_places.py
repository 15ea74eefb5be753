from __future__ import annotations

from pathlib import Path

import pytest

from disentangle_bench.datasets.files.places import cache_folder, is_offline


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("true", True), ("", False), ("0", False), ("No", False)])
def test_offline_is_read_from_the_environment(monkeypatch, value: str, offline: bool) -> None:
    monkeypatch.setenv("DBENCH_OFFLINE", value)
    assert is_offline() is offline


def test_the_cache_is_the_users_unless_named(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DBENCH_CACHE", raising=False)
    assert cache_folder("x").parts[-3:] == ("disentangle-bench", "datasets", "x")
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path))
    assert cache_folder("x") == tmp_path / "datasets" / "x"
    assert cache_folder() == tmp_path / "datasets"
