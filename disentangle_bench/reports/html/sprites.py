"""A traversal as one small image: lossless if there is room for that, else compressed, else of fewer rows."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FEWEST_ROWS = 4
"""Rows that are kept of a traversal for which there is no room otherwise."""


@dataclass(frozen=True)
class Sprite:
    """All images of a traversal side by side.

    Attributes:
        address: a `data:` address with the image.
        rows: how many rows of the traversal it has.
        lossless: whether its pixels are those of the model.
        size: of the address, in bytes.
    """

    address: str
    rows: int
    lossless: bool

    @property
    def size(self) -> int:
        return len(self.address)


def sprite(pixels: NDArray[np.uint8], most: int) -> Sprite | None:
    """Put images side by side into one file of at most that many bytes.

    Args:
        pixels: `(rows, columns, h, w)` gray or `(rows, columns, h, w, 3)` color.
        most: bytes of its address.

    Returns:
        None if nothing fits.
    """
    whole, few = len(pixels), min(len(pixels), FEWEST_ROWS)
    attempts: tuple[tuple[int, str, dict[str, int]], ...] = (
        (whole, "png", {}),
        (whole, "webp", {"quality": 85}),
        (few, "webp", {"quality": 70}),
        (1, "webp", {"quality": 50}),
    )
    made = (_encoded(pixels, rows, form, **options) for rows, form, options in attempts)
    return next((each for each in made if each.size <= most), None)


def _encoded(pixels: NDArray[np.uint8], rows: int, form: str, **options: int) -> Sprite:
    kept = pixels[:rows]
    height, width = kept.shape[2:4]
    side_by_side = kept.swapaxes(1, 2).reshape(rows * height, kept.shape[1] * width, *kept.shape[4:])
    written = io.BytesIO()
    Image.fromarray(side_by_side).save(written, form, optimize=True, **options)
    text = base64.b64encode(written.getvalue()).decode()
    return Sprite(f"data:image/{form};base64,{text}", rows, form == "png")
