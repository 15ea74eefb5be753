"""Published files, as plain values: what each is called, what its bytes hash to, and who computed that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One file as it was published.

    Attributes:
        sha256: in hexadecimal; None where none is known to have been published.
        bytes: its size, where known; an estimate where no hash is known.
        verified: whether hash and size were computed from a copy that this project had; else others published them.
        optional: whether it is needed only on request.
        md5: in hexadecimal, where that was published instead: enough against damage, if not against malice.
    """

    sha256: str | None
    bytes: int | None = None
    verified: bool = True
    optional: bool = False
    md5: str | None = None


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
