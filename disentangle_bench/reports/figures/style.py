"""The look of every figure, and how it is written: the same bytes for the same numbers, as PNG, PDF or SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from disentangle_bench.reports.figures.glyphs import families, legible, needs_fallbacks
from disentangle_bench.storage import write_through

DOTS = 200
"""Dots per inch of the PNG."""
INK = "#1a1a1a"
MUTED = "#6e6e6e"
FAINT = "#d9d9d9"
MINUS = "\N{MINUS SIGN}"
CYCLE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's colors, which are distinct for people with any color vision."""

_SETTINGS: dict[Any, Any] = {
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.labelsize": 8.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "text.color": INK,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,  # text stays text
    "svg.hashsalt": "disentangle-bench",
}

_OUTLINES: dict[Any, Any] = {"pdf.fonttype": 3}
"""Where fallbacks are used: most fonts of Chinese, Japanese and Korean have outlines that PDFs of type 42 lose."""
_NO_DATES: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
FORMS = tuple(_NO_DATES)
USUAL_FORMS = ("png", "pdf")
"""One to look at, one for papers."""


@contextmanager
def style() -> Iterator[None]:
    """Use the common settings while a figure is drawn or written."""
    with mpl.rc_context({**_SETTINGS, "font.family": families()}):
        yield


def new_figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """Make a figure of that size in inches; call it within `style()`. Its layout takes as long as to draw it."""
    return Figure(figsize=(width, height), layout=layout)


def without_frame(axes: Axes) -> None:
    """Remove the frame and the tick marks."""
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def write_figure(figure: Figure, folder: Path, name: str, forms: Sequence[str] = USUAL_FORMS) -> list[Path]:
    """Write `name.png` and so on, each atomically, without dates or versions in them.

    Args:
        figure: what is written.
        folder: where to.
        name: of the files, without suffix.
        forms: `png`, `pdf` or `svg`.

    Raises:
        StorageError: no space, no permission.
    """
    paths = [folder / f"{name}.{form}" for form in forms]
    for path in paths:
        write_image(figure, path)
    return paths


def write_image(figure: Figure, path: Path, title: str | None = None) -> None:
    """Write one file, atomically, in the form that its suffix names: `.png`, `.svg` or `.pdf`; `title` is put into it.

    Raises:
        StorageError: no space, no permission.
    """
    form = path.suffix[1:].lower()
    metadata = _NO_DATES[form] | ({"Title": title} if title else {})
    write_through(path, partial(render, figure, form=form, metadata=metadata))


def render(
    figure: Figure, file: IO[bytes] | Path, *, form: str, metadata: Mapping[str, str | None] | None = None
) -> None:
    """Write a figure in one form, with letters that no font has spelled out."""
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    for text in texts:
        text.set_text(legible(text.get_text()))
    outlined = any(needs_fallbacks(text.get_text()) for text in texts)
    with style(), mpl.rc_context(_OUTLINES if outlined else {}):
        figure.savefig(file, format=form, dpi=DOTS, metadata=metadata)
