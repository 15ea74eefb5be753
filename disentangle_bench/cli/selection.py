"""Options that choose codes and factors of a file, and say how they count."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import rich_click as click

from disentangle_bench.cli.options import read_all_words

Function = TypeVar("Function", bound=Callable[..., Any])


def selection_options(function: Function) -> Function:
    """`--codes`, `--factors`, `--merge`, `--kinds` and `--missing`; see `Representation.select`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def read_selection(options: dict[str, Any]) -> dict[str, Any]:
    """Take these options out of all, as `Representation.select` takes them; those that are not given are left out."""
    given = {key: options.pop(key) for key in ("codes", "factors", "groups", "kinds", "missing")}
    return {key: value for key, value in given.items() if value}


def _read_groups(_ctx: click.Context, _parameter: click.Parameter, texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """`c1+c2=pose` texts as name -> columns."""
    groups: dict[str, tuple[str, ...]] = {}
    for text in texts:
        columns, _, name = (side.strip() for side in text.rpartition("="))
        members = tuple(column.strip() for column in columns.split("+"))
        if not name or len(members) < 2 or not all(members) or name in groups:
            raise click.BadParameter(f"{text!r} is not of the form COLUMN+COLUMN=NAME, such as c1+c2=pose, each once.")
        groups[name] = members
    return groups


def _read_kinds(_ctx: click.Context, _parameter: click.Parameter, texts: Iterable[str]) -> dict[str, str]:
    """`shape=categorical,c1=cyclic` as name -> kind."""
    kinds: dict[str, str] = {}
    for part in (part for text in texts for part in text.split(",")):
        name, _, kind = (side.strip() for side in part.rpartition("="))
        if not name or not kind or kinds.get(name, kind) != kind:
            raise click.BadParameter(f"{part!r} is not of the form NAME=KIND, such as shape=categorical, each once.")
        kinds[name] = kind
    return kinds


_OPTIONS = (
    click.option(
        "--codes",
        multiple=True,
        callback=read_all_words,
        metavar="A,B,..",
        help="Of a file, only these codes, by name or position from 0 (repeatable).",
    ),
    click.option(
        "--factors",
        multiple=True,
        callback=read_all_words,
        metavar="A,B,..",
        help="Of a file, only these factors, by name or position from 0 (repeatable).",
    ),
    click.option(
        "--merge",
        "groups",
        multiple=True,
        callback=_read_groups,
        metavar="A+B=NAME",
        help="Columns of codes that are one code together, as in c1+c2=pose (repeatable).",
    ),
    click.option(
        "--kinds",
        multiple=True,
        callback=_read_kinds,
        metavar="NAME=KIND,..",
        help="Kinds of codes or factors: categorical, ordinal, continuous, cyclic (repeatable).",
    ),
    click.option(
        "--missing",
        multiple=True,
        metavar="VALUE",
        help="A value of factors that stands for unknown, as in -1 (repeatable).",
    ),
)
