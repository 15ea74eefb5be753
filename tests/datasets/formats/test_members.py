from __future__ import annotations

import io
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from disentangle_bench.datasets.formats import members as module
from disentangle_bench.datasets.formats.members import FolderMembers, Members, TarMembers, ZipMembers, open_members
from disentangle_bench.errors import DataError, StorageError

FILES = {
    "b/two.png": bytes(range(256)) * 30,
    "a/one.PNG": b"one",
    "notes.txt": b"",
    ".hidden": b"no",
    "a/._one.PNG": b"no",
    "__MACOSX/a/one.png": b"no",
}
SEEN = ["a/one.PNG", "b/two.png", "notes.txt"]


def folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.mkdir("a")
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, files: dict[str, bytes], compression: str = "") -> Path:
    with tarfile.open(path, f"w:{compression}") as archive:
        link = tarfile.TarInfo("a/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hosts"
        archive.addfile(link)
        for name, content in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


MAKERS = [folder, zipped, tarred]


@pytest.fixture(params=MAKERS, ids=lambda make: make.__name__)
def members(request: pytest.FixtureRequest, tmp_path: Path) -> Members:
    return open_members(request.param(tmp_path / "it", FILES))


def test_files_are_named_in_order_and_read(members: Members) -> None:
    assert members.names() == SEEN
    assert members.names(".png", ".jpg") == ["a/one.PNG", "b/two.png"]
    assert {name: members.read(name) for name in reversed(SEEN)} == {name: FILES[name] for name in SEEN}
    assert "notes.txt" in members
    assert ".hidden" not in members


def test_each_kind_is_known_by_its_content(tmp_path: Path) -> None:
    kinds = [type(open_members(make(tmp_path / make.__name__, FILES))) for make in MAKERS]
    assert kinds == [FolderMembers, ZipMembers, TarMembers]


def test_a_file_that_is_not_there_is_reported(members: Members) -> None:
    with pytest.raises(DataError, match=r"it holds no file b/three\.png"):
        members.read("b/three.png")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../secret", "..\\secret", "C:\\secret", ""])
def test_a_name_that_leads_out_is_refused(members: Members, name: str) -> None:
    (members.path.parent / "secret").write_text("secret")
    with pytest.raises(DataError, match="a path outside itself"):
        members.read(name)


@pytest.mark.parametrize("make", [zipped, tarred])
def test_an_archive_with_a_path_outside_itself_is_refused(tmp_path: Path, make: Callable[..., Path]) -> None:
    archive = make(tmp_path / "it", {"a.png": b"a", "../b.png": b"b"})
    with pytest.raises(DataError, match=r"names '\.\./b\.png', a path outside itself"):
        open_members(archive)


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds a/one\.png twice"):
        open_members(tarred(tmp_path / "it", {"a/one.png": b"1", "./a/one.png": b"2"}))
    twice = zipped(tmp_path / "zip", {"x": b"1", "y": b"2"}, zipfile.ZIP_STORED)
    twice.write_bytes(twice.read_bytes().replace(b"y", b"x"))
    with pytest.raises(DataError, match="holds x twice"):
        open_members(tmp_path / "zip")


def test_links_in_a_tar_are_no_files(tmp_path: Path) -> None:
    assert "a/link.png" not in open_members(tarred(tmp_path / "it", FILES))


def test_they_can_be_pickled_after_use(members: Members) -> None:
    members.read("a/one.PNG")
    again = pickle.loads(pickle.dumps(members))
    assert again.names() == SEEN
    assert again.read("b/two.png") == FILES["b/two.png"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes_that_were_forked_do_not_disturb_each_other(tmp_path: Path) -> None:
    files = {f"{number:03}": bytes([number]) * 5000 for number in range(100)}
    members = open_members(zipped(tmp_path / "it", files, zipfile.ZIP_STORED))
    members.read("000")
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        contents = list(pool.map(members.read, files))
    assert contents == list(files.values())


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize("keep", [0.3, 0.7])
def test_a_truncated_archive_is_reported(tmp_path: Path, make: Callable[..., Path], keep: float) -> None:
    noise = b"".join(bytes([(i * i * 7 + i // 3) % 256]) for i in range(40_000))
    archive = make(tmp_path / "it", {"a": noise, "b": noise[::-1]})
    archive.write_bytes(archive.read_bytes()[: int(keep * archive.stat().st_size)])

    def read_all() -> None:
        members = open_members(archive)
        for name in ("a", "b"):
            members.read(name)

    with pytest.raises(DataError, match="it is not a complete archive"):
        read_all()


def test_a_flipped_byte_in_a_zip_is_reported(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "it", {"a": b"0123456789" * 100}, zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    content[content.index(b"0123456789") + 5] ^= 1
    archive.write_bytes(content)
    with pytest.raises(DataError, match="Bad CRC-32"):
        open_members(archive).read("a")


def test_an_encrypted_file_is_reported(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "it", {"x": b"0123456789"}, zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.rindex(mark) + flags] |= 1
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r"x cannot be unpacked: .* encrypted"):
        open_members(archive).read("x")


@pytest.mark.parametrize("compression", ["gz", "bz2", "xz"])
def test_a_tar_that_is_compressed_as_a_whole_is_refused(tmp_path: Path, compression: str) -> None:
    with pytest.raises(DataError, match="compressed as a whole"):
        open_members(tarred(tmp_path / "it", FILES, compression))


def test_what_is_no_archive_or_not_there_is_reported(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(b"<html>Sorry</html>" * 100)
    with pytest.raises(DataError, match="is not a folder, zip or tar archive"):
        open_members(tmp_path / "it")
    with pytest.raises(StorageError, match="No such file"):
        open_members(tmp_path / "other")


def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "endless.png").symlink_to("/dev/zero")
    members = open_members(tmp_path)
    for name in ("pipe.png", "endless.png"):
        with pytest.raises(StorageError, match=rf"{name} is not a regular file"):
            members.read(name)
        with pytest.raises(StorageError, match=rf"{name} is not a regular file"):
            open_members(tmp_path / name)


@pytest.mark.parametrize("make", [folder, zipped, tarred])
def test_a_file_that_is_too_large_for_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[..., Path]
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    members = open_members(make(tmp_path / "files", {"a/one.png": bytes(1000), "b/two.png": bytes(1001)}))
    assert len(members.read("a/one.png")) == 1000
    with pytest.raises(DataError, match=r"files: b/two\.png has more than 1\.0 kB"):
        members.read("b/two.png")


def test_sizes_in_a_tar_header_are_not_believed(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x.png")
    header.size = 8**11 - 1
    (tmp_path / "a.tar").write_bytes(header.tobuf() + bytes(2048))
    with pytest.raises(DataError, match="unexpected end of data"):
        open_members(tmp_path / "a.tar")
    header.size = 2**30
    (tmp_path / "a.tar").write_bytes(header.tobuf())
    os.truncate(tmp_path / "a.tar", 2**30 + 2048)  # without taking any space
    members = open_members(tmp_path / "a.tar")
    with pytest.raises(DataError, match=r"a\.tar: x\.png has more than 536\.9 MB"):
        members.read("x.png")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 8**11 - 1
    (tmp_path / "a.tar").write_bytes(header.tobuf() + bytes(2048))
    with pytest.raises(DataError, match=r"a\.tar is not a folder, zip or tar archive"):
        open_members(tmp_path / "a.tar")
