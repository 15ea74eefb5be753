"""What a score is computed from once everything is fitted and counted, to be drawn again for an interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Resampling:
    """Units that can be drawn with replacement, and the scores that draws of them have.

    Attributes:
        units: how many there are.
        what: what they are, such as `rows` or `held-out rows`.
        values: of weights `(units,)`, how often each unit was drawn, the values of the parts that come from them. Where
            all weights are 1 they are the scores, up to rounding; a part that the draw leaves undefined is missing.
    """

    units: int
    what: str
    values: Callable[[Weights], Mapping[str, float]]


def held_out_means(held_out: NDArray[np.bool_] | NDArray[np.float64]) -> Callable[[Weights], NDArray[np.float64]]:
    """Give, for weights `(m,)`, the means of what was held out `(..., m)`, such as whether predictions are right."""
    values: NDArray[np.floating] = held_out.astype(np.float32 if held_out.dtype == np.bool_ else np.float64)
    return lambda weights: np.asarray(values @ weights.astype(values.dtype), dtype=np.float64) / weights.sum()
