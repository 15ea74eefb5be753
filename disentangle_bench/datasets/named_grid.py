"""Grids of image files whose names state the values of their factors."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import REPLACE
from disentangle_bench.datasets.formats.members import Members
from disentangle_bench.datasets.grid import ranked_column
from disentangle_bench.datasets.ground_truth import Classes
from disentangle_bench.errors import DataError


def grid_by_name(
    members: Members, suffix: str, pattern: re.Pattern[str], factors: Sequence[Factor], example: str
) -> tuple[list[str], Classes, tuple[Factor, ...]]:
    """Order image files by the values of the factors in their names.

    Args:
        members: the files.
        suffix: of the images' names.
        pattern: matches a whole name, with a group for each factor: numbers, or for factors without values, text.
        factors: `k` of them, the first slowest.
        example: a name that matches, for messages.

    Returns:
        The names of the images in order, their classes `(n, k)`, and the factors with the numbers as values.

    Raises:
        DataError: another name, other numbers of values, or not each combination once.
    """
    names = np.array(members.names(suffix))
    if not len(names):
        raise DataError(f"{members.path} holds no {suffix} files.", REPLACE)
    matches = [pattern.fullmatch(name) for name in names.tolist()]
    for name, match in zip(names.tolist(), matches, strict=True):
        if match is None:
            problem = f"{members.path}: the name of {name} does not state its factors."
            raise DataError(problem, f"Such a name is {example}; remove other files.")
    texts = np.array([match.groups() for match in matches if match])
    columns = [column.astype(float) if np.char.isdecimal(column).all() else column for column in texts.T]
    pairs = [ranked_column(members.path, "names", *pair) for pair in zip(columns, factors, strict=True)]
    classes = np.stack([found for found, _ in pairs], axis=1)
    counts = np.zeros([factor.size or 0 for factor in factors], np.int64)
    np.add.at(counts, tuple(classes.T), 1)
    for wrong in np.argwhere(counts != 1)[:1]:
        values = (np.unique(column)[number] for column, number in zip(texts.T, wrong, strict=True))
        which = ", ".join(f"{factor.name} {value}" for factor, value in zip(factors, values, strict=True))
        raise DataError(f"{members.path} holds {counts[tuple(wrong)]} images of {which}, instead of one.", REPLACE)
    order = np.lexsort(classes.T[::-1])
    return names[order].tolist(), classes[order], tuple(factor for _, factor in pairs)
