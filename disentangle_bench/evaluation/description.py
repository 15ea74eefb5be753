"""What was scored, in the words of `results.json`: how many samples, which codes, which factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.factor import Factor
from disentangle_bench.evaluation.dependence import strongest_dependence
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables

MOST_DISTINCT = 0.5
"""Classes per sample beyond which whole numbers are hardly classes."""
MOST_NAMED = 1000
"""Classes of a factor whose names are noted."""


def describe_samples(
    names: Sequence[str],
    kinds: Sequence[Kind],
    factors: Variables | None,
    train: NDArray[np.bool_] | None,
    *,
    widths: Sequence[int] = (),
) -> dict[str, Any]:
    """Describe codes and factors for the `subject` of results.

    Args:
        names: of the codes.
        kinds: of the codes.
        factors: `(n, k)`, where known.
        train: `(n,)` the rows to fit on, where there are splits.
        widths: of the codes, if some have several columns.

    Returns:
        `codes`: name and kind of each, and its number of `columns` if any has several. `train`: how many rows there are
        to fit on. `factors`: name and kind of each, the number of its `classes` unless it is continuous, whether it is
        `constant`, which metrics leave out, and in how many rows it is `known` if not in all. `dependence`: of the
        factors, if they depend on each other; see `strongest_dependence`.
    """
    described: dict[str, Any] = {
        "codes": [{"name": name, "kind": kind} for name, kind in zip(names, kinds, strict=True)]
    }
    for code, width in zip(described["codes"], widths, strict=False):
        code["columns"] = width
    if train is not None:
        described["train"] = int(np.count_nonzero(train))
    if factors is not None:
        described["factors"] = _factors(factors)
        if dependence := strongest_dependence(factors):
            described["dependence"] = dependence
    return described


def _factors(factors: Variables) -> list[dict[str, Any]]:
    described = []
    for name, kind, summary in zip(factors.names, factors.kinds, factors.summaries, strict=True):
        classes = None if summary.values is None else len(summary.values)
        constant = classes == 1 or (classes is None and bool(summary.low == summary.high))
        known = {} if summary.samples == len(factors) else {"known": summary.samples}
        described.append({"name": name, "kind": kind, "classes": classes, "constant": constant, **known})
    return described


def unscored(factors: Sequence[Factor]) -> list[str]:
    """Say which factors of a dataset codes are not scored on, and why."""
    return [f"The factor {factor.name!r} is not scored: {factor.unscored}." for factor in factors if factor.unscored]


def with_class_names(described: Mapping[str, Any], factors: Sequence[Factor]) -> dict[str, Any]:
    """The same description, with what the classes of a dataset's factors are called, in order, where they have names.

    Args:
        described: as of `describe_samples`.
        factors: that the dataset declares.
    """
    names = {factor.name: list(factor.values) for factor in factors if isinstance(next(iter(factor.values), 0), str)}
    named = [
        {**factor, "values": names[factor["name"]]} if 0 < len(names.get(factor["name"], ())) <= MOST_NAMED else factor
        for factor in described.get("factors", ())
    ]
    return {**described, "factors": named} if named else dict(described)


def doubts(factors: Variables) -> list[str]:
    """Say which factors may be of another kind than they count as."""
    said = []
    for name, kind, summary in zip(factors.names, factors.kinds, factors.summaries, strict=True):
        if summary.levels > 1:
            said.append(
                f"The factor {name!r} counts as continuous and has only {summary.levels} values, all of them whole "
                "numbers. If these are classes, declare it categorical or ordinal."
            )
        classes = 0 if summary.values is None else len(summary.values)
        if kind == "categorical" and summary.whole and classes > summary.samples * MOST_DISTINCT:
            said.append(
                f"The factor {name!r} counts as categorical and has {classes:,} values in {summary.samples:,} samples. "
                "If these are numbers, declare it continuous; if they are names of samples, leave it out."
            )
    return said
