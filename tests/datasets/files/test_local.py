from __future__ import annotations

import errno
import gzip
import os
import shutil
import tarfile
import zipfile
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from disentangle_bench.datasets.files import hashes
from disentangle_bench.datasets.files.file import File, FileSet
from disentangle_bench.datasets.files.hashes import Note, note_on
from disentangle_bench.datasets.files.local import LocalCopy, LocalFolder, copy_file
from disentangle_bench.errors import DataError, StorageError

Files = dict[str, bytes]


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def contents(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def put(folder: Path, files: Files) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_a_folder_that_vanishes_meanwhile_is_passed_over(
    tmp_path: Path, published: FileSet, files: Files, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "copy/a", {"other": b"0"})
    put(tmp_path / "copy/b", files)
    scan = os.scandir

    def scandir(path: str | Path) -> object:
        if Path(path).name == "a":
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    LocalCopy(tmp_path / "copy", published.files).fetch(published.files, into)
    assert contents(into) == files


@pytest.mark.parametrize("part", ["shapes", ""])
def test_a_folder_gives_files_as_they_are_or_packed(tmp_path: Path, files: Files, into: Path, part: str) -> None:
    labels = gzip.compress(files["labels"])
    root = put(tmp_path / "root" / part, {"shapes.npz": b"no", "labels.gz": labels, "shapes": files["shapes"]})
    LocalFolder(tmp_path / "root", ("shapes",)).fetch(dict.fromkeys([*files, "other"], File(None)), into)
    assert contents(into) == files
    assert (root / "labels.gz").exists()


def packed(path: Path, files: Files) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            source = put(path.parent / "packing", {name: content}) / name
            archive.add(source, f"data/{name}")
    return path


def zipped(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"deep/in/{name}", content)
    return path


PLACES: dict[str, Callable[[Path, Files], Path]] = {
    "folder": put,
    "folder at depth": lambda path, files: put(path / "a" / "b", files) and path,
    "packed at depth": lambda path, files: (
        put(path / "a", {f"{name}.gz": gzip.compress(content) for name, content in files.items()}) and path
    ),
    "tar": packed,
    "zip": zipped,
}


@pytest.mark.parametrize("place", PLACES)
def test_a_copy_may_be_in_a_folder_or_an_archive(
    tmp_path: Path, published: FileSet, files: Files, into: Path, place: str
) -> None:
    path = PLACES[place](tmp_path / "copy", {"notes.txt": b"mine", **files})
    LocalCopy(path, published.files).fetch(published.files, into)
    assert contents(into) == files


@pytest.mark.parametrize(("name", "pack"), [("labels", False), ("labels.gz", True), ("labels (1).download", False)])
def test_a_copy_may_be_one_file(
    tmp_path: Path, published: FileSet, files: Files, into: Path, *, name: str, pack: bool
) -> None:
    content = gzip.compress(files["labels"]) if pack else files["labels"]
    LocalCopy(put(tmp_path / "copy", {name: content}) / name, published.files).fetch(published.files, into)
    assert contents(into) == {"labels": files["labels"]}


def test_what_is_none_of_the_files_gives_nothing(tmp_path: Path, published: FileSet, into: Path) -> None:
    LocalCopy(put(tmp_path / "copy", {"notes": b"mine"}) / "notes", published.files).fetch(published.files, into)
    assert contents(into) == {}


def test_of_several_files_of_one_name_the_right_one_is_taken(
    tmp_path: Path, published: FileSet, files: Files, into: Path
) -> None:
    put(tmp_path / "copy" / "another-set", dict.fromkeys(files, b"another set's, and nearer to the top"))
    put(tmp_path / "copy" / "b" / "this-set", files)
    LocalCopy(tmp_path / "copy", published.files).fetch(published.files, into)
    assert contents(into) == files


def test_an_archive_that_leads_out_of_itself_leads_nowhere(
    tmp_path: Path, published: FileSet, files: Files, into: Path
) -> None:
    path = tmp_path / "copy.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../labels", files["labels"])
        archive.writestr("/etc/shapes", files["shapes"])
    before = sorted(tmp_path.rglob("*"))
    LocalCopy(path, published.files).fetch(published.files, into)
    assert contents(into) == files
    assert sorted(set(tmp_path.rglob("*")) - set(before)) == [into / "labels", into / "shapes"]


def test_links_in_an_archive_are_not_followed(tmp_path: Path, published: FileSet, into: Path) -> None:
    secret = put(tmp_path, {"secret": b"secret"}) / "secret"
    with tarfile.open(tmp_path / "copy.tar", "w") as archive:
        for name, kind in (("labels", tarfile.SYMTYPE), ("shapes", tarfile.LNKTYPE)):
            link = tarfile.TarInfo(f"data/{name}")
            link.type, link.linkname = kind, str(secret)
            archive.addfile(link)
    LocalCopy(tmp_path / "copy.tar", published.files).fetch(published.files, into)
    assert contents(into) == {}


def test_a_damaged_archive_is_reported(tmp_path: Path, published: FileSet, files: Files, into: Path) -> None:
    path = packed(tmp_path / "copy.tar.gz", {**files, "shapes": files["shapes"] * 9})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"copy\.tar\.gz is not a complete archive"):
        LocalCopy(path, published.files).fetch(dict.fromkeys(files, File(None)), into)


def test_a_copy_that_is_not_there_is_reported(tmp_path: Path, published: FileSet, into: Path) -> None:
    with pytest.raises(StorageError, match=r"Could not read .*none: No such file"):
        LocalCopy(tmp_path / "none", published.files).fetch(published.files, into)


def test_a_copy_is_hashed_on_the_way(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes, "_LARGE", 1)
    source = put(tmp_path, {"file": bytes(3 << 20)}) / "file"
    copy_file(source, into / "copy")
    assert (into / "copy").read_bytes() == bytes(3 << 20)
    note = Note.read(note_on(into / "copy", into))
    assert note == Note.of(into / "copy", hashes.computed_sha256(source))
    assert len(list(into.iterdir())) == 2


def test_a_copy_needs_space(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(0, 0, 67_200_000))
    with pytest.raises(StorageError, match=rf"{into} has 67\.2 MB free; 70\.3 MB are needed for file"):
        copy_file(put(tmp_path, {"file": bytes(3 << 20)}) / "file", into / "copy")
    assert contents(into) == {}


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, published: FileSet, into: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="pipe is not a regular file"):
        LocalCopy(tmp_path / "pipe", published.files).fetch(published.files, into)
