"""Load the dataset that a recipe names, with the settings that it gives."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from disentangle_bench.datasets import DATASETS
from disentangle_bench.datasets.dataset import Adapter, Dataset
from disentangle_bench.errors import DataError, SettingError, UnknownNameError


def load_dataset(name: str, data_dir: Path | None = None, settings: Mapping[str, Any] | None = None) -> Dataset:
    """A dataset by its name.

    Args:
        name: of the dataset.
        data_dir: a folder with its files; by default `DBENCH_DATA`, the user cache, then its sources.
        settings: its own, such as `{"size": 32}`; see `settings_of`.

    Raises:
        DbenchError: an unknown name or setting, a folder for a dataset without files, files that cannot be had or
            that are damaged.
    """
    adapter = DATASETS.get(name)
    known = settings_of(adapter)
    given = {}
    for key, value in (settings or {}).items():
        if key not in known:
            raise UnknownNameError(f"setting of the dataset {name!r}", key, known)
        given[key] = _plain(value)
        _check_type(name, key, given[key], known[key])
    if data_dir is not None and not (adapter.info.files or adapter.info.users_own):
        raise DataError(
            f"--data-dir names {data_dir}, but the dataset {name!r} is embedded: it reads no files.",
            "Leave --data-dir out.",
        )
    return adapter.load(data_dir, **given)


def load_for_run(name: str, data_dir: Path | None = None, settings: Mapping[str, Any] | None = None) -> Dataset:
    """As `load_dataset`, but nothing is measured on the images unless the settings say so: no run is asked of that."""
    spared = {"measures": False} if "measures" in settings_of(DATASETS.get(name)) else {}
    return load_dataset(name, data_dir, {**spared, **(settings or {})})


def settings_of(adapter: Adapter) -> dict[str, Any]:
    """The settings that an adapter takes, with their defaults."""
    parameters = inspect.signature(adapter.load).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}


def _plain(value: Any) -> Any:
    """Python's own number for one of NumPy's or another library's."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else value


def _check_type(name: str, key: str, value: Any, default: Any) -> None:
    """Find a value of another type than the default's; a default of None says nothing of the type."""
    if default is None or (isinstance(value, type(default)) and isinstance(value, bool) == isinstance(default, bool)):
        return
    if isinstance(default, tuple) and isinstance(value, list):
        return
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return
    raise SettingError(
        f"The setting {key} = {value!r} of the dataset {name!r} is no {_KINDS.get(type(default), 'such value')}.",
        f"The default is {default!r}.",
    )


_KINDS = {bool: "truth value (true or false)", int: "whole number", float: "number", str: "text", tuple: "list"}
