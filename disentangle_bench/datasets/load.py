"""Load the dataset that a recipe names, with the settings that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from disentangle_bench.datasets import DATASETS
from disentangle_bench.datasets.correlation import parse_correlations
from disentangle_bench.datasets.dataset import Adapter, Dataset
from disentangle_bench.errors import DataError, SettingError
from disentangle_bench.settings import check_settings, defaults_of

CORRELATE = "correlate"
"""The setting of all datasets whose factors have classes: which pairs are correlated in training, and how strongly."""


def load_dataset(name: str, data_dir: Path | None = None, settings: Mapping[str, Any] | None = None) -> Dataset:
    """Load a dataset by its name.

    Args:
        name: of the dataset.
        data_dir: a folder with its files; by default `DBENCH_DATA`, the user cache, then its sources.
        settings: the dataset's own, such as `{"size": 32}`: the keyword-only parameters of its `load`. In addition
            `correlate`, such as `posX:posY=0.1`: factors that are correlated in the images which training draws.

    Raises:
        DbenchError: an unknown name or setting, a folder for a dataset without files, files that no source has or
            that are damaged.
    """
    adapter = DATASETS.get(name)
    own = dict(settings or {})
    correlate = own.pop(CORRELATE, "") if CORRELATE not in defaults_of(adapter.load) else ""
    given = check_settings(adapter.load, own, kind="dataset", name=name, beside=default_settings(adapter))
    if data_dir is not None and adapter.info.origin not in ("published", "yours"):
        raise DataError(
            f"--data-dir names {data_dir}, but the dataset {name!r} is {adapter.info.origin}: it reads no files.",
            "Leave --data-dir out.",
        )
    dataset = adapter.load(data_dir, **given)
    if not isinstance(dataset, Dataset):
        problem = f"The dataset {name!r} cannot be used: its `load` returned {type(dataset).__name__}."
        raise DataError(problem, f"Return a `disentangle_bench.datasets.Dataset`; `dbench check {name}` tries it.")
    return correlated(dataset, correlate) if correlate != "" else dataset


def correlated(dataset: Dataset, correlate: Any) -> Dataset:
    """Return a dataset from which training draws images in which factors are correlated.

    Raises:
        DbenchError: the setting is not text of that form, or the dataset's factors do not allow it.
    """
    name = dataset.info.name
    if not isinstance(correlate, str):
        raise SettingError(f"correlate = {correlate!r} is not text.", "Give such as posX:posY=0.1.")
    correlations = parse_correlations(correlate, dataset.info.factors, name)
    if dataset.ground_truth is None:
        raise DataError(
            f"The factors of {name} cannot be correlated: not all of them have classes that are known of each image.",
            "Leave correlate out.",
        )
    return replace(dataset, correlations=correlations)


def default_settings(adapter: Adapter) -> dict[str, Any]:
    """Map the name of each setting of a dataset to its default."""
    sizes = [factor.size or 0 for factor in adapter.info.factors]
    may_correlate = adapter.info.users_own or (all(sizes) and sum(size > 1 for size in sizes) > 1)
    return defaults_of(adapter.load) | ({CORRELATE: ""} if may_correlate else {})
