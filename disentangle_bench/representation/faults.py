"""What can be wrong with a file of codes, in messages that name the file."""

from __future__ import annotations

import logging
import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import RepresentationError, close_names

_log = logging.getLogger(__name__)
_USUAL_NAMES = {
    "factors": ("labels", "label", "targets", "target", "y", "classes", "ground_truth", "latents_classes"),
    "codes": ("z", "representation", "representations", "embeddings", "latents", "features", "mu", "means"),
    "train": ("train_mask", "split"),
}
"""What others call these arrays."""

DAMAGE = (
    OSError, ValueError, TypeError, LookupError, EOFError, RuntimeError, MemoryError, ArithmeticError, SyntaxError,
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, tokenize.TokenError,
)  # fmt: skip


@contextmanager
def naming_file(path: Path, form: str) -> Iterator[None]:
    """Name the file in errors about its arrays, and report a damaged one.

    Args:
        path: of the file.
        form: npz or HDF5.
    """
    try:
        yield
    except RepresentationError as error:
        raise RepresentationError(f"In {path}: {error.problem}", error.remedy) from error
    except DAMAGE as error:
        # NumPy reads the header of an array as Python, whose complaints say nothing to who wrote the file.
        broken_header = isinstance(error, (SyntaxError, tokenize.TokenError))
        reason = "the header of an array is invalid" if broken_header else str(error).rstrip(".")
        raise RepresentationError(f"{path} is not a readable {form} file: {reason}.", "Write it again.") from error


def require_codes(keys: Iterable[str]) -> None:
    """Refuse a file without codes.

    Args:
        keys: the names of its arrays.

    Raises:
        RepresentationError: none of them is `codes`.
    """
    names = list(keys)
    if "codes" not in names:
        raise RepresentationError(
            f"there is no array 'codes'; there is {', '.join(names) or 'nothing'}.",
            "Store the codes (n, d) as 'codes' and, if known, the factors (n, k) as 'factors'.",
        )


def warn_of_unread(path: Path, keys: Iterable[str], read: Iterable[str]) -> None:
    """Warn of arrays in a file that are not read, with the name that was probably meant.

    Args:
        path: of the file.
        keys: the names of its arrays.
        read: the names that are read.
    """
    known = list(read)
    for key in keys:
        if key in known:
            continue
        usual = [name for name, others in _USUAL_NAMES.items() if name in known and key.lower() in others]
        meant = usual or close_names(key, known)
        guess = f" Did you mean {meant[0]!r}?" if meant and meant[0] not in keys else ""
        _log.warning("In %s, the array %r is not read.%s", path, key, guess)


def as_mask(mask: NDArray[Any]) -> NDArray[np.bool_]:
    """A train mask `(n,)` as booleans.

    Raises:
        RepresentationError: another shape, or values other than 0 and 1.
    """
    if mask.ndim != 1 or not np.isin(mask, (0, 1)).all():
        raise RepresentationError(
            f"'train' has the shape {mask.shape} and the type {mask.dtype}.", "Give one true or false per sample."
        )
    return mask.astype(bool)


def as_texts(values: Any) -> list[str] | None:
    """One text or several, as str or bytes, whichever the writer of the file stored; None stays None."""
    if values is None:
        return None
    return [text.decode() if isinstance(text, bytes) else str(text) for text in np.atleast_1d(values)]
