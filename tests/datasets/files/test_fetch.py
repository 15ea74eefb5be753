from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from disentangle_bench.datasets.files.fetch import fetch, take_copy
from disentangle_bench.datasets.files.file import File, FileSet
from disentangle_bench.datasets.files.sources import WebFolder
from disentangle_bench.errors import DataError, DownloadError
from tests.datasets.conftest import declared

Files = dict[str, bytes]


@pytest.fixture
def optional(published: FileSet) -> FileSet:
    """The small set with a file that is needed only on request."""
    return replace(published, files={**published.files, "extra": replace(declared(b"extra"), optional=True)})


def test_what_is_declared_is_fetched_without_loading(published: FileSet, cache: Path, files: Files, web) -> None:
    web.files = {f"/{name}": content for name, content in files.items()}
    assert fetch(published, lambda: [WebFolder(web.url)]) == {name: cache / name for name in files}


def test_optional_files_are_fetched_if_asked_for(optional: FileSet, cache: Path, files: Files, web) -> None:
    web.files = {f"/{name}": content for name, content in {**files, "extra": b"extra"}.items()}
    sources = [WebFolder(web.url)]
    assert list(fetch(optional, lambda: sources)) == ["shapes", "labels"]
    assert "/extra" not in web.asked
    assert list(fetch(optional, lambda: sources, optional=True)) == ["shapes", "labels", "extra"]


def test_files_without_sources_are_refused(published: FileSet, cache: Path) -> None:
    with pytest.raises(DataError, match="shapes declares files, but no source of them"):
        fetch(published, None)


@pytest.mark.parametrize("size", [0, 99, 20_001])
def test_a_size_that_is_far_off_is_refused_where_no_hash_is_known(
    published: FileSet, cache: Path, tmp_path: Path, web, *, size: int
) -> None:
    estimated = replace(published, files={"pixels": File(None, 10_000, verified=False)})
    copy = put(tmp_path / "copy", {"pixels": bytes(size)})
    wrong = f"pixels has {size:,} bytes instead of about 10,000"
    with pytest.raises(DataError, match=wrong):
        take_copy(estimated, copy / "pixels")
    web.files = {"/pixels": bytes(size)}
    stated = "states 20,001 bytes of pixels, 20,000 are expected at most"
    with pytest.raises(DownloadError, match=stated if size == 20_001 else wrong):
        fetch(estimated, lambda: [WebFolder(web.url)])
    assert not (cache / "pixels").exists()


@pytest.mark.parametrize("size", [100, 10_000, 20_000])
def test_a_size_that_is_near_an_estimate_will_do(published: FileSet, cache: Path, tmp_path: Path, size: int) -> None:
    estimated = replace(published, files={"pixels": File(None, 10_000, verified=False)})
    copy = put(tmp_path / "copy", {"pixels": bytes(size)})
    assert take_copy(estimated, copy) == ({"pixels": cache / "pixels"}, ())


def put(folder: Path, files: Files) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_files_are_taken_from_a_copy_one_by_one(published, cache: Path, files: Files, tmp_path: Path) -> None:
    copy = put(tmp_path / "downloads", files)
    assert take_copy(published, copy / "labels") == ({"labels": cache / "labels"}, ("shapes",))
    assert take_copy(published, copy / "shapes") == ({name: cache / name for name in files}, ())
    assert {name: (cache / name).read_bytes() for name in files} == files
    assert (copy / "labels").read_bytes() == files["labels"]


def test_a_copy_gives_optional_files_too_and_they_are_not_missed(optional, cache: Path, files: Files, tmp_path) -> None:
    paths, missing = take_copy(optional, put(tmp_path / "some", files))
    assert (list(paths), missing) == (["shapes", "labels"], ())
    paths, missing = take_copy(optional, put(tmp_path / "all", {"extra": b"extra"}))
    assert (list(paths), missing) == (["shapes", "labels", "extra"], ())


def test_a_wrong_copy_is_reported_and_not_kept(published: FileSet, cache: Path, files: Files, tmp_path: Path) -> None:
    copy = put(tmp_path / "copy", {**files, "labels": b"round square wrong"})
    with pytest.raises(
        DataError, match=f"{copy}: labels has the SHA-256 .* instead of {published.files['labels'].sha256}"
    ):
        take_copy(published, copy)
    assert not (cache / "labels").exists()
    assert (cache / "shapes").exists(), "what is right is kept"


def test_a_copy_without_any_of_the_files_is_reported(published, cache: Path, files: Files, tmp_path: Path) -> None:
    put(cache, {"labels": files["labels"]})
    copy = put(tmp_path / "copy", {"labels": files["labels"], "notes": b"mine"})
    with pytest.raises(DataError, match=f"{copy} holds none of the missing files of shapes: shapes"):
        take_copy(published, copy)


def test_a_damaged_file_in_the_cache_is_replaced_by_a_copy(
    published: FileSet, cache: Path, files: Files, tmp_path
) -> None:
    put(cache, {**files, "labels": b"round square wrong"})
    with pytest.raises(DataError, match="holds none of the missing files of shapes: labels"):
        take_copy(published, put(tmp_path / "one", {"shapes": files["shapes"]}))
    take_copy(published, put(tmp_path / "copy", files))
    assert (cache / "labels").read_bytes() == files["labels"]


def test_a_copy_without_a_published_hash_may_replace_what_is_there(published, cache: Path, tmp_path: Path) -> None:
    unpublished = replace(published, files={"labels": File(None, verified=False)})
    take_copy(unpublished, put(tmp_path / "cut", {"labels": b"round squ"}))
    with pytest.raises(DataError, match="which the first copy had") as caught:
        take_copy(unpublished, put(tmp_path / "whole", {"labels": b"round square round"}))
    note = cache / ".labels.sha256.json"
    assert f"if this one is right, remove {note}" in str(caught.value)
    note.unlink()
    take_copy(unpublished, tmp_path / "whole")
    assert (cache / "labels").read_bytes() == b"round square round"


def test_offline_a_copy_is_taken(published: FileSet, cache: Path, files: Files, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    packed = {f"{name}.gz": gzip.compress(content) for name, content in files.items()}
    assert take_copy(published, put(tmp_path / "copy", packed))[1] == ()


def test_what_cannot_be_fetched_names_the_way_to_import(published: FileSet, cache: Path, web) -> None:
    with pytest.raises(DownloadError, match=r"`dbench data fetch shapes --from PATH` copies them"):
        fetch(published, lambda: [WebFolder(web.url)])
