"""What is declared of one file of a published dataset: its bytes' hash, their number, and who computed them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One file as it was published.

    Attributes:
        sha256: in hexadecimal; None where nobody is known to have published it.
        bytes: its size, where known; an estimate will do where no hash is known.
        optional: whether only a setting of the dataset asks for it.
        verified: whether hash and size were computed from a copy that we had; if not, somebody else published them.
        md5: in hexadecimal, where somebody published that instead: enough against damage, if not against malice.
    """

    sha256: str | None
    bytes: int | None = None
    verified: bool = True
    optional: bool = False
    md5: str | None = None
