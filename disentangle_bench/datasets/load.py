"""Load the dataset that a recipe names, with the settings that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from disentangle_bench.datasets import DATASETS
from disentangle_bench.datasets.dataset import Dataset
from disentangle_bench.errors import DataError
from disentangle_bench.settings import check_settings


def load_dataset(name: str, data_dir: Path | None = None, settings: Mapping[str, Any] | None = None) -> Dataset:
    """Load a dataset by its name.

    Args:
        name: of the dataset.
        data_dir: a folder with its files; by default `DBENCH_DATA`, the user cache, then its sources.
        settings: the dataset's own, such as `{"size": 32}`; the keyword-only parameters of its `load`.

    Raises:
        DbenchError: an unknown name or setting, a folder for a dataset without files, files that no source has or
            that are damaged.
    """
    adapter = DATASETS.get(name)
    given = check_settings(adapter.load, settings or {}, kind="dataset", name=name)
    if data_dir is not None and adapter.info.origin not in ("published", "yours"):
        raise DataError(
            f"--data-dir names {data_dir}, but the dataset {name!r} is {adapter.info.origin}: it reads no files.",
            "Leave --data-dir out.",
        )
    dataset = adapter.load(data_dir, **given)
    if not isinstance(dataset, Dataset):
        problem = f"The dataset {name!r} cannot be used: its `load` returned {type(dataset).__name__}."
        raise DataError(problem, f"Return a `disentangle_bench.datasets.Dataset`; `dbench check {name}` tries it.")
    return dataset
