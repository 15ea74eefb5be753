"""A dataset of two small files, a web server on the loopback interface that may have them, and a cache of its own."""

from __future__ import annotations

import gzip
import hashlib
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.datasets import DatasetFacts, Factor, File, downloads

FILES = {"shapes": bytes(range(256)) * 40, "labels": b"round square round"}

Answer = Callable[[BaseHTTPRequestHandler], None]


def declared(content: bytes) -> File:
    """What an adapter would declare of these bytes."""
    return File(hashlib.sha256(content).hexdigest(), len(content))


def idx(array: np.ndarray) -> bytes:
    """An IDX file of these bytes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@dataclass
class Web:
    """What the server has (path -> bytes, or how to answer) and what it was asked for."""

    url: str
    files: dict[str, bytes | Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def offer(self, contents: dict[str, bytes]) -> None:
        """Put the files there as `.gz`."""
        self.files |= {f"/{name}.gz": gzip.compress(content) for name, content in contents.items()}


@pytest.fixture
def files() -> dict[str, bytes]:
    return dict(FILES)


@pytest.fixture
def facts() -> DatasetFacts:
    return DatasetFacts(
        name="shapes",
        title="Shapes",
        images=2,
        shape=(1, 1, 1),
        factors=(Factor("shape", "categorical", 2),),
        licence="MIT",
        citation="None.",
        files={name: declared(content) for name, content in FILES.items()},
        subfolders=("SHAPES/raw",),
    )


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of the small dataset, with no other settings in the environment."""
    for name in ("DBENCH_DATA", "DBENCH_MIRROR", "DBENCH_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "datasets" / "shapes"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(downloads, "_PAUSES", (0.01, 0.01))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler())
    server.daemon_threads = True
    site = server.site = Web(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


def _handler() -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site: Web = self.server.site  # type: ignore[attr-defined]
            site.asked.append(self.path)
            answer = site.files.get(self.path)
            if answer is None:
                self.send_error(404)
            elif callable(answer):
                answer(self)
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the test's output clean."""

    return Handler
