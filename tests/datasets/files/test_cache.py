from __future__ import annotations

import errno
import gzip
import hashlib
import shutil
import tempfile
from collections import namedtuple
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from filelock import FileLock

from disentangle_bench.datasets.files import downloads
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.file import File, FileSet
from disentangle_bench.datasets.files.sources import WebFolder
from disentangle_bench.errors import DataError, DownloadError, StorageError
from tests.datasets.conftest import declared

WRONG = b"round square wrong"


@dataclass
class Given:
    """A source that gives certain bytes, or does something else instead, and counts how often it is asked."""

    contents: dict[str, bytes] = field(default_factory=dict)
    instead: Callable[[Path], None] | None = None
    name: str = "given"
    network: bool = True
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def fetch(self, wanted: Collection[str], into: Path) -> None:
        self.asked.append(tuple(wanted))
        for name in wanted:
            if name in self.contents:
                (into / name).write_bytes(self.contents[name])
        if self.instead:
            self.instead(into)


def failing(message: str) -> Callable[[Path], None]:
    def fail(into: Path) -> None:
        (into / "labels").write_bytes(b"half")
        raise DownloadError(message)

    return fail


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def put(folder: Path, contents: dict[str, bytes], *, packed: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)
    return folder


def test_what_a_source_gives_is_kept_and_not_asked_for_again(published: FileSet, cache: Path, files) -> None:
    source = Given(files)
    for _ in range(2):
        paths = obtain(published, lambda: [source])
        assert {name: path.read_bytes() for name, path in paths.items()} == files
    assert {path.parent for path in paths.values()} == {cache}
    assert listing(cache) == ["labels", "shapes"]
    assert source.asked == [("shapes", "labels")]


def test_each_source_is_asked_for_what_is_still_missing(published: FileSet, cache: Path, files) -> None:
    first, second, third = (
        Given({"shapes": files["shapes"]}, failing("Broke off.")), Given(files), Given(files),
    )  # fmt: skip
    obtain(published, lambda: [first, second, third])
    assert (first.asked, second.asked, third.asked) == ([("shapes", "labels")], [("labels",)], [])
    assert listing(cache) == ["labels", "shapes"]


def test_all_failures_of_all_sources_are_listed(published: FileSet, cache: Path, files) -> None:
    listed = [
        Given(instead=failing("Nobody answered."), name="one"),
        Given({"shapes": b"<html>Sorry</html>", "labels": files["labels"]}, name="two"),
        Given(name="three"),
    ]
    with pytest.raises(DownloadError) as caught:
        obtain(published, lambda: listed)
    message = str(caught.value)
    assert "shapes: shapes could not be downloaded." in message
    assert "  one: Nobody answered; labels has 4 bytes instead of 18" in message
    assert "  two: shapes has 18 bytes instead of 10,240\n" in message
    assert "  three: has no shapes\n" in message
    assert f"as they are or as .gz, into {cache}" in message
    assert listing(cache) == ["labels"], "what was right is kept, what was wrong is not"


def test_a_source_that_has_nothing_is_reported_shortly(published: FileSet, cache: Path) -> None:
    with pytest.raises(DownloadError, match=r"given: has none of them\n"):
        obtain(published, lambda: [Given()])


def test_wrong_bytes_are_reported_even_if_another_source_is_right(published, cache: Path, files, capsys) -> None:
    obtain(published, lambda: [Given({**files, "labels": WRONG}), Given(files)])
    told = capsys.readouterr()
    assert (
        f"{hashlib.sha256(WRONG).hexdigest()} instead of {published.files['labels'].sha256}; it is not used" in told.err
    )
    assert told.out == ""
    assert (cache / "labels").read_bytes() == files["labels"]


def test_a_damaged_file_in_the_cache_is_reported_and_replaced(published: FileSet, cache: Path, files, capsys) -> None:
    put(cache, {**files, "labels": WRONG})
    source = Given(files)
    assert obtain(published, lambda: [source])["labels"].read_bytes() == files["labels"]
    assert source.asked == [("labels",)]
    assert f"{cache / 'labels'} has the SHA-256 {hashlib.sha256(WRONG).hexdigest()} instead of" in (
        capsys.readouterr().err
    )


def test_a_damaged_file_in_the_cache_is_never_used(published: FileSet, cache: Path, files) -> None:
    put(cache, {**files, "labels": WRONG})
    with pytest.raises(DownloadError, match=f"{cache / 'labels'} has the SHA-256 .* instead of"):
        obtain(published, lambda: [])


