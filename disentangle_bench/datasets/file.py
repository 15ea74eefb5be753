"""What is declared of one file of a published dataset: its bytes' hash, their number, and who computed them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One file as it was published.

    Attributes:
        sha256: in hexadecimal; None where nobody is known to have published one.
        bytes: its size, where known.
        optional: whether only a setting of the dataset asks for it.
        verified: whether hash and size were computed from a copy that we had; if not, somebody else published them.
    """

    sha256: str | None
    bytes: int | None = None
    verified: bool = True
    optional: bool = False
