"""Downloads that survive what breaks them: Ctrl-C, a kill, a lost connection.

What has come lies beside the target; the next attempt, of this process or of another one, asks for the rest. It starts
over where the server's file may have changed since, or where the server knows no ranges.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from disentangle_bench.datasets.files.archives import unpack_gzip
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
"""Seconds before each further attempt; they begin anew whenever an attempt has got further than any before."""
_MAY_PASS = {408, 425, 429, 500, 502, 503, 504}


class RefusalError(DownloadError):
    """A server that answers, and does not give the file: others that it has may still be had."""


def download(url: str, target: Path) -> None:
    """Fetch a URL to a file, with a progress bar if standard error is a terminal.

    Raises:
        DownloadError: no connection, a refusal, a time-out, or a connection that broke off for good.
        DataError: what came is packed for the way, and damaged.
        StorageError: less space than the file needs, by what the server says.
        OSError: the file cannot be written.
    """
    with downloaded(url, target) as partial:
        # Some servers declare files that lie there packed as packed for the way: those are wanted as they lie there.
        if partial.whole and partial.whole.encoding == "gzip" and not urlsplit(url).path.endswith((".gz", ".tgz")):
            unpack_gzip(partial.path, target)
        else:
            digest = partial.sha256()
            partial.path.replace(target)
            Note.of(target, digest).keep(note_on(target, target.parent))


@contextmanager
def downloaded(url: str, target: Path) -> Iterator[Partial]:
    """All the bytes of a URL, as they were sent; they stay if the block, or the way there, is interrupted.

    Args:
        url: where.
        target: the path beside which they lie.

    Raises:
        DownloadError, StorageError, OSError: as `download`.
    """
    partial = Partial(url, target)
    try:
        _complete(partial)
        try:
            yield partial
        except DataError:
            partial.discard()
            raise
    except KeyboardInterrupt:
        if partial.resumable:
            kept = f"{in_bytes(partial.size)} of {partial.name} are kept, and the same command goes on from there"
            raise KeyboardInterrupt(f"Interrupted; {kept}.") from None
        raise
    partial.discard()


def _complete(partial: Partial) -> None:
    import requests
    import urllib3

    pauses, furthest = list(_PAUSES), partial.size
    with requests.Session() as session:
        while not partial.complete:
            try:
                _attempt(session, partial)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                if partial.size > furthest:
                    pauses, furthest = list(_PAUSES), partial.size
                if not pauses or not _may_pass(error, partial):
                    raise _explained(error, partial) from error
                say(f"{partial.name}: {_reason(error)}; trying again in {pauses[0]:g} s")
                time.sleep(pauses.pop(0))


def _attempt(session: Session, partial: Partial) -> None:
    """Ask for what is missing, and add it; an answer that does not fit what there is makes it start over."""
    partial.catch_up()
    whole, start = partial.whole, partial.size
    headers = {"Accept-Encoding": "identity", "User-Agent": "disentangle-bench"}
    if whole and partial.resumable:
        headers |= {"Range": f"bytes={start}-", "If-Range": whole.validator}
    with session.get(partial.url, headers=headers, stream=True, timeout=(_CONNECT_SECONDS, _READ_SECONDS)) as response:
        if whole and response.status_code in (206, 416):
            if not whole.continues(response, start):
                partial.discard()
                return
        else:
            response.raise_for_status()
            _refuse_pages(response, partial.name)
            whole, start = Whole.of(response), 0
            partial.begin(whole)
        _receive(response, partial, whole, start)


def _refuse_pages(response: Response, name: str) -> None:
    """Some servers answer with a page, to log in or to say sorry, and call that a success."""
    if response.headers.get("Content-Type", "").lower().startswith("text/html"):
        raise RefusalError(f"answered with a web page instead of {name}")


def _receive(response: Response, partial: Partial, whole: Whole, start: int) -> None:
    if whole.total is not None:
        require_space(partial.path.parent, whole.total - start, partial.name)
    with progress(partial.name, whole.total, start) as moved:
        for count in partial.append(response.raw.stream(_CHUNK, decode_content=False)):
            moved(count)
    partial.end()


def _may_pass(error: Exception, partial: Partial) -> bool:
    """Whether another attempt may help; a server that never gave anything is left to the next source."""
    status = _status(error)
    return status in _MAY_PASS if status else partial.size > 0


def _status(error: Exception) -> int | None:
    response = getattr(error, "response", None)
    return None if response is None else int(response.status_code)


def _reason(error: Exception) -> str:
    import urllib3

    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "the connection broke off"
    first = error.args[0] if error.args else error
    return without_password(str(getattr(first, "reason", first)).rstrip(".")) or type(error).__name__


def without_password(text: str) -> str:
    """A text without what stands before the host in URLs such as `https://name:password@host/`."""
    return re.sub(r"://[^/\s@]+@", "://", text)


def _explained(error: Exception, partial: Partial) -> DownloadError:
    kind = RefusalError if _status(error) else DownloadError
    kept = f"; {in_bytes(partial.size)} are kept, from which the next attempt goes on" if partial.resumable else ""
    return kind(f"{_reason(error)}{kept}")