@pytest.mark.parametrize("folder", ["", "shapes", "SHAPES/raw"])
@pytest.mark.parametrize("by", ["argument", "environment"])
@pytest.mark.parametrize("packed", [False, True])
def test_the_users_folder_comes_first(
    published, cache: Path, files, tmp_path: Path, monkeypatch, *, folder: str, by: str, packed: bool
) -> None:
    root = tmp_path / "mine"
    put(root / folder, files, packed=packed)
    if by == "environment":
        monkeypatch.setenv("DBENCH_DATA", str(root))
    paths = obtain(published, lambda: [], root if by == "argument" else None)
    assert {name: path.read_bytes() for name, path in paths.items()} == files
    if packed:
        assert listing(cache) == ["labels", "shapes"]
        assert sorted(path.name for path in (root / folder).iterdir()) == ["labels.gz", "shapes.gz"]
    else:
        assert not cache.exists(), "files that are there as they are are used where they lie"


def test_the_argument_precedes_the_environment(published, cache: Path, files, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("DBENCH_DATA", str(put(tmp_path / "environment", files)))
    mine = put(tmp_path / "argument", files)
    assert {path.parent for path in obtain(published, lambda: [], mine).values()} == {mine}


def test_what_the_users_folder_lacks_comes_from_the_cache(published, cache: Path, files, tmp_path: Path) -> None:
    mine = put(tmp_path / "mine", {"labels": files["labels"]})
    put(cache, {"shapes": files["shapes"]})
    assert obtain(published, lambda: [], mine) == {"shapes": cache / "shapes", "labels": mine / "labels"}


@pytest.mark.parametrize("packed", [False, True])
def test_a_wrong_file_in_the_users_folder_is_reported(
    published, cache: Path, files, tmp_path: Path, packed: bool
) -> None:
    mine = put(tmp_path / "mine", {**files, "labels": WRONG}, packed=packed)
    source = Given(files)
    with pytest.raises(DataError) as caught:
        obtain(published, lambda: [source], mine)
    message = str(caught.value)
    assert str(mine) in message
    assert (
        f"labels has the SHA-256 {hashlib.sha256(WRONG).hexdigest()} instead of {published.files['labels'].sha256}"
        in message
    )
    assert source.asked == [], "a user who names a damaged file is told rather than served another"


def test_a_truncated_archive_in_the_users_folder_is_reported(published, cache: Path, files, tmp_path: Path) -> None:
    mine = put(tmp_path / "mine", files, packed=True)
    packed = mine / "shapes.gz"
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(DataError, match=f"{mine}: shapes.gz is not a complete archive"):
        obtain(published, lambda: [], mine)


def test_a_namesake_of_another_dataset_does_not_hide_the_right_file(published, cache, files, tmp_path: Path) -> None:
    mine = put(tmp_path / "mine", dict.fromkeys(files, b"another dataset's"))
    put(mine / "shapes-right", files)
    published = replace(published, subfolders=("shapes-right",))
    assert obtain(published, lambda: [], mine)["labels"] == mine / "shapes-right" / "labels"


def test_a_users_folder_that_is_none(published, cache: Path, tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(DataError, match=f"--data-dir names {tmp_path / 'none'}, which is not a folder"):
        obtain(published, lambda: [], tmp_path / "none")
    monkeypatch.setenv("DBENCH_DATA", str(tmp_path / "none"))
    with pytest.raises(DataError, match=f"DBENCH_DATA names {tmp_path / 'none'}, which is not a folder"):
        obtain(published, lambda: [])


def test_a_named_folder_without_any_of_the_files_is_refused(
    published, cache: Path, files, tmp_path: Path, monkeypatch
) -> None:
    put(cache, files)
    other = put(tmp_path / "other", {"notes.txt": b"mine"})
    with pytest.raises(DataError, match=f"names {other}, which holds none of the files of shapes: shapes, labels"):
        obtain(published, lambda: [], other)
    monkeypatch.setenv("DBENCH_DATA", str(other))  # it may hold the files of other datasets
    assert obtain(published, lambda: [])["labels"] == cache / "labels"


def test_offline_asks_no_network_and_says_where_files_can_be_put(published, cache: Path, files, monkeypatch) -> None:
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    web, local = Given(files), Given({"labels": files["labels"]}, network=False, name="local")
    with pytest.raises(DownloadError) as caught:
        obtain(published, lambda: [web, local])
    message = str(caught.value)
    assert web.asked == []
    assert "given: not tried, since DBENCH_OFFLINE forbids the network" in message
    assert "local: has no shapes" in message
    assert f"into {cache}" in message
    put(cache, {"shapes": files["shapes"]}, packed=True)
    assert obtain(published, lambda: [web])["shapes"].read_bytes() == files["shapes"]
    assert web.asked == []


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interruption_leaves_nothing_half_written(published, cache: Path, files, interruption) -> None:
    def interrupt(into: Path) -> None:
        raise interruption

    with pytest.raises(interruption):
        obtain(published, lambda: [Given({"shapes": files["shapes"][:99]}, interrupt)])
    assert listing(cache) == []
    assert obtain(published, lambda: [Given(files)])["shapes"].read_bytes() == files["shapes"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_disk_that_refuses_is_reported_and_leaves_nothing_half_written(
    published, cache: Path, files, number: int
) -> None:
    def refuse(into: Path) -> None:
        raise OSError(number, "The disk refused")

    second = Given(files)
    with pytest.raises(StorageError, match=f"Could not write {cache}: The disk refused") as caught:
        obtain(published, lambda: [Given({"shapes": b"half"}, refuse), second])
    assert "DBENCH_CACHE names another cache folder" in str(caught.value)
    assert listing(cache) == []
    assert second.asked == [], "another source has no more room"


def test_a_read_only_cache_serves_what_it_has(published, cache: Path, files, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cache, files)
    forbid_writing(monkeypatch)
    assert obtain(published, lambda: [])["labels"].read_bytes() == files["labels"]


def test_a_read_only_cache_that_lacks_a_file_is_reported(published, cache: Path, files, monkeypatch) -> None:
    put(cache, {"labels": files["labels"]})
    forbid_writing(monkeypatch)
    with pytest.raises(StorageError, match=f"Could not write {cache}: Read-only file system") as caught:
        obtain(published, lambda: [Given(files)])
    assert "DBENCH_CACHE names another cache folder" in str(caught.value)


def forbid_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a read-only file system does: for root, permissions do not bind, so they would test nothing."""

    def refuse(*args: object, **options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    monkeypatch.setattr(tempfile, "mkstemp", refuse)


def test_kept_files_may_be_read_by_the_users_group(published: FileSet, cache: Path, files) -> None:
    obtain(published, lambda: [Given(files)])
    reference = cache.parent / "reference"
    reference.touch()
    assert (cache / "labels").stat().st_mode == reference.stat().st_mode


def test_a_hash_that_others_published_is_compared_and_reported(published: FileSet, cache: Path, files) -> None:
    theirs = replace(published, files={**published.files, "labels": File("0" * 64, verified=False)})
    with pytest.raises(DownloadError, match=rf"instead of {'0' * 64}, which others published and"):
        obtain(theirs, lambda: [Given(files)])
    assert listing(cache) == ["shapes"]


def test_without_a_published_hash_the_first_copy_is_taken_and_noted(
    published: FileSet, cache: Path, files, capsys
) -> None:
    unpublished = replace(published, files={**published.files, "labels": File(None, verified=False)})
    obtain(unpublished, lambda: [Given(files)])
    digest = published.files["labels"].sha256
    assert f"No hash of labels is published: from now on its SHA-256 has to stay {digest}" in capsys.readouterr().err
    (cache / "labels").write_bytes(WRONG)
    with pytest.raises(DownloadError, match=f"labels has the SHA-256 .* instead of {digest}, which the first"):
        obtain(unpublished, list)
    assert obtain(unpublished, lambda: [Given(files)])["labels"].read_bytes() == files["labels"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, StorageError])
def test_what_was_whole_before_an_interruption_is_kept(published: FileSet, cache: Path, files, interruption) -> None:
    def interrupt(into: Path) -> None:
        raise interruption("now")

    with pytest.raises(interruption):
        obtain(published, lambda: [Given({"shapes": files["shapes"]}, interrupt)])
    assert listing(cache) == ["shapes"]
    source = Given(files)
    obtain(published, lambda: [source])
    assert source.asked == [("labels",)]


def test_space_for_all_files_is_asked_for_first(published: FileSet, cache: Path, files, monkeypatch) -> None:
    source, usage = Given(files), namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(0, 0, 67_108_864 + 10_257))
    with pytest.raises(StorageError, match=f"{cache} has 67.1 MB free; 67.1 MB are needed for shapes") as caught:
        obtain(published, lambda: [source])
    assert "DBENCH_CACHE names another cache folder" in str(caught.value)
    assert source.asked == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(0, 0, 67_108_864 + 10_258))
    obtain(published, lambda: [source])


def test_what_has_come_of_a_download_needs_no_space_again(
    published: FileSet, cache: Path, files, web, monkeypatch
) -> None:
    usage = namedtuple("usage", "total used free")
    served = web.serve("/shapes", files["shapes"], breaks=[8192] * 9)
    web.files["/labels"] = files["labels"]
    monkeypatch.setattr(downloads, "_PAUSES", ())
    with pytest.raises(DownloadError, match=r"8\.2 kB are kept, from which the next attempt resumes"):
        obtain(published, lambda: [WebFolder(web.url)])
    served.breaks = []
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(0, 0, 67_108_864 + 10_258 - 8192))
    obtain(published, lambda: [WebFolder(web.url)])
    assert served.requests == [None, "bytes=8192-"]
    assert listing(cache) == ["labels", "shapes"]


def test_an_optional_file_is_downloaded_only_on_request(published: FileSet, cache: Path, files) -> None:
    files["extra"] = b"extra"
    extended = replace(published, files={**published.files, "extra": replace(declared(b"extra"), optional=True)})
    assert list(obtain(extended, lambda: [Given(files)])) == ["shapes", "labels"]
    assert list(obtain(extended, lambda: [Given(files)], names=["extra"])) == ["extra"]
