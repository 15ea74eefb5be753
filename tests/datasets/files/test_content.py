from __future__ import annotations

import os
from pathlib import Path

import pytest

from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.content import content_of, forgotten_if_damaged
from disentangle_bench.datasets.files.file import File, FileSet
from disentangle_bench.errors import DataError, StorageError


def test_the_content_of_a_file_is_its_bytes(cache: Path, tmp_path: Path) -> None:
    for name, content in {"a": b"x", "b": b"x", "c": b"y"}.items():
        (tmp_path / name).write_bytes(content)
    a, b, c = (content_of(tmp_path / name, "shapes") for name in "abc")
    assert a == b != c


def test_large_files_are_read_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(1000))
    monkeypatch.setattr("disentangle_bench.datasets.files.hashes._LARGE", 100)
    first = content_of(path, "shapes")
    monkeypatch.setattr(
        "disentangle_bench.datasets.files.hashes.computed_sha256", lambda path: pytest.fail("read again")
    )
    assert content_of(path, "shapes") == first


def test_the_content_of_a_folder_changes_with_its_files(cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "image").write_bytes(b"x")
    seen = [content_of(folder, "shapes")]
    assert content_of(folder, "shapes") == seen[0]
    (folder / "image").write_bytes(b"x")
    seen.append(content_of(folder, "shapes"))
    os.utime(folder / "image", ns=(0, 0))
    seen.append(content_of(folder, "shapes"))
    (folder / "image").rename(folder / "other")
    seen.append(content_of(folder, "shapes"))
    assert len(set(seen)) == 4


def test_what_is_not_there_is_reported(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"Could not read .*none: No such file"):
        content_of(tmp_path / "none", "shapes")


def test_a_damaged_first_copy_is_not_what_others_have_to_match(cache: Path, tmp_path: Path) -> None:
    published = FileSet("shapes", {"labels": File(None, verified=False)})
    (tmp_path / "labels").write_bytes(b"round squ")
    path = obtain(published, list, tmp_path)["labels"]
    with pytest.raises(DataError, match="too short"), forgotten_if_damaged(published, path):
        raise DataError("labels is too short.")
    path.write_bytes(b"round square round")
    assert obtain(published, list, tmp_path)["labels"] == path
    with forgotten_if_damaged(published, path):
        pass
    path.write_bytes(b"round square wrong")
    with pytest.raises(DataError, match="which the first copy had"):
        obtain(published, list, tmp_path)
