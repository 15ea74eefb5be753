"""Per-sample contributions and values on resamples within a JSON file: exact, and compact.

An array is its bytes (little-endian float64) compressed by zlib, as base64. It lies in the file of the scores that it
belongs to, so that one write keeps both or neither.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.evaluation.samples import Replicates, Samples

MOST = 20_000_000
"""Values of one score: more are not read, so that a small file cannot fill the memory."""


def packed_samples(samples: Mapping[str, Samples]) -> dict[str, Any]:
    """Samples by score, for JSON."""
    return {name: {"pairing": of.pairing, "values": _packed(of.values)} for name, of in samples.items()}


def packed_replicates(replicates: Mapping[str, Replicates]) -> dict[str, Any]:
    """Values on resamples by score, for JSON."""
    return {name: {"drawn": of.drawn, "what": of.what, "values": _packed(of.values)} for name, of in replicates.items()}


def unpacked_samples(values: Any) -> dict[str, Samples]:
    """What `packed_samples` made.

    Raises:
        ValueError, TypeError, LookupError: it did not make this.
    """
    return {str(name): Samples(_unpacked(of["values"]), str(of["pairing"])) for name, of in dict(values).items()}


def unpacked_replicates(values: Any) -> dict[str, Replicates]:
    """What `packed_replicates` made.

    Raises:
        ValueError, TypeError, LookupError: it did not make this.
    """
    return {
        str(name): Replicates(_unpacked(of["values"]), str(of["drawn"]), str(of["what"]))
        for name, of in dict(values).items()
    }


def _packed(values: NDArray[np.float64]) -> str:
    return base64.b64encode(zlib.compress(np.asarray(values, dtype="<f8").tobytes())).decode()


def _unpacked(text: Any) -> NDArray[np.float64]:
    if not isinstance(text, str):
        raise TypeError("packed values are no text")
    reader = zlib.decompressobj()
    try:
        data = reader.decompress(base64.b64decode(text, validate=True), 8 * MOST)
    except zlib.error as error:
        raise ValueError(f"packed values cannot be read: {error}") from None
    if not reader.eof or len(data) % 8:
        raise ValueError("packed values are cut off, or too many")
    return np.frombuffer(data, dtype="<f8").astype(np.float64)
