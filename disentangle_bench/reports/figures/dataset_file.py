"""Write a dataset's sheet into a new file, or over an earlier sheet, and never over another file."""

from __future__ import annotations

from pathlib import Path

from disentangle_bench.datasets import Dataset
from disentangle_bench.errors import StorageError
from disentangle_bench.reports.figures.dataset_samples import choose_samples
from disentangle_bench.reports.figures.dataset_sheet import dataset_sheet
from disentangle_bench.reports.figures.style import FORMS, write_image
from disentangle_bench.storage import storage_errors

_MARK = "disentangle-bench: a sheet of "


def refuse_target(path: Path) -> None:
    """Refuse a path to which no sheet should be written, before one is drawn.

    Raises:
        StorageError: a suffix of another kind of file, or a file that is not a sheet.
    """
    if path.suffix[1:].lower() not in FORMS:
        known = ", ".join(f".{form}" for form in FORMS)
        raise StorageError(f"{path} is not the name of an image file.", f"Use one of the suffixes {known}.")
    if path.is_dir():
        raise StorageError(f"{path} is a folder.", "Give the name of a file.")
    with storage_errors(path, "read"):
        is_other = path.exists() and _MARK.encode() not in path.read_bytes()
    if is_other:
        raise StorageError(f"{path} exists and is not a sheet of a dataset.", "Move it away, or give another --out.")


def write_dataset_sheet(dataset: Dataset, path: Path) -> None:
    """Draw a dataset's sheet, and write it atomically in the form that the path's suffix names.

    Raises:
        StorageError: as `refuse_target`; no space, no permission.
    """
    refuse_target(path)
    figure = dataset_sheet(choose_samples(dataset), dataset.info.title)
    write_image(figure, path, f"{_MARK}{dataset.info.name}")
