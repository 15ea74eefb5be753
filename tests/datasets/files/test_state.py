from __future__ import annotations

import os
from dataclasses import replace
from hashlib import md5
from pathlib import Path

import pytest

from disentangle_bench.datasets.files import hashes
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.file import File, FileSet
from disentangle_bench.datasets.files.sources import WebFolder
from disentangle_bench.datasets.files.state import presence, standing, verify
from disentangle_bench.errors import DataError, DownloadError

Files = dict[str, bytes]


def put(folder: Path, files: Files) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def unpublished(published: FileSet) -> FileSet:
    return replace(published, files=dict.fromkeys(published.files, File(None)))


def conditions(published: FileSet, data_dir: Path | None = None) -> dict[str, str]:
    return {file.name: file.condition for file in verify(published, data_dir)}


def test_presence_is_seen_at_a_glance(published: FileSet, cache: Path, files: Files, monkeypatch) -> None:
    monkeypatch.setattr(Path, "open", None)  # nothing is read
    assert presence(published) == "absent"
    monkeypatch.undo()
    monkeypatch.setenv("DBENCH_CACHE", str(cache.parent.parent))
    put(cache, {"labels": files["labels"]})
    assert presence(published) == "partly"
    put(cache, files)
    assert presence(published) == "cached"
    put(cache, {"labels": b"cut"})
    assert presence(published) == "partly", "a file of another size is none"


def test_presence_in_the_users_folder(published, cache: Path, files: Files, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("DBENCH_DATA", str(tmp_path / "mine"))
    assert presence(published) == "absent", "a folder that is not there is no reason to fail"
    put(tmp_path / "mine" / "SHAPES" / "raw", files)
    assert presence(published) == "in DBENCH_DATA"


def test_optional_files_do_not_count(published: FileSet, cache: Path, files: Files) -> None:
    put(cache, files)
    extra = replace(published, files={**published.files, "extra": File("0" * 64, 9, optional=True)})
    assert presence(extra) == "cached"
    assert conditions(extra)["extra"] == "not asked for"
    assert all(file.sound for file in verify(extra))


def test_a_published_size_that_nobody_verified_hides_no_file(published, cache: Path, files: Files) -> None:
    put(cache, files)
    theirs = {name: replace(file, bytes=1, verified=False) for name, file in published.files.items()}
    assert presence(replace(published, files=theirs)) == "cached"


def test_a_partial_download_counts_as_a_part(published: FileSet, cache: Path, files: Files, web) -> None:
    web.serve("/shapes", files["shapes"], breaks=[5000] * 9, ranges=False)
    with pytest.raises(DownloadError):
        obtain(published, lambda: [WebFolder(web.url)])
    assert presence(published) == "partly"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ""),
        ({"a": File("0" * 64), "b": File("1" * 64)}, "verified"),
        ({"a": File("0" * 64), "b": File("1" * 64, verified=False)}, "unverified"),
        ({"a": File("0" * 64), "b": File(None, md5="1" * 32, verified=False)}, "unverified"),
        ({"a": File("0" * 64, verified=False), "b": File(None)}, "unknown"),
    ],
)
def test_the_weakest_hash_decides(published: FileSet, files: dict[str, File], expected: str) -> None:
    assert standing(replace(published, files=files)) == expected


def test_every_file_is_reported(published: FileSet, cache: Path, files: Files) -> None:
    assert conditions(published) == {"shapes": "missing", "labels": "missing"}
    put(cache, {**files, "labels": b"round square wrong"})
    assert conditions(published) == {"shapes": "whole", "labels": "damaged"}
    whole, damaged = verify(published)
    assert (whole.path, whole.sound, whole.fault) == (cache / "shapes", True, "")
    assert not damaged.sound
    assert damaged.fault.endswith(f"instead of {published.files['labels'].sha256}")
    put(cache, {"labels": b"short"})
    assert conditions(published)["labels"] == "damaged"


def test_the_users_folder_goes_before_the_cache(published, cache: Path, files: Files, tmp_path: Path) -> None:
    put(cache, files)
    put(tmp_path / "mine", {"labels": b"round square wrong"})
    assert conditions(published, tmp_path / "mine") == {"shapes": "whole", "labels": "damaged"}
    with pytest.raises(DataError, match="which is not a folder"):
        verify(published, tmp_path / "none")


def test_a_cached_copy_does_not_hide_damage_in_the_users_folder(published, cache: Path, files: Files, tmp_path) -> None:
    put(cache, files)
    short = tmp_path / "mine" / "labels"
    put(short.parent, {"labels": files["labels"][:-1]})
    assert conditions(published, tmp_path / "mine") == {"shapes": "whole", "labels": "damaged"}
    assert [file.path for file in verify(published, tmp_path / "mine") if not file.sound] == [short]


def test_without_a_published_hash_it_has_to_stay_as_it_came(published, cache: Path, files: Files) -> None:
    put(cache, files)
    assert set(conditions(unpublished(published)).values()) == {"unknown"}, "it was not noted when it came"
    assert set(conditions(unpublished(published)).values()) == {"unchanged"}
    put(cache, {"labels": b"round square wrong"})
    assert conditions(unpublished(published)) == {"shapes": "unchanged", "labels": "damaged"}


def test_a_published_md5_tells_damage(published: FileSet, cache: Path, files: Files) -> None:
    put(cache, {**files, "labels": b"round square wrong"})
    theirs = {name: File(None, verified=False, md5=md5(content).hexdigest()) for name, content in files.items()}
    assert conditions(replace(published, files=theirs)) == {"shapes": "whole", "labels": "damaged"}
    put(cache, files)
    assert set(conditions(replace(published, files=theirs)).values()) == {"whole"}


def test_damage_that_size_and_time_do_not_tell_is_found_and_then_remembered(
    published, cache, files, web, monkeypatch
) -> None:
    monkeypatch.setattr(hashes, "_LARGE", 1)
    web.offer(files)
    path = obtain(published, lambda: [WebFolder(web.url, suffix=".gz")])["labels"]
    before = path.stat().st_mtime_ns
    path.write_bytes(b"round square wrong")
    os.utime(path, ns=(before, before))
    assert obtain(published, list)["labels"] == path, "its note is believed"
    assert conditions(published) == {"shapes": "whole", "labels": "damaged"}
    with pytest.raises(DownloadError, match=r"labels has the SHA-256"):
        obtain(published, list)
    obtain(published, lambda: [WebFolder(web.url, suffix=".gz")])
    assert set(conditions(published).values()) == {"whole"}
