from __future__ import annotations

import errno
import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from disentangle_bench.datasets.files.archives import is_gzip, unpack_gzip, unpack_members
from disentangle_bench.datasets.files.file import File
from disentangle_bench.errors import DataError, StorageError

CONTENT = bytes(range(256)) * 500

ANY = dict.fromkeys("xyz", File(None))


def tar(path: Path, members: dict[str, bytes | tarfile.TarInfo], compression: str = "gz") -> Path:
    with tarfile.open(path, f"w:{compression}") as file:
        for name, member in members.items():
            if isinstance(member, bytes):
                info = tarfile.TarInfo(name)
                info.size = len(member)
                file.addfile(info, io.BytesIO(member))
            else:
                file.addfile(member)
    return path


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.mkdir("package")
        for name, member in members.items():
            file.writestr(name, member)
    return path


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "file.gz"
    archive.write_bytes(gzip.compress(CONTENT))
    unpack_gzip(archive, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert is_gzip(archive)
    assert not is_gzip(tmp_path / "file")


@pytest.mark.parametrize("fault", ["cut", "flipped", "not gzip", "trailing garbage"])
def test_damaged_gzip_is_reported_and_leaves_nothing(tmp_path: Path, fault: str) -> None:
    packed = gzip.compress(CONTENT)
    middle = len(packed) // 2
    broken = {
        "cut": packed[:-20],
        "flipped": packed[:middle] + bytes([packed[middle] ^ 0xFF]) + packed[middle + 1 :],
        "not gzip": CONTENT,
        "trailing garbage": packed + b"garbage",
    }[fault]
    archive = tmp_path / "file.gz"
    archive.write_bytes(broken)
    with pytest.raises(DataError, match=r"file\.gz is not a complete archive"):
        unpack_gzip(archive, tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file.gz"]


def test_an_archive_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"Could not read .*file\.gz: No such file"):
        unpack_gzip(tmp_path / "file.gz", tmp_path / "file")


def test_no_space_left_is_reported_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: gzip.GzipFile, size: int) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    archive = tmp_path / "file.gz"
    archive.write_bytes(gzip.compress(CONTENT))
    monkeypatch.setattr(gzip.GzipFile, "read", full)
    with pytest.raises(StorageError, match="No space left on device") as caught:
        unpack_gzip(archive, tmp_path / "file")
    assert "Free some space" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file.gz"]


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_members_of_a_tar_are_copied(tmp_path: Path, compression: str) -> None:
    archive = tar(tmp_path / "a.tar", {"package/x": b"no", "package/data/x": CONTENT}, compression)
    unpack_members(archive, {"package/data/x": "y"}, tmp_path / "out", ANY)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {"y": CONTENT}


def test_members_of_a_zip_are_copied(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"package/x": b"no", "package/data/x": CONTENT})
    unpack_members(archive, {"package/data/x": "y"}, tmp_path / "out", ANY)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {"y": CONTENT}


@pytest.mark.parametrize("name", ["../escape", "/escape", "package/link"])
def test_paths_and_links_in_an_archive_decide_nothing(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    link = tarfile.TarInfo("package/link")
    link.type, link.linkname = tarfile.SYMTYPE, str(secret)
    members = {"../escape": b"out", "/escape": b"out", "package/link": link}
    archive = tar(tmp_path / "a.tar", {name: members[name], "package/x": b"in"})
    unpack_members(archive, {"package/x": "x"}, tmp_path / "out", ANY)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["x"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "out", "secret"]
    if name == "package/link":
        with pytest.raises(DataError, match=r"a\.tar holds no regular file package/link"):
            unpack_members(archive, {name: "y"}, tmp_path / "out", ANY)


def test_an_absent_member_is_named(tmp_path: Path) -> None:
    for archive in (tar(tmp_path / "a.tar", {"x": b""}), zipped(tmp_path / "a.zip", {"x": b""})):
        with pytest.raises(DataError, match=f"{archive.name} holds no regular file y, z"):
            unpack_members(archive, {"y": "y", "x": "x", "z": "z"}, tmp_path, ANY)


@pytest.mark.parametrize(
    ("kind", "fault"),
    # A flipped byte in a .tar or .tar.gz is for the file's SHA-256 to tell: the archive's own sum is at its end.
    [
        *((kind, "cut") for kind in ("", "gz", "bz2", "xz", "zip")),
        ("bz2", "flipped"),
        ("xz", "flipped"),
        ("zip", "flipped"),
    ],
)
def test_damaged_archives_are_reported_and_leave_nothing(tmp_path: Path, kind: str, fault: str) -> None:
    archive = tmp_path / "archive"
    noise = b"".join(bytes([(i * i * 7 + i // 3) % 256]) for i in range(60_000))
    zipped(archive, {"x": noise}) if kind == "zip" else tar(archive, {"x": noise}, kind)
    content = archive.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]
    archive.write_bytes(content[:middle] if fault == "cut" else flipped)
    with pytest.raises(DataError, match="archive is not a complete archive"):
        unpack_members(archive, {"x": "x"}, tmp_path / "out", ANY)
    assert list((tmp_path / "out").iterdir() if (tmp_path / "out").exists() else ()) == []


def test_no_more_is_unpacked_than_a_file_may_have(tmp_path: Path) -> None:
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(10**7)))
    with pytest.raises(DataError, match=r"bomb\.gz: file unpacks to more than 1\.0 MB"):
        unpack_gzip(tmp_path / "bomb.gz", tmp_path / "file", 10**6)
    archive = tar(tmp_path / "a.tar", {"x": bytes(10**7)}, "xz")
    for pack in (archive, zipped(tmp_path / "a.zip", {"x": bytes(10**7)})):
        with pytest.raises(DataError, match=f"{pack.name}: x unpacks to more than 1.0 MB"):
            unpack_members(pack, {"x": "x"}, tmp_path, {"x": File(None, 500_000)})
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("compression", ["", "gz"])
@pytest.mark.parametrize(
    ("kind", "size", "message"),
    [
        (tarfile.REGTYPE, 8**11 - 1, r"it unpacks to more than 4\.0 GB"),
        (tarfile.GNUTYPE_LONGNAME, 3 * 10**9, r"its header states a length of 3,000,000,\d+ bytes"),
        (tarfile.XHDTYPE, 3 * 10**9, r"its header states a length of 3,000,000,\d+ bytes"),
    ],
    ids=["file", "name", "pax"],
)
def test_huge_sizes_in_a_tar_header_are_refused(
    tmp_path: Path, compression: str, kind: bytes, size: int, message: str
) -> None:
    header = tarfile.TarInfo("other")
    header.type, header.size = kind, size
    content = header.tobuf(tarfile.GNU_FORMAT) + bytes(2048)
    (tmp_path / "a.tar").write_bytes(gzip.compress(content) if compression else content)
    with pytest.raises(DataError, match=message):
        unpack_members(tmp_path / "a.tar", {"x": "x"}, tmp_path / "out", ANY)
