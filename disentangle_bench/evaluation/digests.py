"""What tells samples and data apart: digests of values, not of the width of their types."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.representation.variables import Variables


def fingerprint_of(factors: Variables | None, train: NDArray[np.bool_] | None) -> str:
    """A name for rows with these factors in this order, whether whole numbers are stored as integers or as floats."""
    if factors is None or train is None:
        return ""
    digest = hashlib.sha256(np.packbits(train).tobytes())
    for batch in factors.batches():
        values = batch.values
        whole = values.dtype.kind == "f" and bool(((values == np.rint(values)) & (np.abs(values) < 2**53)).all())
        digest.update(_canonical_bytes(values.astype(np.int64) if whole else values))
    return digest.hexdigest()[:16]


def digest_of(*parts: Variables | NDArray[Any] | None) -> str:
    """Compute the SHA-256 of variables and arrays: of values, shapes, names and kinds, not of the width of a type."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Variables):
            digest.update(repr((len(part), part.names, part.kinds, *part.widths)).encode())
            for batch in part.batches():
                digest.update(_canonical_bytes(batch.values))
        elif part is not None:
            values = np.asarray(part)
            digest.update(repr(values.shape).encode())
            digest.update(np.ascontiguousarray(values).data if values.dtype == np.uint8 else _canonical_bytes(values))
        digest.update(b";")
    return digest.hexdigest()


def _canonical_bytes(values: NDArray[Any]) -> bytes:
    """The same bytes for the same values, whatever the width of their type."""
    if values.dtype.kind == "U":
        return "\0".join([*values.ravel().tolist(), ""]).encode()
    return values.astype("<f8" if values.dtype.kind == "f" else "<i8").tobytes()
