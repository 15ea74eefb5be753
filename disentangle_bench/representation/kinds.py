"""The kinds of variables, and what follows from the kind and the values of one."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

_GLANCE = 100
Kind = Literal["categorical", "ordinal", "continuous", "cyclic"]
KINDS: tuple[str, ...] = get_args(Kind)


def guess_kind(dtype: np.dtype[Any]) -> Kind:
    """Continuous for floating-point numbers, categorical for integers, booleans and text."""
    return "continuous" if dtype.kind == "f" else "categorical"


def is_whole(values: NDArray[Any]) -> bool:
    """Whether all values are whole numbers, whatever their type."""
    return values.dtype.kind in "biu" or bool((values == np.round(values)).all())


def is_unknown(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which values of factors are unknown: NaN among numbers, empty texts among texts."""
    if values.dtype.kind == "f":
        return np.asarray(np.isnan(values))
    return np.asarray(values == "") if values.dtype.kind == "U" else np.zeros(values.shape, dtype=bool)


def are_decimals(texts: NDArray[Any]) -> bool:
    """Whether all known texts are numbers, and some of them not whole: numbers that became text, not names."""
    try:
        texts[:_GLANCE][~is_unknown(texts[:_GLANCE])].astype(np.float64)  # a few show that most texts are not numbers
        distinct = np.unique(texts[~is_unknown(texts)])
        finite = np.isfinite(distinct.astype(np.float64))
    except ValueError:
        return False
    return not np.char.isdecimal(np.char.lstrip(distinct[finite], "+-")).all()


def period_of(values: NDArray[Any]) -> float:
    """After how much a cyclic variable repeats: 2 pi for radians, the number of values for whole numbers."""
    return float(values.max()) - float(values.min()) + 1 if is_whole(values) else 2 * np.pi
