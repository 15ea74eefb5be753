"""How codes go with image measures: rank correlations as a heat map."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from disentangle_bench.reports.figures.heat_map import Panel, Scale, heat_map, values_as_text
from disentangle_bench.reports.figures.style import MINUS
from disentangle_bench.reports.numbers import MISSING

ETA_SQUARED = "η²"


def measure_heat_map(
    panels: Mapping[str, NDArray[np.float64]],
    codes: Sequence[str],
    measures: Sequence[str],
    *,
    categorical: Collection[str] = (),
    title: str = "",
) -> Figure:
    """Draw rank correlations of codes and image measures, one panel per kind of images.

    Args:
        panels: panel title -> `(codes, measures)` in [-1, 1]; NaN where there is no value.
        codes: a name for each row.
        measures: a name for each column.
        categorical: the codes without an order, whose values are eta squared, in [0, 1], instead.
        title: above all panels.
    """
    unsigned = [code in categorical for code in codes]
    label = "rank correlation" + (f", or {ETA_SQUARED}" if categorical else "")
    return heat_map(
        [Panel(values, _texts(values, unsigned), name) for name, values in panels.items()],
        [f"{code}, {ETA_SQUARED}" if alone else code for code, alone in zip(codes, unsigned, strict=True)],
        measures,
        Scale("RdBu_r", -1, 1, label, [-1, -0.5, 0, 0.5, 1]),
        title=title,
        xlabel="measure of the image",
        ylabel="code",
    )


def _texts(values: NDArray[np.float64], unsigned: Sequence[bool]) -> NDArray[np.str_]:
    signed = np.array([[f"{value:+z.2f}".replace("-", MINUS) for value in row] for row in values])
    texts = np.where(np.array(unsigned)[:, None], values_as_text(values), signed)
    return np.where(np.isnan(values), MISSING, texts)
