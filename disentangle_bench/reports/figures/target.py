"""Where a picture may go that was asked for by its path: into a new file, or in place of another such picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from disentangle_bench.errors import StorageError
from disentangle_bench.reports.figures.style import FORMS
from disentangle_bench.storage import storage_errors


def refuse_form(path: Path, forms: Sequence[str] = FORMS) -> None:
    """Refuse a path whose suffix names none of the forms.

    Raises:
        StorageError: another suffix.
    """
    if path.suffix[1:].lower() not in forms:
        known = ", ".join(f".{form}" for form in forms)
        raise StorageError(f"{path} is not the name of an image file.", f"Use one of the suffixes {known}.")


def refuse_other_file(path: Path, mark: str, what: str, forms: Sequence[str] = FORMS) -> None:
    """Refuse a path to which no picture should be written, before one is drawn.

    Args:
        path: of the file to be.
        mark: text within every picture of this kind, which only another one may replace.
        what: a picture of this kind is, for the message.
        forms: the suffixes that can be written.

    Raises:
        StorageError: a suffix of another kind of file, or a file that is no such picture.
    """
    refuse_form(path, forms)
    if path.is_dir():
        raise StorageError(f"{path} is a folder.", "Give the name of a file.")
    with storage_errors(path, "read"):
        is_other = path.exists() and mark.encode() not in path.read_bytes()
    if is_other:
        raise StorageError(f"{path} exists and is not {what}.", "Move it away, or give another --out.")
