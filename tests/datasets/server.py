"""A web server on the loopback interface that has files, and can be told to fail in the ways that servers do."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Web:
    """What the server has (path -> bytes, or how to answer) and what it was asked for."""

    url: str
    files: dict[str, bytes | Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def offer(self, contents: dict[str, bytes]) -> None:
        """Put the files there as `.gz`."""
        self.files |= {f"/{name}.gz": gzip.compress(content) for name, content in contents.items()}

    def serve(self, path: str, content: bytes, **how: object) -> Served:
        """Put a file there, with or without faults, and return the record of its requests."""
        served = Served(content, **how)
        self.files[path] = served
        return served


@dataclass
class Served:
    """One file on a server.

    Attributes:
        etag: None for none.
        changed: the time of the last change, as in `Last-Modified`; None for none.
        ranges: whether the server can send a part.
        breaks: after how many bytes of an answer the connection breaks, answer by answer; None for not at all.
        statuses: what to answer before anything else, answer by answer; 0 for the file.
        headers: more headers.
        length: whether it says how long the file is.
        hold: is called before the connection breaks.
        requests: the `Range` of each request, or None.
        sent: how many bytes were sent in all.
    """

    content: bytes
    etag: str | None = '"1"'
    changed: str | None = None
    ranges: bool = True
    breaks: list[int | None] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    length: bool = True
    hold: Callable[[], object] | None = None
    requests: list[str | None] = field(default_factory=list)
    sent: int = 0

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests.append(handler.headers.get("Range"))
        status = self.statuses.pop(0) if self.statuses else 0
        if status:
            handler.send_error(status)
            return
        start = self._start(handler)
        if start is not None and start >= len(self.content):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(self.content)}")
            handler.end_headers()
            return
        body = self.content[start or 0 :]
        self._head(handler, start, len(body))
        cut = self.breaks.pop(0) if self.breaks else None
        self.sent += len(body[:cut])  # before the client, which may look at it, has them
        handler.wfile.write(body[:cut])
        handler.wfile.flush()
        if cut is not None and self.hold:
            self.hold()

    def _start(self, handler: BaseHTTPRequestHandler) -> int | None:
        """From where on it is asked for, and can be given."""
        asked, condition = handler.headers.get("Range"), handler.headers.get("If-Range")
        if not self.ranges or asked is None or condition not in (None, self.etag, self.changed):
            return None
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def _head(self, handler: BaseHTTPRequestHandler, start: int | None, length: int) -> None:
        handler.send_response(200 if start is None else 206)
        if self.length:
            handler.send_header("Content-Length", str(length))
        if start is not None:
            total = len(self.content)
            handler.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        told = {"ETag": self.etag, "Last-Modified": self.changed, **self.headers}
        for name, value in told.items():
            if value is not None:
                handler.send_header(name, value)
        handler.end_headers()


@contextmanager
def serving() -> Iterator[Web]:
    """A server for as long as the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler())
    server.daemon_threads = True
    site = server.site = Web(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
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

        def do_CONNECT(self) -> None:
            site: Web = self.server.site  # type: ignore[attr-defined]
            site.asked.append(self.path)
            self.send_error(502)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the test's output clean."""

    return Handler
