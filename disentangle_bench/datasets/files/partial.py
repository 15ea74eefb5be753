"""The bytes of a download so far, and what the server stated about the whole, kept on disk between attempts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from disentangle_bench.datasets.files.progress import progress
from disentangle_bench.storage import write_json

if TYPE_CHECKING:
    from requests import Response

SUFFIXES = (".partial", ".partial.json")
"""How the names of the bytes and of what the server stated about them end."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Whole:
    """What a server stated about the whole file.

    Attributes:
        validator: its strong ETag or else the time of its last change; empty without either.
        total: its bytes as they are sent.
        encoding: how they are compressed for transfer.
    """

    validator: str
    total: int | None
    encoding: str

    @classmethod
    def of(cls, response: Response) -> Self:
        """Read it from the response with the whole file."""
        length = response.headers.get("Content-Length", "")
        return cls(
            _validator(response), int(length) if re.fullmatch("[0-9]{1,18}", length) else None, _encoding(response)
        )

    def continues(self, response: Response, start: int) -> bool:
        """Whether the response holds the rest of this very file from a byte on."""
        span, _, total = response.headers.get("Content-Range", "").partition("/")
        stated = _validator(response)
        return (
            span.replace(" ", "").startswith(f"bytes{start}-")
            and (total in ("", "*") or self.total is None or total == str(self.total))
            and (not stated or stated == self.validator)
            and _encoding(response) == self.encoding
        )


def _validator(response: Response) -> str:
    tag = response.headers.get("ETag", "")
    # A weak tag stays the same over changes that "do not matter", which bytes do.
    return response.headers.get("Last-Modified", "") if tag.startswith("W/") or not tag else tag


def _encoding(response: Response) -> str:
    return response.headers.get("Content-Encoding", "").strip().lower()


class Partial:
    """What has been received of one URL so far."""

    def __init__(self, url: str, target: Path) -> None:
        key = hashlib.sha256(url.encode()).hexdigest()[:12]
        self.url, self.name = url, target.name
        self.path, self._info = (target.with_name(f"{target.name}.{key}{suffix}") for suffix in SUFFIXES)
        self._hash = hashlib.sha256()
        self._hashed = 0

    @property
    def size(self) -> int:
        """The number of bytes received."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def whole(self) -> Whole | None:
        """What is known of the whole, if anything was received."""
        with suppress(OSError, ValueError, TypeError):
            return Whole(**json.loads(self._info.read_text(encoding="utf-8")))
        return None

    @property
    def resumable(self) -> bool:
        """Whether there are bytes to resume from, and a validator to check that the server's file is still the same."""
        whole = self.whole
        return self.size > 0 and whole is not None and bool(whole.validator)

    @property
    def complete(self) -> bool:
        """Whether everything was received."""
        whole = self.whole
        return whole is not None and whole.total is not None and self.size == whole.total

    def begin(self, whole: Whole) -> None:
        """Discard what was received, and begin with the first byte."""
        self.discard()
        self.path.touch()
        write_json(self._info, asdict(whole))

    def append(self, chunks: Iterable[bytes]) -> Iterator[int]:
        """Append bytes; yield how many each time."""
        self.catch_up()
        with self.path.open("ab") as file:
            for chunk in chunks:
                file.write(chunk)
                self._hash.update(chunk)
                self._hashed += len(chunk)
                yield len(chunk)

    def end(self) -> None:
        """Take what was received for the whole if the server did not state a length."""
        if (whole := self.whole) and whole.total is None:
            write_json(self._info, asdict(replace(whole, total=self.size)))

    def sha256(self) -> str:
        """Return the SHA-256 of what was received; only what an earlier process wrote is read."""
        self.catch_up()
        return self._hash.hexdigest()

    def catch_up(self) -> None:
        """Hash what an earlier process wrote: before the request, since a server would not wait so long."""
        if self._hashed == self.size:
            return
        with self.path.open("rb") as file, progress(f"Checking {self.name}", self.size, self._hashed) as moved:
            file.seek(self._hashed)
            while chunk := file.read(_CHUNK):
                self._hash.update(chunk)
                self._hashed += len(chunk)
                moved(len(chunk))

    def discard(self) -> None:
        """Remove what was received."""
        self._hash, self._hashed = hashlib.sha256(), 0
        self._info.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
