"""Published files, as plain values: what each is called, what its bytes hash to, and who computed that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 20 * 10**9
"""Of a file whose size is not declared; what is larger is not downloaded or unpacked."""
REPLACE = "Replace it by the published file."
"""The remedy for a file that is damaged, or not the published one."""


@dataclass(frozen=True)
class File:
    """One file as it was published.

    Attributes:
        sha256: in hexadecimal; None where none is known to have been published.
        bytes: its size, where known; an estimate where no SHA-256 is known.
        verified: whether hash and size were computed from a copy that this project had; else others published them.
        optional: whether it is needed only on request.
        md5: in hexadecimal, where that was published instead: enough against damage, if not against malice.
        check: raises `DataError` if the beginning or the end of a file shows that it is another one, or cut off; for
            one without a published hash.
    """

    sha256: str | None
    bytes: int | None = None
    verified: bool = True
    optional: bool = False
    md5: str | None = None
    check: Callable[[Path], object] | None = None

    @property
    def hashed(self) -> bool:
        """Whether some hash of it was published."""
        return self.sha256 is not None or self.md5 is not None

    @property
    def most(self) -> int:
        """The most bytes that a copy may have: its own number where that is known, or twice the estimate."""
        if self.bytes is None:
            return MOST_BYTES
        return self.bytes if self.sha256 else 2 * self.bytes


@dataclass(frozen=True)
class FileSet:
    """Files that were published together.

    Attributes:
        name: of their folder in the cache and in the user's folders; messages use it, too.
        files: file name -> what is declared of it.
        subfolders: where in a folder of the user's other programs put them.
    """

    name: str
    files: Mapping[str, File]
    subfolders: tuple[str, ...] = ()
