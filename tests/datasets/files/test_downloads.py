"""Downloads from a server that fails in the ways that servers do; the bytes that it sent are counted."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import namedtuple
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from itertools import chain, repeat
from pathlib import Path

import pytest

from disentangle_bench.datasets.files import downloads
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.downloads import RefusalError, download, downloaded
from disentangle_bench.datasets.files.file import FileSet
from disentangle_bench.datasets.files.sources import WebFolder
from disentangle_bench.errors import DataError, DownloadError, StorageError
from tests.datasets.conftest import FILES, declared
from tests.datasets.server import Answer, Web, serving

CONTENT = hashlib.shake_256(b"a file").digest(300_000)
SIZE, CUT = len(CONTENT), 1 << 17  # where a chunk ends: what a silent server sent of one is lost
REST = f"bytes={CUT}-"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "file.bin"


@pytest.fixture
def impatient(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt a call: what comes next is another call's work."""
    monkeypatch.setattr(downloads, "_PAUSES", ())


def break_off(url: str, target: Path) -> None:
    with pytest.raises(
        DownloadError,
        match=r"the connection was lost; 131\.1 kB are kept, from which the next attempt resumes",
    ):
        download(url, target)
    assert not target.exists()


def test_a_broken_connection_is_taken_up_within_a_call(web: Web, target: Path, capsys) -> None:
    served = web.serve("/file.bin", CONTENT, breaks=[CUT, CUT])
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert served.requests == [None, REST, f"bytes={2 * CUT}-"]
    assert served.sent == SIZE, "no byte is sent twice"
    assert [path.name for path in target.parent.iterdir()] == ["file.bin"]
    assert "file.bin: the connection was lost; trying again in 0.01 s" in capsys.readouterr().err


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "validator", [{"etag": '"1"'}, {"etag": None, "changed": "Mon, 01 Jan 2024 00:00:00 GMT"}], ids=["etag", "time"]
)
def test_the_next_call_goes_on(web: Web, target: Path, validator: dict[str, str | None]) -> None:
    served = web.serve("/file.bin", CONTENT, breaks=[CUT], **validator)
    break_off(f"{web.url}/file.bin", target)
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert (served.requests, served.sent) == ([None, REST], SIZE)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("how", "changes"),
    [
        ({}, {"etag": '"2"'}),
        ({"etag": None, "changed": "Mon, 01 Jan 2024 00:00:00 GMT"}, {"changed": "Tue, 02 Jan 2024 00:00:00 GMT"}),
        ({}, {"etag": None}),
        ({}, {"ranges": False}),
    ],
    ids=["another etag", "another time", "no etag any more", "no ranges"],
)
def test_a_file_that_may_have_changed_starts_over(web: Web, target: Path, how, changes) -> None:
    served = web.serve("/file.bin", CONTENT, breaks=[CUT], **how)
    break_off(f"{web.url}/file.bin", target)
    served.content = CONTENT[::-1]
    for name, value in changes.items():
        setattr(served, name, value)
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT[::-1]


@pytest.mark.usefixtures("impatient")
def test_a_server_that_ignores_the_condition_is_found_out_by_the_size(web: Web, target: Path) -> None:
    served = web.serve("/file.bin", CONTENT, breaks=[CUT], headers={"ETag": '"same"'}, etag=None)
    break_off(f"{web.url}/file.bin", target)
    served.content, served.etag, served.headers = CONTENT[:-1], '"same"', {}
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT[:-1]
    assert served.requests == [None, REST, None]


@pytest.mark.usefixtures("impatient")
def test_a_file_that_has_become_shorter_than_what_came_starts_over(web: Web, target: Path) -> None:
    served = web.serve("/file.bin", CONTENT, breaks=[CUT])
    break_off(f"{web.url}/file.bin", target)
    served.content = b"short"
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == b"short"
    assert served.requests == [None, REST, None], "416 to the second"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("etag", [None, 'W/"1"'])
def test_what_cannot_be_reported_to_be_the_same_is_not_gone_on_with(web: Web, target: Path, etag: str | None) -> None:
    served = web.serve("/file.bin", CONTENT, breaks=[CUT], etag=etag)
    with pytest.raises(DownloadError) as caught:
        download(f"{web.url}/file.bin", target)
    assert "kept" not in str(caught.value)
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert served.requests == [None, None]


