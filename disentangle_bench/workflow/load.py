"""Load a finished run, or a dataset, by its path or name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from disentangle_bench.datasets import Dataset, load
from disentangle_bench.run import Run


def load_run(path: Path | str) -> Run:
    """The finished run in a folder.

    Raises:
        RunError: the folder is not a run, half-written, damaged, or from a newer schema.
    """
    return Run.open(path)


def load_dataset(name: str, *, data_dir: Path | str | None = None, **settings: Any) -> Dataset:
    """A dataset: images, factors, splits, and where all factors are known the sampler `ground_truth`.

    Args:
        name: of the dataset.
        data_dir: a folder with its files; by default `DBENCH_DATA`, the user's cache, then its sources. Embedded
            datasets have none.
        settings: the dataset's own, such as `size=32`.

    Raises:
        DbenchError: an unknown dataset or setting, or files that cannot be had or are damaged.
    """
    return load.load_dataset(name, None if data_dir is None else Path(data_dir), settings)
