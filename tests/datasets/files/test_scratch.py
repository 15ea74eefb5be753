from __future__ import annotations

from pathlib import Path

import pytest

from disentangle_bench.datasets.files.scratch import clear_away, held, kept_bytes, scratch_folder


def put(folder: Path, sizes: dict[str, int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, size in sizes.items():
        (folder / name).write_bytes(bytes(size))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_of_unfinished_files_only_partial_downloads_stay(tmp_path: Path) -> None:
    def interrupted() -> None:
        with scratch_folder(tmp_path):
            put(scratch, {"file.copy": 1, "file.1.partial": 1, "file.1.partial.json": 1})
            put(scratch / ".npm" / "deep", {"file": 1})
            raise KeyboardInterrupt

    scratch = tmp_path / ".fetching"
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(scratch) == ["file.1.partial", "file.1.partial.json"]
    clear_away(tmp_path, partials=True)
    assert not scratch.exists()


def test_an_empty_scratch_folder_is_removed(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as scratch:
        put(scratch, {"file": 1})
    assert names(tmp_path) == []


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    put(tmp_path / "shapes" / ".fetching", {"file": 1, "file.1.partial": 1})
    with held(tmp_path / "shapes", "shapes"):
        assert names(tmp_path / "shapes" / ".fetching") == ["file.1.partial"]


def test_of_each_file_the_furthest_download_counts(tmp_path: Path) -> None:
    assert kept_bytes(tmp_path, ["a"]) == 0
    put(
        tmp_path / ".fetching",
        {"a.1.partial": 5, "a.2.partial": 7, "a.2.partial.json": 99, "ab.1.partial": 20, "b.c.1.partial": 3},
    )
    assert kept_bytes(tmp_path, ["a", "b.c", "none"]) == 10
