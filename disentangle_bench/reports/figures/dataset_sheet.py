"""A sheet of a dataset's samples: one row a factor, its name at the left, its values below the images."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from disentangle_bench.reports.figures.dataset_samples import SampleRow, Samples
from disentangle_bench.reports.figures.style import DOTS, FAINT, MUTED, style

CELL = 120  # dots, about, along the longer side of an image
GAP = 8
LEFT, RIGHT, TOP, BOTTOM = 245, 25, 75, 25
VALUES = 34  # dots below a row for its values
NO_VALUES = 4
VALUE_LENGTH, NAME_LENGTH = 11, 18  # characters that have room
NAME_SIZE, FULL_SIZE_LENGTH = 8.5, 13  # points, and the length from which on they are fewer
HELD_LINE, DOTS_A_CHARACTER = 26, 11


@dataclass(frozen=True)
class _Page:
    """A figure whose contents are placed in dots from its upper left corner."""

    width: int
    height: int

    def figure(self) -> Figure:
        return Figure(figsize=(self.width / DOTS, self.height / DOTS))

    def box(self, left: int, top: int, width: int, height: int) -> tuple[float, float, float, float]:
        return left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height

    def point(self, x: float, y: float) -> tuple[float, float]:
        return x / self.width, 1 - y / self.height


def dataset_sheet(samples: Samples, title: str = "") -> Figure:
    """Draw the sheet.

    Args:
        samples: the rows, all with images of one shape.
        title: above everything.
    """
    cells = [[cell(image) for image in row.images] for row in samples.rows]
    high, wide = cells[0][0].shape[:2]
    heights = [high + (VALUES if any(row.values) else NO_VALUES) + GAP for row in samples.rows]
    columns = max(len(row) for row in cells)
    held = textwrap.wrap(samples.held, max((columns * (wide + GAP) + LEFT) // DOTS_A_CHARACTER, 1))
    below = BOTTOM + HELD_LINE * len(held)
    page = _Page(LEFT + columns * (wide + GAP) - GAP + RIGHT, TOP + sum(heights) + below)
    with style():
        figure = page.figure()
        _write(figure, page.point(RIGHT, 24), title, va="top", fontsize=9.5)
        top = TOP
        for row, images, height in zip(samples.rows, cells, heights, strict=True):
            _draw(figure, page, top, row, images)
            top += height
        for number, line in enumerate(held):
            _write(figure, page.point(RIGHT, top + 8 + HELD_LINE * number), line, va="top", fontsize=7, color=MUTED)
    return figure


def cell(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale an image `(c, h, w)` by whole pixels to `(h', w', 3)`, about `CELL` high or wide, with a thin frame."""
    pixels = np.moveaxis(image, 0, -1).astype(np.float64)
    pixels = pixels if pixels.shape[2] == 3 else pixels[:, :, :1].repeat(3, axis=2)
    longest = max(pixels.shape[:2])
    times = longest // CELL
    if times > 1:
        h, w = (length // times for length in pixels.shape[:2])
        pixels = pixels[: h * times, : w * times].reshape(h, times, w, times, 3).mean(axis=(1, 3))
    zoom = max(round(CELL / longest), 1)
    large = np.rint(pixels).astype(np.uint8).repeat(zoom, axis=0).repeat(zoom, axis=1)
    frame = int(FAINT[1:3], 16)
    return np.pad(large, ((1, 1), (1, 1), (0, 0)), constant_values=frame)


def _draw(figure: Figure, page: _Page, top: int, row: SampleRow, images: list[NDArray[np.uint8]]) -> None:
    high, wide = images[0].shape[:2]
    middle = top + high / 2
    name = _short(row.name, NAME_LENGTH)
    points = NAME_SIZE * min(1, FULL_SIZE_LENGTH / max(len(name), 1))
    _write(figure, page.point(RIGHT, middle - 3), name, va="bottom", fontsize=points)
    _write(figure, page.point(RIGHT, middle + 4), row.note, va="top", fontsize=6.5, color=MUTED)
    strip = np.concatenate([np.pad(image, ((0, 0), (0, GAP), (0, 0)), constant_values=255) for image in images], axis=1)
    # Placed to the dot, so that every pixel of an image becomes the same number of dots.
    axes = figure.add_axes(page.box(LEFT, top, strip.shape[1], high))
    axes.imshow(strip, aspect="auto", interpolation="none")
    axes.set_axis_off()
    for column, (before, value) in enumerate(pairwise(("", *row.values))):
        if value == before:
            continue  # said already
        place = page.point(LEFT + column * (wide + GAP) + wide / 2, top + high + 5)
        _write(figure, place, _short(value, VALUE_LENGTH), va="top", ha="center", fontsize=6.5, color=MUTED)


def _write(figure: Figure, place: tuple[float, float], text: str, **settings: Any) -> None:
    figure.text(*place, text, parse_math=False, **settings)  # names are anybody's, dollars and all


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
