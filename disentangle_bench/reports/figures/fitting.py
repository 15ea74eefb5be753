"""Texts that fit: how large they are, and how titles and labels are set where there is little room."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from disentangle_bench.reports.figures.glyphs import legible
from disentangle_bench.reports.figures.style import DOTS, style

TICK_SIZE, TITLE_SIZE = 8.0, 9.5
LINE = 0.145
"""Inches from one line of tick labels to the next."""
_LONGEST_NAME = 48


@lru_cache(maxsize=4096)
def extent(text: str, size: float = TICK_SIZE) -> tuple[float, float]:
    """Measure a text, which may have several lines: its width and height in inches.

    Args:
        text: as it is, without mathematical notation.
        size: of the font, in points.
    """
    drawn = _text()
    drawn.set(text=legible(text), fontsize=size)
    box = drawn.get_window_extent()
    return box.width / DOTS, box.height / DOTS


@cache
def _text() -> Text:
    """One for all measurements: a figure for each would take most of their time."""
    with style():
        return Figure(figsize=(0.1, 0.1), dpi=DOTS).text(0, 0, "", parse_math=False)


def widest(texts: Iterable[str], size: float = TICK_SIZE) -> float:
    """The width of the widest text, in inches."""
    return max((extent(text, size)[0] for text in texts), default=0.0)


def wrapped(text: str, width: float, size: float = TITLE_SIZE) -> str:
    """Break a text into lines of at most that many inches: between words, and a word that is too long anywhere."""
    lines: list[str] = []
    line = ""
    for word in legible(text).split():
        if line and extent(f"{line} {word}", size)[0] > width:
            lines.append(line)
            line = ""
        *parts, last = _pieces(f"{line} {word}" if line else word, width, size)
        lines += parts
        line = last
    return "\n".join([*lines, line])


def _pieces(word: str, width: float, size: float) -> list[str]:
    fits = next((end for end in range(len(word), 1, -1) if extent(word[:end], size)[0] <= width), 1)
    return [word] if fits >= len(word) else [word[:fits], *_pieces(word[fits:], width, size)]


def short(name: str) -> str:
    """A name on one line; the middle of an endless one is left out."""
    line = legible(" ".join(name.split()))
    half = _LONGEST_NAME // 2
    return line if len(line) <= _LONGEST_NAME else f"{line[:half]}…{line[-half:]}"


def stands_upright(names: Sequence[str], pitch: float) -> bool:
    """Whether the names of columns have to be turned by 90 degrees to stand that many inches apart."""
    return widest(names) > pitch - 0.04


def label_columns(axes: Axes, places: Sequence[float], names: Sequence[str], pitch: float) -> None:
    """Name columns; the names are turned if they are too wide, and some are left out if they are too many."""
    upright = stands_upright(names, pitch)
    step = _step(pitch) if upright else 1
    axes.set_xticks(places[::step], list(map(short, names[::step])), rotation=90 if upright else 0, parse_math=False)


def label_rows(axes: Axes, places: Sequence[float], names: Sequence[str], pitch: float) -> None:
    """Name rows that many inches apart; some names are left out if there are too many."""
    step = _step(pitch)
    axes.set_yticks(places[::step], list(map(short, names[::step])), parse_math=False)


def _step(pitch: float) -> int:
    return max(math.ceil(LINE / pitch), 1)
