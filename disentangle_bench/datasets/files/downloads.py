"""Downloads that resume after Ctrl-C, a kill or a lost connection.

The bytes received so far lie beside the target; the next attempt, of this or another process, requests the rest. It
starts over if the server's file may have changed since, or the server does not support ranges.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from disentangle_bench.datasets.files.archives import packed_most, unpack_gzip
from disentangle_bench.datasets.files.file import MOST_BYTES
from disentangle_bench.datasets.files.hashes import Note, note_on
from disentangle_bench.datasets.files.partial import Partial, Whole
from disentangle_bench.datasets.files.progress import progress, say
from disentangle_bench.errors import DataError, DownloadError
from disentangle_bench.storage import in_bytes, require_space

if TYPE_CHECKING:
    from requests import Response, Session

_CHUNK = 1 << 16
_CONNECT_SECONDS, _READ_SECONDS = 5, 30
_PAUSES = (1.0, 4.0, 15.0)
"""Seconds before each further attempt; they start over whenever an attempt gets further than any before."""
_HEAD_SECONDS = 60
"""Until the head of a reply has come, in all."""
_LEAST_RATE, _RATE_SECONDS = 1000, 60
"""Bytes a second that a server has to send in every minute."""
_MAY_PASS = {408, 425, 429, 500, 502, 503, 504}


class RefusalError(DownloadError):
    """A server that answers without the file: it may still have others."""


def download(url: str, target: Path, most: int = MOST_BYTES) -> None:
    """Download a URL to a file of at most so many bytes, with a progress bar if standard error is a terminal.

    Raises:
        DownloadError: no connection, a refusal, a time-out, a connection that was lost too often, a server that sends
            next to nothing, or more than these bytes.
        DataError: the response is compressed for transfer, and damaged, or larger than that.
        StorageError: less space than the file needs, by the size that the server states.
        OSError: the file cannot be written.
    """
    with downloaded(url, target, most) as partial:
        # Some servers declare compressed files as compressed for transfer: those are wanted as they are.
        if partial.whole and partial.whole.encoding == "gzip" and not urlsplit(url).path.endswith((".gz", ".tgz")):
            unpack_gzip(partial.path, target, most)
        else:
            digest = partial.sha256()
            partial.path.replace(target)
            Note.of(target, digest).keep(note_on(target, target.parent))


@contextmanager
def downloaded(url: str, target: Path, most: int = MOST_BYTES) -> Iterator[Partial]:
    """Download all the bytes of a URL, as they are sent; they are kept if the download or the block is interrupted.

    Args:
        url: of the file.
        target: the path beside which they lie.
        most: how many bytes are expected at most.

    Raises:
        DownloadError, StorageError, OSError: as `download`.
    """
    partial = Partial(url, target)
    try:
        _complete(partial, most)
        try:
            yield partial
        except DataError:
            partial.discard()
            raise
    except KeyboardInterrupt:
        if partial.resumable:
            kept = f"{in_bytes(partial.size)} of {partial.name} are kept, and the same command resumes from there"
            raise KeyboardInterrupt(f"Interrupted; {kept}.") from None
        raise
    partial.discard()


def _complete(partial: Partial, most: int) -> None:
    import requests
    import urllib3

    pauses, furthest = list(_PAUSES), partial.size
    with requests.Session() as session:
        while not partial.complete:
            try:
                _attempt(session, partial, most)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                if partial.size >= furthest + _LEAST_RATE * _RATE_SECONDS:
                    pauses, furthest = list(_PAUSES), partial.size
                response = getattr(error, "response", None)
                status = None if response is None else int(response.status_code)
                if status and not partial.size:
                    pauses = pauses[:2]
                # A server that never sent anything is left to the next source.
                if not pauses or not (status in _MAY_PASS if status else partial.size > 0):
                    kept = f"; {in_bytes(partial.size)} are kept, from which the next attempt resumes"
                    # One that cannot answer now is not asked for other files either.
                    kind = RefusalError if status and status not in _MAY_PASS else DownloadError
                    raise kind(f"{_reason(error)}{kept if partial.resumable else ''}") from error
                say(f"{partial.name}: {_reason(error)}; trying again in {pauses[0]:g} s")
                time.sleep(pauses.pop(0))


def _attempt(session: Session, partial: Partial, most: int) -> None:
    """Request what is missing, and append it; start over if the response does not fit what is there."""
    partial.catch_up()
    whole, start = partial.whole, partial.size
    headers = {"Accept-Encoding": "identity", "User-Agent": "disentangle-bench"}
    if whole and partial.resumable:
        headers |= {"Range": f"bytes={start}-", "If-Range": whole.validator}
    with _answer(session, partial.url, headers) as response:
        if whole and response.status_code in (206, 416):
            if not whole.continues(response, start):
                partial.discard()
                return
        else:
            response.raise_for_status()
            if response.headers.get("Content-Type", "").lower().startswith("text/html"):
                # Some servers send a page to log in, or an apology, with the status of a success.
                raise RefusalError(f"answered with a web page instead of {partial.name}")
            whole = Whole.of(response)
            partial.begin(whole)
        _append(partial, response, packed_most(most) if whole.encoding else most, whole.total)


def _append(partial: Partial, response: Response, most: int, total: int | None) -> None:
    """Append what a server sends, up to so many bytes in all; `total` is what it states."""
    size = partial.size
    if total is not None:
        if total > most:
            partial.discard()
            raise RefusalError(f"states {total:,} bytes of {partial.name}, {most:,} are expected at most")
        require_space(partial.path.parent, total - size, partial.name)
    with progress(partial.name, total, size) as moved:
        for count in partial.append(_chunks(response)):
            moved(count)
            size += count
            if size > most:
                partial.discard()
                raise RefusalError(f"sends more than the {most:,} bytes that {partial.name} has at most")
    partial.end()


def _answer(session: Session, url: str, headers: Mapping[str, str]) -> Response:
    """Request a URL, and return the reply when its head has come.

    In a thread that is left to itself: time-outs of sockets start over with every byte, so a server could send a head
    for ever.
    """
    answers: SimpleQueue[Response | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            timeout = (_CONNECT_SECONDS, _READ_SECONDS)
            answers.put(session.get(url, headers=headers, stream=True, timeout=timeout))
        except Exception as error:  # noqa: BLE001 - raised by whoever waits
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=_HEAD_SECONDS)
    except Empty:
        raise DownloadError(f"did not answer within {_HEAD_SECONDS} seconds") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _chunks(response: Response) -> Iterator[bytes]:
    """Yield what a server sends.

    Raises:
        DownloadError: that is next to nothing for a minute.
    """
    begun, received = time.monotonic(), 0
    while chunk := response.raw.read1(_CHUNK, decode_content=False):
        yield chunk
        received += len(chunk)
        seconds = time.monotonic() - begun
        if seconds >= _RATE_SECONDS:
            if received < _LEAST_RATE * seconds:
                raise DownloadError(f"sent only {received:,} bytes in {seconds:.0f} seconds")
            begun, received = time.monotonic(), 0


def _reason(error: Exception) -> str:
    import urllib3

    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "the connection was lost"
    first = error.args[0] if error.args else error
    return without_password(str(getattr(first, "reason", first)).rstrip(".")) or type(error).__name__


def without_password(text: str) -> str:
    """Remove what stands before the host in URLs such as `https://name:password@host/`."""
    return re.sub(r"://[^/\s@]+@", "://", text)
