"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from disentangle_bench.cli.completion import names_of

Function = TypeVar("Function", bound=Callable[..., Any])
Settings = tuple[tuple[str, Any], ...]

FIGURE_FORMATS = ("png", "pdf", "svg")
FORMATS = ("table", "markdown", "latex", "csv", "json")

MOST_SEEDS = 1000


def read_settings(_ctx: click.Context, _parameter: click.Parameter, texts: Iterable[str]) -> Settings:
    """`KEY=VALUE` texts as pairs; a value is a TOML literal or else a string, as in `steps=100` or `model=infogan`."""
    settings = []
    for text in texts:
        key, equals, value = text.partition("=")
        if not key.strip() or not equals:
            raise click.BadParameter(f"{text!r} is not of the form KEY=VALUE, such as steps=100.")
        settings.append((key.strip(), read_literal(value.strip())))
    return tuple(settings)


def read_literal(text: str) -> Any:
    """A TOML literal, or the text itself.

    Raises:
        BadParameter: it is nested too deeply, or a number of thousands of digits.
    """
    from disentangle_bench.storage import parse_toml

    try:
        read = parse_toml(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    except ValueError as error:
        raise click.BadParameter(f"The value {text[:40]}... cannot be read: {error}.") from None
    return read["value"] if len(read) == 1 else text  # more lines would be more settings


Texts = str | Sequence[str] | None
"""Of an option that was given once, any number of times, or not."""


def read_words(_ctx: click.Context, _parameter: click.Parameter, texts: Texts) -> tuple[str, ...] | None:
    """The words between commas, if there are any; one that is named again counts once."""
    words = read_all_words(_ctx, _parameter, texts)
    return None if words is None else tuple(dict.fromkeys(words))


def read_all_words(_ctx: click.Context, _parameter: click.Parameter, texts: Texts) -> tuple[str, ...] | None:
    """The words between commas, if there are any, as often as they are named."""
    if not texts and texts != "":
        return None
    text = _joined(texts)
    words = tuple(word.strip() for word in text.split(","))
    if not all(words):
        raise click.BadParameter(f"{text!r} has an empty name; separate names by single commas.")
    return words


def _joined(texts: Texts) -> str:
    return texts if isinstance(texts, str) else ",".join(texts or ())


def read_figure_formats(ctx: click.Context, parameter: click.Parameter, texts: Texts) -> tuple[str, ...]:
    """The formats between commas, each once; PNG and PDF if none is given."""
    formats = read_words(ctx, parameter, texts) or FIGURE_FORMATS[:2]
    unknown = [word for word in formats if word not in FIGURE_FORMATS]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is not a format of figures; use {', '.join(FIGURE_FORMATS)}.")
    return formats


def read_seeds(_ctx: click.Context, _parameter: click.Parameter, texts: Texts) -> tuple[int, ...]:
    """Whole numbers and ranges between commas, as in `0,3,5-7`; none of them twice."""
    seeds: list[int] = []
    text = _joined(texts)
    for word in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,18})\s*(?:-\s*(\d{1,18})\s*)?", word, re.ASCII)
        if found is None:
            raise click.BadParameter(
                f"{text!r} is not a seed; give a whole number from 0, or several as in 0-2 or 0,3."
            )
        first, last = int(found[1]), int(found[2] or found[1])
        if not 0 <= last - first < MOST_SEEDS:
            raise click.BadParameter(f"{word.strip()!r} is not a range of 1 to {MOST_SEEDS:,} seeds, such as 0-2.")
        seeds += range(first, last + 1)
    if len(set(seeds)) < len(seeds):
        raise click.BadParameter(f"{text!r} has a seed more than once; the same seed gives the same run.")
    return tuple(seeds)


def by_metric(settings: Settings) -> dict[str, dict[str, Any]]:
    """`METRIC.KEY=VALUE` settings as one dictionary per metric."""
    grouped: dict[str, dict[str, Any]] = {}
    for name, value in settings:
        metric, dot, key = name.rpartition(".")
        if not dot:
            raise click.BadParameter(
                f"{name!r} is not of the form METRIC.KEY=VALUE, such as traversal-consistency.draws=100.",
                param_hint="'--set'",
            )
        grouped.setdefault(metric, {})[key] = value
    return grouped


def device_option(function: Function) -> Function:
    """`--device`."""
    return click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda", "mps"]),
        default="auto",
        metavar="NAME",
        help="auto, cpu, cuda or mps (default: auto, the best available).",
    )(function)


class GivenPath(click.Path):
    """A path that was given: neither an empty text, as an unset variable of the shell gives, nor the next option."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if value == "":
            self.fail("The path is empty; the current folder is a single dot.", param, ctx)
        if ctx is not None and value in {name for of in ctx.command.params for name in of.opts if name[:2] == "--"}:
            self.fail(f"{value} is an option, where a path was expected; ./{value} is a path.", param, ctx)
        from disentangle_bench.storage import usable_path

        usable_path(value, "What was given" if param is None else param.get_error_hint(ctx))
        return super().convert(value, param, ctx)


def data_dir_option(function: Function) -> Function:
    """`--data-dir`."""
    return click.option(
        "--data-dir",
        type=GivenPath(path_type=Path),
        metavar="DIR",
        help="A folder with the dataset's files (default: DBENCH_DATA, then the cache).",
    )(function)


def format_option(function: Function) -> Function:
    """`--format`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="table",
        metavar="NAME",
        help="table, markdown, latex, csv or json (default: table).",
    )(function)


def figure_formats_option(function: Function) -> Function:
    """`--figure-format`."""
    return click.option(
        "--figure-format",
        "figure_formats",
        multiple=True,
        callback=read_figure_formats,
        metavar="A,B,..",
        help="png, pdf or svg, or several (default: png,pdf).",
    )(function)


def all_option(function: Function) -> Function:
    """`--all`."""
    return click.option(
        "--all",
        "every",
        is_flag=True,
        help="Show every score, not only the headline of each metric.",
    )(function)


def metrics_option(help_text: str) -> Callable[[Function], Function]:
    """`--metrics`, repeatable."""
    return click.option(
        "--metrics",
        multiple=True,
        callback=read_words,
        metavar="A,B,..",
        shell_complete=names_of("metrics"),
        help=help_text,
    )


def rows_option(function: Function) -> Function:
    """`--rows`."""
    return click.option(
        "--rows",
        type=click.IntRange(min=4),
        metavar="N",
        help="Evaluate N of the samples, the same for all models of a dataset (default: all; of large sets 20,000).",
    )(function)


def resamples_option(function: Function) -> Function:
    """`--bootstrap`."""
    return click.option(
        "--bootstrap",
        type=click.IntRange(min=0),
        metavar="N",
        help="Resamples for intervals of metrics of codes and factors (default: 100; 0 if slow or of many rows).",
    )(function)


def levels_option(function: Function) -> Function:
    """`--no-levels`."""
    return click.option("--no-levels", is_flag=True, help="Leave out chance and ceiling where they are simulated.")(
        function
    )


def seed_option(function: Function) -> Function:
    """`--seed` of an evaluation."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="Seed of the evaluation (default: 0).",
    )(function)


def settings_option(example: str) -> Callable[[Function], Function]:
    """`--set`, repeatable."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        callback=read_settings,
        metavar="KEY=VALUE",
        help=f"Change a setting, as in {example} (repeatable).",
    )
