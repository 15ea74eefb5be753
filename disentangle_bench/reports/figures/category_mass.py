"""The posterior's mass by category of a code: a merged one has twice its share, an empty one none; no label needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from disentangle_bench.reports.figures.fitting import label_columns, widest, wrapped
from disentangle_bench.reports.figures.style import CYCLE, FAINT, INK, MUTED, new_figure, style

MERGED, SPLIT = 1.5, 0.5
"""Multiples of an even share beyond which a category may be two classes, or half of one."""
PITCH = 0.42
"""Inches of a bar."""


def mass_of(logits: ArrayLike) -> np.ndarray:
    """Average a posterior over images.

    Args:
        logits: `(n, k)` of a categorical code.

    Returns:
        `(k,)` the mean probability of each category; they sum to 1.
    """
    values = np.asarray(logits, dtype=np.float64)
    odds = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray((odds / odds.sum(axis=1, keepdims=True)).mean(axis=0))


def category_mass(mass: ArrayLike, names: Sequence[str], *, title: str = "", xlabel: str = "") -> Figure:
    """Draw the mass of each category beside an even share.

    Args:
        mass: `(k,)`, which sum to 1.
        names: of the categories.
        title: above everything.
        xlabel: what the categories are.
    """
    values = np.asarray(mass, dtype=np.float64)
    even = 1 / len(values)
    width = max(len(values) * max(PITCH, min(widest(names) + 0.1, 0.8)), 3.0)
    with style():
        figure = new_figure(width + 0.7, 2.5)
        axes = figure.subplots()
        odd = (values > MERGED * even) | (values < SPLIT * even)
        colors = [CYCLE[1] if strange else CYCLE[0] for strange in odd]
        axes.bar(range(len(values)), values, color=colors, width=0.72)
        axes.axhline(even, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        for share in (MERGED * even, SPLIT * even):
            axes.axhline(share, color=MUTED, linewidth=0.6, linestyle=(0, (1, 2)))
        label_columns(axes, range(len(values)), names, width / len(values))
        axes.set_xlim(-0.6, len(values) - 0.4)
        axes.set_ylim(0, max(float(values.max()), 2 * even) * 1.08)
        axes.set_title(wrapped(title, width), parse_math=False)
        axes.set_xlabel(wrapped(xlabel, width, 8.5), parse_math=False)
        axes.set_ylabel("share of the mass")
        axes.set_axisbelow(True)
        axes.grid(axis="y", color=FAINT, linewidth=0.5)
    return figure
