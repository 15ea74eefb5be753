"""Some codes and factors of a representation: other kinds, unknown values, columns that are one code together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import RepresentationError, UnknownNameError
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables

Groups = Mapping[str, Sequence[str]]
"""Name of a code -> names of the columns that are this code together."""


def chosen(variables: Variables, wanted: Sequence[str | int], noun: str) -> Variables:
    """Some of the variables, by name or by position from 0, in the order in which they are named.

    Args:
        variables: codes or factors.
        wanted: names or positions; a text of digits that is no name is a position.
        noun: code or factor, for messages.

    Raises:
        UnknownNameError: there is no such one. RepresentationError: none, or one of them twice.
    """
    names = [_name(variables, each, noun) for each in wanted]
    if not names:
        raise RepresentationError(f"No {noun} was chosen.", "Give some.")
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise RepresentationError(f"The {noun} {twice[0]!r} is named twice.", "Name each once.")
    return variables.select(names)


def _name(variables: Variables, wanted: str | int, noun: str) -> str:
    if wanted in variables.names:
        return str(wanted)
    if str(wanted).isdecimal() and int(wanted) < len(variables.names):
        return variables.names[int(wanted)]
    raise UnknownNameError(noun, str(wanted), variables.names)


def with_kinds(variables: Variables, kinds: Mapping[str, str], prefix: str) -> Variables:
    """The same variables, some of them of another kind; names of others are passed over."""
    declared = [kinds.get(name, kind) for name, kind in zip(variables.names, variables.kinds, strict=True)]
    if tuple(declared) == variables.kinds:
        return variables
    return Variables.wrap(variables.values, names=variables.names, kinds=declared, prefix=prefix)


def with_unknown(factors: Variables, missing: Sequence[Any]) -> Variables:
    """The same factors, where these values count as unknown."""
    values = factors.values
    is_text = values.dtype.kind == "U"
    try:
        marks = [str(mark) if is_text else float(mark) for mark in missing]
    except ValueError:
        raise RepresentationError(
            f"{missing[0]!r} is to count as unknown, and the factors are numbers.", "Give a number."
        ) from None
    unknown = np.isin(values, marks)
    filled = np.where(unknown, "", values) if is_text else np.where(unknown, np.nan, values)
    return Variables.wrap(filled, names=factors.names, kinds=factors.kinds, prefix="f")


def merged(codes: Variables, groups: Groups) -> Variables:
    """The codes, with some columns that are one code together in the place of the first of them.

    Categorical columns become one categorical code, whose categories are the combinations that occur. Numbers become a
    code of several columns, in which an angle is its cosine and sine.

    Args:
        codes: `(n, d)`.
        groups: name of a code -> names of its columns.

    Raises:
        UnknownNameError: there is no such column.
        RepresentationError: a column in two groups, a name that another code has, or categories beside numbers.
    """
    owner = _owners(codes, groups)
    names = list(dict.fromkeys(owner[name] for name in codes.names))
    parts = [_merged(codes, [column for column in codes.names if owner[column] == name]) for name in names]
    widths = tuple(block.shape[1] for block, _ in parts)
    values = np.concatenate([block for block, _ in parts], axis=1)
    kinds = tuple(kind for _, kind in parts)
    return Variables(values, tuple(names), kinds, widths if max(widths) > 1 else ())


def _owners(codes: Variables, groups: Groups) -> dict[str, str]:
    """Name of a column -> name of its code."""
    owner = {name: name for name in codes.names}
    seen: set[str] = set()
    for group, wanted in groups.items():
        members = [_name(codes, name, "code") for name in wanted]
        if twice := [name for place, name in enumerate(members) if name in (*seen, *members[:place])]:
            raise RepresentationError(f"The code {twice[0]!r} is merged twice.", "Name each column once.")
        seen |= set(members)
        owner |= dict.fromkeys(members, group)
    for group in groups:
        if group in codes.names and owner[group] != group:
            raise RepresentationError(
                f"{group!r} is already the name of a column.", "Give the merged code another name."
            )
        if group in codes.names and group not in seen:
            raise RepresentationError(f"{group!r} is already the name of a code.", "Give the merged code another name.")
    return owner


def _merged(codes: Variables, names: Sequence[str]) -> tuple[NDArray[Any], Kind]:
    """The columns of one code, and its kind."""
    kinds = [codes.kinds[codes.names.index(name)] for name in names]
    own = codes.select(names)
    if len(names) == 1:
        return own.values, kinds[0]
    if set(kinds) == {"categorical"}:
        combination = np.unique(own.values, axis=0, return_inverse=True)[1].reshape(-1, 1)
        return combination.astype(codes.values.dtype), "categorical"
    if "categorical" in kinds:
        raise RepresentationError(
            f"The codes {', '.join(names)} are categories and numbers, which are not one code together.",
            "Merge categories with categories, and numbers with numbers.",
        )
    angles = [2 * np.pi * own.block(place) / period if period else None for place, period in enumerate(own.periods)]
    columns = [
        own.block(place) if angle is None else np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
        for place, angle in enumerate(angles)
    ]
    return np.concatenate(columns, axis=1, dtype=np.float64), "continuous"
