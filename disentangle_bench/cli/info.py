"""The kinds of things that have names, and what `dbench list` and `dbench show` print of each.

Everything is read from where it is declared: the registries, the recipes' files, the info beside the code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from disentangle_bench.cli.metric_list import metric_list
from disentangle_bench.registry import Registry

if TYPE_CHECKING:
    from rich.console import RenderableType

    from disentangle_bench.datasets import Dataset, DatasetInfo, Factor, File

MOST_VALUES = 10
"""Of a factor, on its line."""


@dataclass(frozen=True)
class Sheet:
    """What is known of one thing: info by label, factors, settings as `--set` takes them, published numbers, files,
    scores.
    """

    title: str
    info: Mapping[str, str]
    factors: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """One kind: its names, the columns and rows of its listing, and the sheet of one.

    Attributes:
        brief: how many of the columns fit a terminal.
        layout: what a terminal shows instead of a table of those, made from heading -> cell of each row.
    """

    names: Callable[[], Iterable[str]]
    headings: tuple[str, ...]
    brief: int
    row: Callable[[str], tuple[Any, ...]]
    sheet: Callable[[str], Sheet]
    layout: Callable[[Sequence[Mapping[str, Any]]], RenderableType] | None = None

    def rows(self) -> list[tuple[Any, ...]]:
        """List one row per name; what cannot be loaded, as a broken plug-in, is left out and reported in the log."""
        names = self.names()
        return [self.row(name) for name in (names.usable() if isinstance(names, Registry) else names)]


def _model_names() -> Iterable[str]:
    from disentangle_bench.models import MODELS

    return MODELS


def _model_row(name: str) -> tuple[Any, ...]:
    from disentangle_bench.models import MODELS

    model = MODELS.get(name)
    return name, model.summary, model.source


def _model_sheet(name: str) -> Sheet:
    from disentangle_bench.models import MODELS
    from disentangle_bench.models.recipes import recipe_names

    model = MODELS.get(name)
    recipes = ", ".join(recipe_names(name)) or f"dbench train {name} --dataset NAME"
    info = {"source": model.source, "recipes": recipes, "code": f"{model.__module__}.{model.__qualname__}"}
    return Sheet(_first_paragraph(model), info)


def _dataset_names() -> Iterable[str]:
    from disentangle_bench.datasets import DATASETS

    return DATASETS


def _dataset_row(name: str) -> tuple[Any, ...]:
    from disentangle_bench.datasets import DATASETS

    info = DATASETS.get(name).info
    return name, info.images or None, _shape(info.shape), _download(info), info.title


def _data_row(name: str) -> tuple[Any, ...]:
    from disentangle_bench.datasets import DATASETS
    from disentangle_bench.datasets.files.state import presence, standing

    info = DATASETS.get(name).info
    size = _download(info) if info.files else ""
    state = presence(info.file_set) if info.files else info.origin
    factors = None if info.users_own and not info.factors else len(info.factors)
    return name, info.images or None, factors, size, state, standing(info.file_set), info.licence


def _dataset_sheet(name: str) -> Sheet:
    from disentangle_bench.datasets import DATASETS
    from disentangle_bench.datasets.files.state import presence
    from disentangle_bench.settings import defaults_of

    adapter = DATASETS.get(name)
    info = adapter.info
    more = {"size": _download(info), "state": presence(info.file_set) if info.files else info.origin}
    files = {file: _hash(declared) for file, declared in info.files.items()}
    return replace(_sheet_of(info, defaults_of(adapter.load), more), files=files)


def loaded_sheet(dataset: Dataset, settings: Mapping[str, Any]) -> Sheet:
    """What was found in a dataset when it was loaded with these settings."""
    train = int(dataset.train.sum())
    splits = f"{train:,} train, {dataset.info.images - train:,} test"
    return _sheet_of(dataset.info, settings, {"splits": splits})


def _sheet_of(info: DatasetInfo, settings: Mapping[str, Any], more: Mapping[str, str]) -> Sheet:
    lines = {
        "images": _images(info),
        "labels": info.labels or "none",
        **more,
        "licence": info.licence,
        "citation": info.citation,
    }
    return Sheet(info.title, lines, {factor.name: _factor(factor) for factor in info.factors}, settings)


def _images(info: DatasetInfo) -> str:
    if info.users_own:
        return "your own"
    return f"{info.images:,} of {_shape(info.shape)} (channels x height x width)"


def _hash(file: File) -> str:
    if file.sha256 is None:
        return f"MD5 {file.md5} (unverified: published by others)" if file.md5 else "unknown"
    return file.sha256 if file.verified else f"{file.sha256} (unverified: published by others)"


def _metric_names() -> Iterable[str]:
    from disentangle_bench.metrics import METRICS

    return METRICS


def _metric_row(name: str) -> tuple[Any, ...]:
    from disentangle_bench.metrics import METRICS, info_of
    from disentangle_bench.metrics.groups import group_of

    info = info_of(METRICS.get(name))
    needs = ", ".join(info.needs)
    return name, group_of(METRICS.get(name)), info.summary, needs, info.slow, info.default, info.source


def _metric_sheet(name: str) -> Sheet:
    from disentangle_bench.metrics import METRICS, info_of

    function = METRICS.get(name)
    info = info_of(function)
    lines = {
        "better": info.better,
        "bounds": _bounds(*info.bounds),
        "unit": info.unit or "none",
        "needs": ", ".join(info.needs),
        "uses": ", ".join(info.uses) or "nothing else",
        "version": str(info.version),
        "source": info.source,
        "code": f"{function.__module__}.{function.__qualname__}",
    }
    return Sheet(_first_paragraph(function), lines, settings=info.settings)


def _bounds(low: float | None, high: float | None) -> str:
    if low is None:
        return "none" if high is None else f"up to {high:g}"
    return f"from {low:g}" if high is None else f"{low:g} to {high:g}"


def _recipe_names() -> Iterable[str]:
    from disentangle_bench.models.recipes import recipe_names

    return recipe_names()


def _recipe(name: str) -> Any:
    from disentangle_bench.models.recipes import find_recipe

    return find_recipe(name)


def _recipe_row(name: str) -> tuple[Any, ...]:
    recipe = _recipe(name)
    return name, recipe.steps, recipe.title, recipe.source


def _recipe_sheet(name: str) -> Sheet:
    from disentangle_bench.models.recipes import recipe_files

    recipe = _recipe(name)
    info = {"model": recipe.model.name, "dataset": recipe.dataset.name, "source": recipe.source}
    info["merged from"] = ", ".join(recipe_files(name))
    return Sheet(recipe.title, info, settings=recipe_settings(recipe), published=recipe.published)


def recipe_settings(recipe: Any) -> dict[str, Any]:
    """A recipe's settings under the dotted keys that `--set` takes."""
    named = ("name", "model.name", "dataset.name")
    return {key: value for key, value in recipe.dotted_values().items() if key not in named}


