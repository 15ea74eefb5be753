"""Figures in the dark theme: every color of a plot has a dark counterpart, and so has every heat map.

A plot's color is written as a variable with the light color to fall back on, which is what a saved drawing keeps.
"""

from __future__ import annotations

import base64
import io
import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from disentangle_bench.reports.figures.style import CYCLE, FAINT, INK, MUTED

PAGE, LIGHTEST = "#141518", "#e9e9e7"
"""The page in the dark theme, and its text."""
COUNTERPARTS = {
    "#ffffff": PAGE,
    INK: LIGHTEST,
    MUTED: "#a3a8ae",
    FAINT: "#34373c",
    **dict(zip(CYCLE, ("#4ba3e3", "#f08a4b", "#3cc296", "#e39bc6", "#f0b63a", "#a5d8f7", LIGHTEST), strict=True)),
}
"""Light color -> the dark theme's: the same hue, as far from its page."""
EVEN = 1.25
"""The exponent with which a cell that dark and light text can be read on equally well stays one, and so is legible."""
_COLOR = re.compile("|".join(COUNTERPARTS))

_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
"""Oklab (Ottosson, 2020): linear RGB to cones, and the cube roots of these to lightness and two axes of hue."""


def with_variables(style: str) -> str:
    """Write each color of a plot so that the theme can replace it."""
    return _COLOR.sub(lambda found: f"var(--plot-{found[0][1:]}, {found[0]})", style)


def variables() -> str:
    """The declarations that the dark theme makes."""
    return " ".join(f"--plot-{light[1:]}: {dark};" for light, dark in COUNTERPARTS.items())


def dark_address(address: str) -> str:
    """A heat map's counterpart, from and to a `data:` address of a PNG."""
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as image:
        pixels = np.ascontiguousarray(image.convert("RGBA"))
    packed, places = np.unique(pixels.view(np.uint32), return_inverse=True)  # as numbers, which sort much faster
    colors = packed.view(np.uint8).reshape(-1, 4)
    colors[:, :3] = in_the_dark(colors[:, :3])
    written = io.BytesIO()
    Image.fromarray(colors[places.ravel()].reshape(pixels.shape)).save(written, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"


def in_the_dark(colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn lightness round, from white and black to the dark page and its text; hue and chroma stay.

    Args:
        colors: `(n, 3)` of sRGB.
    """
    lab = _to_lab(colors)
    [[page, _, _], [lightest, _, _]] = _to_lab(np.array([_rgb(PAGE), _rgb(LIGHTEST)], np.uint8))
    lab[:, 0] = lightest + (page - lightest) * lab[:, 0] ** EVEN
    return _to_rgb(lab)


def _rgb(color: str) -> list[int]:
    return list(bytes.fromhex(color[1:]))


def _to_lab(colors: NDArray[np.uint8]) -> NDArray[np.float64]:
    values = colors / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _LMS.T) @ _LAB.T)


def _to_rgb(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    linear = np.clip((lab @ np.linalg.inv(_LAB).T) ** 3 @ np.linalg.inv(_LMS).T, 0, 1)
    values = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(values * 255), np.uint8)
