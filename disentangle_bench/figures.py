"""Figures of anybody's codes and decoder: `disentangle_bench.figures.traversal(decoder, 10, path="traversal.pdf")`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.evaluation.decoder import decode
from disentangle_bench.reports.figures.style import MINUS, write_image
from disentangle_bench.reports.figures.target import refuse_form
from disentangle_bench.reports.figures.traversal import traversal_grid
from disentangle_bench.representation.tables import as_array

__all__ = ["traversal"]

Range = tuple[float, float]


def traversal(
    decoder: Callable[[Tensor], Any],
    codes: int | ArrayLike,
    *,
    ranges: Range | Sequence[Range] = (-2.0, 2.0),
    steps: int = 9,
    names: Sequence[str] | None = None,
    title: str = "",
    path: Path | str | None = None,
) -> Figure:
    """Draw a latent traversal: each row moves one code over its range, and holds all others.

    Args:
        decoder: a torch module or any function of codes `(n, d)`, float32, that gives images `(n, c, h, w)` or
            `(n, h, w)`, float in [0, 1] or uint8, in gray or RGB. A module is asked in evaluation mode, where its
            parameters are, and left as it was.
        codes: where the others are held, `(d,)`, such as the codes of one image; or their number, to hold them at 0.
        ranges: from where to where each code moves, one pair for all codes or one for each.
        steps: images in a row.
        names: of the codes; by default `c1`, `c2`, and so on.
        title: above the images.
        path: also write the figure here: a `.png`, `.pdf` or `.svg`.

    Returns:
        A matplotlib figure.

    Raises:
        DbenchError: codes, ranges and names that do not fit together, a decoder that gives no such images, or a path
            that cannot be written.

    Example:
        A decoder whose image is as bright as the first code, and that ignores the second.

        >>> import torch
        >>> import disentangle_bench as db
        >>> decoder = lambda codes: torch.sigmoid(codes[:, :1, None, None]).expand(-1, 1, 8, 8)
        >>> figure = db.figures.traversal(decoder, 2, steps=5, names=["brightness", "nothing"])
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
        ['brightness', 'nothing']
    """
    if steps < 2:
        raise SettingError(f"A traversal of {steps} steps does not move.", "Give 2 or more.")
    if path is not None:
        refuse_form(Path(path))
    base = np.zeros(codes) if isinstance(codes, int) else as_array(codes, "codes").astype(np.float64)
    if base.ndim != 1 or not len(base):
        raise SettingError(f"The codes have the shape {base.shape}.", "Give their number, or those of one image, (d,).")
    pairs = _pairs(ranges, len(base))
    images = decode(decoder, _moved(base, pairs, steps))
    shared = len(set(pairs)) == 1
    figure = traversal_grid(
        images.reshape(len(base), steps, *images.shape[1:]),
        [_say(value) for value in np.linspace(*pairs[0], steps)] if shared else [""] * steps,
        rows=_labels(names, pairs, shared=shared),
        title=title,
        xlabel="value of the code" if shared else "from the first to the last value of each code",
    )
    if path is not None:
        write_image(figure, Path(path))
    return figure


def _pairs(ranges: Range | Sequence[Range], codes: int) -> list[Range]:
    """One pair for each code."""
    moves = np.asarray(ranges, dtype=np.float64)
    if moves.shape not in ((2,), (codes, 2)):
        raise SettingError(
            f"The ranges have the shape {moves.shape}.", f"Give one pair, or one for each of the {codes} codes."
        )
    return [(float(low), float(high)) for low, high in np.broadcast_to(moves, (codes, 2))]


def _labels(names: Sequence[str] | None, pairs: Sequence[Range], *, shared: bool) -> list[str]:
    """Name the rows, with the range of each if they differ."""
    labels = [f"c{place + 1}" for place in range(len(pairs))] if names is None else list(names)
    if len(labels) != len(pairs):
        raise SettingError(f"There are {len(labels)} names for {len(pairs)} codes.", "Give one for each code.")
    said = (("", "") if shared else (_say(low), _say(high)) for low, high in pairs)
    return [f"{label}, {low} to {high}" if low else label for label, (low, high) in zip(labels, said, strict=True)]


def _say(value: float) -> str:
    return f"{value:.3g}".replace("-", MINUS)


def _moved(base: NDArray[np.float64], pairs: Sequence[Range], steps: int) -> NDArray[np.float64]:
    """The codes of all images, `(codes * steps, codes)`: code by code, and value by value."""
    rows = np.tile(base, (len(base), steps, 1))
    for code, (low, high) in enumerate(pairs):
        rows[code, :, code] = np.linspace(low, high, steps)
    return rows.reshape(-1, len(base))