def _first_paragraph(thing: Any) -> str:
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())


def _factor(factor: Factor) -> str:
    return f"{factor.summary}: {_values(factor.values)}" if factor.values else factor.summary


def _values(values: Sequence[float | str]) -> str:
    from disentangle_bench.reports.numbers import say_value

    said = [say_value(value) for value in values]
    if len(said) <= MOST_VALUES:
        return ", ".join(said)
    return f"{said[0]} to {said[-1]}" if not isinstance(values[0], str) else f"{', '.join(said[:3])}, .. {said[-1]}"


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) if all(shape) else ""


def _download(info: DatasetInfo) -> str:
    from disentangle_bench.storage import in_bytes

    if info.users_own:
        return "yours"
    return in_bytes(info.bytes) if info.files else info.origin


KINDS = {
    "models": Kind(_model_names, ("Model", "What it is", "Source"), 2, _model_row, _model_sheet),
    "recipes": Kind(_recipe_names, ("Recipe", "Steps", "What it is", "Source"), 3, _recipe_row, _recipe_sheet),
    "datasets": Kind(
        _dataset_names, ("Dataset", "Images", "Shape", "Download", "What it is"), 5, _dataset_row, _dataset_sheet
    ),
    "metrics": Kind(
        _metric_names,
        ("Metric", "Group", "What it says", "Needs", "Slow", "Default", "Source"),
        3,
        _metric_row,
        _metric_sheet,
        metric_list,
    ),
}
DATA = Kind(
    _dataset_names,
    ("Dataset", "Images", "Factors", "Size", "State", "Hashes", "Licence"),
    7,
    _data_row,
    _dataset_sheet,
)
"""The datasets once more, by what is here of each: what `dbench data list` prints."""