def test_a_server_that_always_breaks_is_given_up(web: Web, target: Path) -> None:
    served = web.serve("/file.bin", CONTENT, ranges=False, breaks=[CUT, CUT // 2] * 20)
    with pytest.raises(DownloadError, match="the connection was lost"):
        download(f"{web.url}/file.bin", target)
    # Two further attempts after each that got further than any before: only the first did.
    assert len(served.requests) == 3


def test_a_refusal_for_now_is_waited_for(web: Web, target: Path) -> None:
    served = web.serve("/file.bin", CONTENT, statuses=[500, 503])
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert len(served.requests) == 3


@pytest.mark.parametrize("status", [500, 503])
def test_a_refusal_that_stays_is_reported(web: Web, target: Path, status: int) -> None:
    web.serve("/file.bin", CONTENT, statuses=[status] * 9)
    with pytest.raises(DownloadError, match=f"{status} .*{web.url}/file.bin"):
        download(f"{web.url}/file.bin", target)
    assert len(web.asked) == 3


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_for_good_is_not_asked_again(web: Web, target: Path, status: int) -> None:
    web.serve("/file.bin", CONTENT, statuses=[status])
    with pytest.raises(RefusalError, match=str(status)):
        download(f"{web.url}/file.bin", target)
    assert len(web.asked) == 1


def test_nobody_listening_is_reported_at_once(target: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused at once
        with pytest.raises(DownloadError, match="refused"):
            download(f"http://127.0.0.1:{taken.getsockname()[1]}/x", target)


def test_a_server_that_falls_silent_is_reported(web: Web, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.settimeout(10)
        handler.rfile.read(1)  # until the client gives up

    web.files["/file.bin"] = answer
    monkeypatch.setattr(downloads, "_READ_SECONDS", 0.2)
    with pytest.raises(DownloadError, match="timed out"):
        download(f"{web.url}/file.bin", target)
    assert len(web.asked) == 1


def test_a_server_that_falls_silent_in_the_middle_is_asked_for_the_rest(web: Web, target: Path, monkeypatch) -> None:
    over = threading.Event()
    served = web.serve("/file.bin", CONTENT, breaks=[CUT], hold=lambda: over.wait(10))
    monkeypatch.setattr(downloads, "_READ_SECONDS", 0.2)
    download(f"{web.url}/file.bin", target)
    over.set()
    assert target.read_bytes() == CONTENT
    assert served.requests == [None, REST]


def test_a_redirection_is_followed_and_gone_on_with(web: Web, target: Path) -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", f"{web.url}/elsewhere?signature=1")
        handler.end_headers()

    web.files["/file.bin"] = redirect
    served = web.serve("/elsewhere?signature=1", CONTENT, breaks=[CUT])
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert (served.requests, served.sent) == ([None, REST], SIZE)


def test_a_file_packed_for_the_way_arrives_unpacked(web: Web, target: Path) -> None:
    packed = gzip.compress(CONTENT)
    served = web.serve("/file.bin", packed, breaks=[CUT], headers={"Content-Encoding": "gzip"})
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert served.sent == len(packed)
    assert [path.name for path in target.parent.iterdir()] == ["file.bin"]


def test_a_packed_file_is_not_unpacked_because_a_server_says_so(web: Web, tmp_path: Path) -> None:
    web.serve("/file.tar.gz", gzip.compress(CONTENT), headers={"Content-Encoding": "gzip"})
    download(f"{web.url}/file.tar.gz", tmp_path / "file.tar.gz")
    assert gzip.decompress((tmp_path / "file.tar.gz").read_bytes()) == CONTENT


def test_damage_in_what_was_packed_for_the_way_is_reported_and_not_kept(web: Web, target: Path) -> None:
    served = web.serve("/file.bin", gzip.compress(CONTENT)[:-9], headers={"Content-Encoding": "gzip"})
    with pytest.raises(DataError, match="is not a complete archive"):
        download(f"{web.url}/file.bin", target)
    assert list(target.parent.iterdir()) == []
    served.content = gzip.compress(CONTENT)
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT


def test_a_server_that_does_not_say_how_long_the_file_is(web: Web, target: Path) -> None:
    web.serve("/file.bin", CONTENT, length=False)
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT


def test_an_empty_file(web: Web, target: Path) -> None:
    web.serve("/file.bin", b"")
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == b""


def test_a_page_is_not_taken_for_a_file(web: Web, target: Path) -> None:
    web.serve("/file.bin", b"<html>Please log in</html>", headers={"Content-Type": "text/html; charset=utf-8"})
    with pytest.raises(DownloadError, match=r"answered with a web page instead of file\.bin"):
        download(f"{web.url}/file.bin", target)


def test_too_little_space_is_reported_before_anything_comes(web: Web, target: Path, monkeypatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**12, 10**12 - 67_200_000, 67_200_000))
    served = web.serve("/file.bin", CONTENT)
    with pytest.raises(StorageError, match=rf"{target.parent} has 67\.2 MB free; 67\.4 MB are needed for file\.bin"):
        download(f"{web.url}/file.bin", target)
    assert not target.exists()
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "*")
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert len(served.requests) == 2


def test_a_disk_that_fills_up_is_the_disks_fault_and_what_came_is_kept(web: Web, target: Path, monkeypatch) -> None:
    served = web.serve("/file.bin", CONTENT)
    real, kept = downloads.Partial.append, []

    def fill_up(partial, chunks):
        for count in real(partial, chunks):
            kept.append(count)
            yield count
            if len(kept) == 2:
                raise OSError(28, "No space left on device")

    monkeypatch.setattr(downloads.Partial, "append", fill_up)
    with pytest.raises(OSError, match="No space left"):
        download(f"{web.url}/file.bin", target)
    monkeypatch.setattr(downloads.Partial, "append", real)
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert served.requests == [None, f"bytes={sum(kept[:2])}-"]


def test_an_interruption_says_what_is_kept(web: Web, target: Path, monkeypatch) -> None:
    served = web.serve("/file.bin", CONTENT, breaks=[CUT])

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(downloads.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt, match=r"131\.1 kB of file\.bin are kept, and the same command resumes"):
        download(f"{web.url}/file.bin", target)
    download(f"{web.url}/file.bin", target)
    assert (target.read_bytes(), served.sent) == (CONTENT, SIZE)


def test_an_interruption_while_it_is_used_keeps_the_whole_download(web: Web, target: Path) -> None:
    served = web.serve("/file.bin", CONTENT)
    with pytest.raises(KeyboardInterrupt), downloaded(f"{web.url}/file.bin", target):
        raise KeyboardInterrupt
    with downloaded(f"{web.url}/file.bin", target) as partial:
        assert partial.path.read_bytes() == CONTENT
    assert served.requests == [None]
    assert list(target.parent.iterdir()) == []


DOWNLOAD = """
import sys
from pathlib import Path
from disentangle_bench.datasets.files.downloads import download
download(sys.argv[1], Path(sys.argv[2]))
"""


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_another_process_goes_on_where_one_was_killed(web: Web, target: Path, by: signal.Signals) -> None:
    over = threading.Event()
    served = web.serve("/file.bin", CONTENT, breaks=[2 * CUT], hold=lambda: over.wait(20))
    process = subprocess.Popen([sys.executable, "-c", DOWNLOAD, f"{web.url}/file.bin", target])
    while not (kept := sum(path.stat().st_size for path in target.parent.glob("*.partial"))) >= CUT:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(by)
    process.wait(20)
    over.set()
    kept = sum(path.stat().st_size for path in target.parent.glob("*.partial"))
    assert not target.exists()
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert served.requests == [None, f"bytes={kept}-"]


@pytest.mark.parametrize("damage", ["no facts", "facts cut short", "other facts"])
def test_a_partial_download_that_is_not_understood_starts_over(web: Web, target: Path, impatient, damage: str) -> None:
    served = web.serve("/file.bin", CONTENT, breaks=[CUT])
    break_off(f"{web.url}/file.bin", target)
    (info,) = target.parent.glob("*.json")
    info.write_text({"no facts": "", "facts cut short": info.read_text()[:9], "other facts": "[1]"}[damage])
    download(f"{web.url}/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert served.requests == [None, None]


def test_each_url_goes_on_with_its_own(target: Path, web: Web, impatient) -> None:
    with serving() as other:
        web.serve("/file.bin", CONTENT, breaks=[CUT])
        elsewhere = other.serve("/file.bin", CONTENT[::-1])
        break_off(f"{web.url}/file.bin", target)
        download(f"{other.url}/file.bin", target)
        assert target.read_bytes() == CONTENT[::-1]
        assert elsewhere.requests == [None]


def test_a_proxy_is_asked(web: Web, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, web.url)
    served = web.serve("http://datasets.invalid/file.bin", CONTENT, breaks=[CUT])
    download("http://datasets.invalid/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert served.sent == SIZE
    with pytest.raises(DownloadError, match=r"Tunnel connection failed: 502"):
        download("https://datasets.invalid/file.bin", target)
    assert web.asked[-1] == "datasets.invalid:443"


def sent(*pieces: bytes, pause: float = 0.0, again: bool = False) -> Answer:
    """Answer with these bytes, head and all; the last one again and again."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):  # when the client has had enough
            for piece in chain(pieces, repeat(pieces[-1]) if again else ()):
                handler.wfile.write(piece)
                time.sleep(pause)

    return answer


OK = b"HTTP/1.0 200 OK\r\n"
BOMB = gzip.compress(bytes(10**7))
HOSTILE = {
    "endless": (sent(OK + b"\r\n", bytes(50_000), again=True), "sends more than the 10,240 bytes that shapes has at"),
    "petabyte": (
        sent(OK + b"Content-Length: 1000000000000000\r\n\r\n"),
        "states 1,000,000,000,000,000 bytes of shapes",
    ),
    "longer than any number": (sent(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"), "shapes"),
    "bomb": (
        sent(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB),
        "shapes unpacks to more than 10.2 kB",
    ),
    "slow": (sent(OK + b"Content-Length: 10240\r\n\r\n", b"x", pause=0.02, again=True), "sent only .* bytes in"),
    "slow head": (sent(OK, b"X: y\r\n", pause=0.02, again=True), "did not answer within 0.3 seconds"),
    "no head": (sent(b"", pause=5), "did not answer within 0.3 seconds"),
    "cut off": (sent(OK + b"\r\n" + bytes(100)), "shapes has 100 bytes instead of 10,240"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_whatever_a_server_sends_the_next_source_is_asked(
    kind: str, web: Web, published: FileSet, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, reason = HOSTILE[kind]
    web.files["/shapes"] = answer
    monkeypatch.setattr(downloads, "_RATE_SECONDS", 0.3)
    monkeypatch.setattr(downloads, "_HEAD_SECONDS", 0.3)
    begun = time.monotonic()
    with pytest.raises(DownloadError, match=reason):
        obtain(published, lambda: [WebFolder(web.url)])
    assert time.monotonic() - begun < 30  # not for ever: a machine may be busy
    assert sum(path.stat().st_size for path in cache.rglob("*")) < 20_000
    with serving() as other:
        other.files |= {f"/{name}": content for name, content in FILES.items()}
        found = obtain(published, lambda: [WebFolder(web.url), WebFolder(other.url)])
    assert {name: path.read_bytes() for name, path in found.items()} == FILES


def test_a_server_that_fails_for_every_file_is_soon_left(
    web: Web, files: dict[str, bytes], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"file-{number}" for number in range(9)]
    many = FileSet("shapes", dict.fromkeys(names, declared(files["labels"])))
    for name in names:
        web.serve(f"/{name}", b"", statuses=[500] * 99)
    waits: list[float] = []
    monkeypatch.setattr(downloads, "_PAUSES", (1.0, 4.0, 15.0))
    monkeypatch.setattr(downloads.time, "sleep", waits.append)
    with serving() as other:
        other.files |= {f"/{name}": files["labels"] for name in names}
        monkeypatch.setenv("DBENCH_MIRROR", web.url)
        obtain(many, lambda: [WebFolder(web.url), WebFolder(other.url)])
    assert sum(wait for wait in waits if wait >= 1) == 10, "5 seconds for the mirror and for the source"


def test_a_server_that_breaks_after_every_few_bytes_is_given_up(web: Web, target: Path) -> None:
    served = web.serve("/file.bin", CONTENT, breaks=[100] * 999)
    with pytest.raises(DownloadError, match="the connection was lost"):
        download(f"{web.url}/file.bin", target)
    assert len(served.requests) == 3
