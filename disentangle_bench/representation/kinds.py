"""The kinds of variables, and what follows from the kind and the values of one."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Kind = Literal["categorical", "ordinal", "continuous", "cyclic"]
KINDS: tuple[str, ...] = get_args(Kind)


def guess_kind(dtype: np.dtype[Any]) -> Kind:
    """Continuous for floating-point numbers, categorical for integers, booleans and text."""
    return "continuous" if dtype.kind == "f" else "categorical"


def is_whole(values: NDArray[Any]) -> bool:
    """Whether all values are whole numbers, whatever their type."""
    return values.dtype.kind in "biu" or bool((values == np.round(values)).all())


def period_of(values: NDArray[Any]) -> float:
    """After how much a cyclic variable repeats: 2 pi for radians, the number of values for whole numbers."""
    return float(values.max()) - float(values.min()) + 1 if is_whole(values) else 2 * np.pi
