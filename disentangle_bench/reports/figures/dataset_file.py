"""Write a dataset's sheet into a new file, or over an earlier sheet, and never over another file."""

from __future__ import annotations

from pathlib import Path

from disentangle_bench.datasets import Dataset
from disentangle_bench.reports.figures.dataset_samples import choose_samples
from disentangle_bench.reports.figures.dataset_sheet import dataset_sheet
from disentangle_bench.reports.figures.style import write_image
from disentangle_bench.reports.figures.target import refuse_other_file

_MARK = "disentangle-bench: a sheet of "


def refuse_target(path: Path) -> None:
    """Refuse a path to which no sheet should be written, before one is drawn.

    Raises:
        StorageError: a suffix of another kind of file, or a file that is not a sheet.
    """
    refuse_other_file(path, _MARK, "a sheet of a dataset")


def write_dataset_sheet(dataset: Dataset, path: Path) -> None:
    """Draw a dataset's sheet, and write it atomically in the form that the path's suffix names.

    Raises:
        StorageError: as `refuse_target`; no space, no permission.
    """
    refuse_target(path)
    figure = dataset_sheet(choose_samples(dataset), dataset.info.title)
    write_image(figure, path, f"{_MARK}{dataset.info.name}")
