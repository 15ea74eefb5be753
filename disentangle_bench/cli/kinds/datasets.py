"""Datasets, as `dbench list`, `dbench show` and `dbench data` print them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from disentangle_bench.cli.kinds.kind import Kind, Sheet

if TYPE_CHECKING:
    from disentangle_bench.datasets import Dataset, DatasetInfo, Factor, File

MOST_VALUES = 10
"""Of a factor, on its line."""
UNVERIFIED = "(unverified: published by others)"


class Datasets(Kind):
    """The datasets."""

    headings: ClassVar[Sequence[str]] = ("Dataset", "Images", "Shape", "Download", "What it is")
    brief = 5

    def names(self) -> Iterable[str]:
        from disentangle_bench.datasets import DATASETS

        return DATASETS

    def row(self, name: str) -> tuple[Any, ...]:
        from disentangle_bench.datasets import DATASETS

        info = DATASETS.get(name).info
        return name, info.images or None, _shape(info.shape), _download(info), info.title

    def sheet(self, name: str) -> Sheet:
        from disentangle_bench.datasets import DATASETS
        from disentangle_bench.datasets.load import default_settings

        adapter = DATASETS.get(name)
        info = adapter.info
        more = {"size": _download(info), "state": _state(info)}
        files = {file: say_hash(declared) for file, declared in info.files.items()}
        return replace(_sheet_of(info, default_settings(adapter), more), files=files)


class LocalDatasets(Datasets):
    """The datasets, and which of them are on this machine: what `dbench data list` prints."""

    headings: ClassVar[Sequence[str]] = ("Dataset", "Images", "Factors", "Size", "State", "Hashes", "License")
    brief = 7

    def row(self, name: str) -> tuple[Any, ...]:
        from disentangle_bench.datasets import DATASETS
        from disentangle_bench.datasets.files.state import standing

        info = DATASETS.get(name).info
        size = _download(info) if info.files else ""
        factors = None if info.users_own and not info.factors else len(info.factors)
        return name, info.images or None, factors, size, _state(info), standing(info.file_set), info.license


def loaded_sheet(dataset: Dataset, settings: Mapping[str, Any]) -> Sheet:
    """What was found in a dataset when it was loaded with these settings."""
    train = int(dataset.train.sum())
    more = {"splits": f"{train:,} train, {dataset.info.images - train:,} test"}
    if dataset.correlations:
        more["correlated in training"] = ", ".join(map(str, dataset.correlations))
    return _sheet_of(dataset.info, settings, more)


def _sheet_of(info: DatasetInfo, settings: Mapping[str, Any], more: Mapping[str, str]) -> Sheet:
    images = f"{info.images:,} of {_shape(info.shape)} (channels x height x width)"
    lines = {
        "images": "your own" if info.users_own else images,
        "labels": info.labels or "none",
        **more,
        "license": info.license,
        "citation": info.citation,
    }
    return Sheet(info.title, lines, {factor.name: say_factor(factor) for factor in info.factors}, settings)


def say_hash(file: File) -> str:
    """The hash that a file is checked against."""
    if file.sha256 is None:
        return f"MD5 {file.md5} {UNVERIFIED}" if file.md5 else "unknown"
    return file.sha256 if file.verified else f"{file.sha256} {UNVERIFIED}"


def say_factor(factor: Factor) -> str:
    """A factor's kind and size, and its values, or some of them."""
    from disentangle_bench.reports.numbers import say_value

    values: Sequence[float | str] = factor.values or ()
    said = [say_value(value) for value in values]
    if not said:
        return factor.summary
    if len(said) > MOST_VALUES:
        few = f"{', '.join(said[:3])}, .. {said[-1]}"
        return f"{factor.summary}: {few if isinstance(values[0], str) else f'{said[0]} to {said[-1]}'}"
    return f"{factor.summary}: {', '.join(said)}"


def _state(info: DatasetInfo) -> str:
    from disentangle_bench.datasets.files.state import presence

    return presence(info.file_set) if info.files else info.origin


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) if all(shape) else ""


def _download(info: DatasetInfo) -> str:
    from disentangle_bench.storage import in_bytes

    if info.users_own:
        return "yours"
    return in_bytes(info.bytes) if info.files else info.origin
