from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from disentangle_bench.datasets.files import hashes
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.hashes import (
    Note,
    computed_sha256,
    digest_of,
    digests,
    fault_of,
    mismatch,
    note_on,
)
from disentangle_bench.errors import StorageError
from tests.datasets.conftest import declared

CONTENT = b"some bytes"
OTHER = b"same bytes"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "cache" / "file"
    file.parent.mkdir()
    file.write_bytes(CONTENT)
    return file


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read in order to compute a hash; every file counts as large."""
    files: list[Path] = []
    real = hashes.computed_sha256

    def record(path: Path) -> str:
        files.append(path)
        return real(path)

    monkeypatch.setattr(hashes, "computed_sha256", record)
    monkeypatch.setattr(hashes, "_LARGE", 1)
    return files


def change(path: Path, content: bytes) -> None:
    """Write other bytes, at another time even where the clock is coarse."""
    before = path.stat().st_mtime_ns
    path.write_bytes(content)
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


def test_a_large_file_is_read_once(path: Path, read: list[Path]) -> None:
    place = note_on(path, path.parent)
    assert fault_of(path, declared(CONTENT), place) == ""
    written = place.stat().st_mtime_ns
    for _ in range(2):
        assert fault_of(path, declared(CONTENT), place) == ""
    assert read == [path]
    assert place.stat().st_mtime_ns == written, "nor is its note written again"


def test_a_small_file_is_read_every_time(path: Path, read: list[Path], monkeypatch) -> None:
    monkeypatch.setattr(hashes, "_LARGE", 1 << 27)
    place = note_on(path, path.parent)
    for _ in range(3):
        assert fault_of(path, declared(CONTENT), place) == ""
    assert read == [path] * 3
    assert not place.exists()


def test_a_file_that_has_changed_is_read_again(path: Path, read: list[Path]) -> None:
    place = note_on(path, path.parent)
    assert fault_of(path, declared(CONTENT), place) == ""
    change(path, OTHER)
    assert hashlib.sha256(OTHER).hexdigest() in fault_of(path, declared(CONTENT), place)
    change(path, CONTENT)
    assert fault_of(path, declared(CONTENT), place) == ""
    assert read == [path] * 3


def test_another_size_is_reported_without_reading(path: Path, read: list[Path]) -> None:
    assert fault_of(path, declared(CONTENT * 1000), path.with_name("note")) == "has 10 bytes instead of 10,000"
    assert read == []


def test_a_published_size_that_nobody_verified_does_not_condemn_a_file(path: Path) -> None:
    digest = DIGEST
    assert fault_of(path, File(digest, 9, verified=False), path.with_name("note")) == ""


def test_who_published_a_hash_that_does_not_fit_is_reported(path: Path) -> None:
    fault = fault_of(path, File("0" * 64, verified=False), path.with_name("note"))
    assert fault.startswith(f"has the SHA-256 {DIGEST} instead of {'0' * 64}, which others")
    assert "report both" in fault


def test_a_file_without_a_published_hash_is_compared_with_its_first_copy(path: Path, capsys) -> None:
    place, unknown = note_on(path, path.parent), File(None)
    assert fault_of(path, unknown, place) == ""
    assert f"No hash of file is published: from now on its SHA-256 has to stay {DIGEST}." in (capsys.readouterr().err)
    assert fault_of(path, unknown, place) == ""
    assert capsys.readouterr().err == "", "once is enough"
    change(path, OTHER)
    assert f"which the first copy had (if this one is right, remove {place})" in fault_of(path, unknown, place)
    place.unlink()
    assert fault_of(path, unknown, place) == ""


def test_where_only_an_md5_was_published_it_is_compared_once(path: Path, read: list[Path], capsys) -> None:
    place = note_on(path, path.parent)
    published = File(None, verified=False, md5=hashlib.md5(CONTENT).hexdigest())
    for _ in range(2):
        assert fault_of(path, published, place) == ""
    assert read == [path]
    assert capsys.readouterr().err == ""
    change(path, OTHER)
    assert "which the first copy had" in fault_of(path, published, place)
    place.unlink()
    fault = fault_of(path, published, place)
    assert f"has the MD5 {hashlib.md5(OTHER).hexdigest()} instead of {published.md5}, which others published" in fault
    assert not place.exists(), "a wrong copy is no first one"


def test_notes_on_the_users_files_lie_in_the_cache(path: Path, tmp_path: Path) -> None:
    cache = path.parent
    assert note_on(path, cache).parent == cache
    mine, yours = note_on(tmp_path / "mine" / "file", cache), note_on(tmp_path / "yours" / "file", cache)
    assert {mine.parent, yours.parent} == {cache}
    assert len({mine, yours, note_on(path, cache)}) == 3


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"sha256": 1}', "\x00"])
def test_a_damaged_note_is_no_note(path: Path, read: list[Path], content: str) -> None:
    place = note_on(path, path.parent)
    place.write_text(content)
    assert Note.read(place) is None
    assert digest_of(path, place) == DIGEST
    assert read == [path]


def test_where_no_note_can_be_written_the_file_is_read_again(path: Path, read: list[Path]) -> None:
    place = path / "no-folder" / "note"
    for _ in range(2):
        assert fault_of(path, declared(CONTENT), place) == ""
    assert read == [path, path]


def test_a_hash_that_is_known_and_right_is_no_mismatch(path: Path) -> None:
    digest = DIGEST
    assert mismatch(File(digest), digest, path) == mismatch(File(None), digest, path) == ""


def test_several_hashes_are_computed_at_once(path: Path) -> None:
    assert digests(path, "sha256", "md5") == (DIGEST, hashlib.md5(CONTENT).hexdigest())


def test_large_files_are_hashed_as_small_ones(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(CONTENT * 300_000)
    small = computed_sha256(path)
    monkeypatch.setattr(hashes, "_LARGE", 1)
    assert computed_sha256(path) == small == hashlib.sha256(CONTENT * 300_000).hexdigest()


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"Could not read .*none: No such file"):
        fault_of(tmp_path / "none", File(None), tmp_path / "note")
