"""Several processes that want the same files, and processes that are killed while they fetch."""

from __future__ import annotations

import gzip
import hashlib
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.file import FileSet
from disentangle_bench.datasets.files.scratch import kept_bytes
from disentangle_bench.datasets.files.sources import WebFolder
from tests.datasets.conftest import declared

FETCH = """
import sys
from pathlib import Path
from disentangle_bench.datasets.files.file import File, FileSet
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.sources import WebFolder
url, *files = sys.argv[1:]
digests = {name: File(digest) for name, digest in (file.split("=") for file in files)}
published = FileSet("shapes", digests)
paths = obtain(published, lambda: [WebFolder(url, suffix=".gz")])
print(*(path.stat().st_size for path in paths.values()))
"""


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def start_fetching(url: str, published: FileSet) -> subprocess.Popen[str]:
    files = [f"{name}={file.sha256}" for name, file in published.files.items()]
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, url, *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_processes_at_once_fetch_once(published: FileSet, cache: Path, files, web) -> None:
    together = threading.Event()

    def hold(handler: BaseHTTPRequestHandler) -> None:
        together.wait(20)  # the first to come is kept here until the others wait for it
        content = gzip.compress(files["shapes"])
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    web.offer(files)
    web.files["/shapes.gz"] = hold
    processes = [start_fetching(web.url, published) for _ in range(3)]
    waiting = [process for process in processes if waits_or_fetches(process) == "waits"]
    together.set()
    outputs = [process.communicate(timeout=180) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert {out.split()[0] for out, _ in outputs} == {str(len(files["shapes"]))}
    assert len(waiting) == 2
    assert web.asked == ["/shapes.gz", "/labels.gz"]
    assert listing(cache) == ["labels", "shapes"]


def waits_or_fetches(process: subprocess.Popen[str]) -> str:
    """What a process says that it does."""
    assert process.stderr is not None
    line = process.stderr.readline()
    return "waits" if "Another process is fetching shapes" in line else line


def test_a_killed_fetch_leaves_nothing_half_written(published: FileSet, cache: Path, files, web) -> None:
    begun, over = threading.Event(), threading.Event()

    def stall(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(b"half")
        handler.wfile.flush()
        begun.set()
        over.wait(20)

    web.offer(files)
    whole = web.files["/labels.gz"]
    web.files["/labels.gz"] = stall
    process = start_fetching(web.url, published)
    assert begun.wait(30)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=120)
    over.set()
    assert listing(cache) == [".fetching"], "the killed process could not clear its scratch folder away"

    web.files["/labels.gz"] = whole
    assert obtain(published, lambda: [WebFolder(web.url, suffix=".gz")])["labels"].read_bytes() == files["labels"]
    assert listing(cache) == ["labels", "shapes"], "the next one does"


def test_a_killed_fetch_goes_on_from_there(published: FileSet, cache: Path, files, web) -> None:
    begun, over = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        over.wait(20)

    content = hashlib.shake_256(b"many").digest(1 << 20)
    large = replace(published, files={"shapes": declared(content)})
    packed = gzip.compress(content)
    served = web.serve("/shapes.gz", packed, breaks=[1 << 18], hold=hold)
    process = start_fetching(web.url, large)
    assert begun.wait(30)
    while not (kept := kept_bytes(cache, large.files)) >= 1 << 17:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=120)
    over.set()
    kept = kept_bytes(cache, large.files)
    assert obtain(large, lambda: [WebFolder(web.url, suffix=".gz")])["shapes"].read_bytes() == content
    assert served.requests == [None, f"bytes={kept}-"]
    assert listing(cache) == ["shapes"]
