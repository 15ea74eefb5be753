"""Measures of handwritten shapes: ink, width, height, slant and stroke thickness.

Every function takes images `(n, h, w)` in [0, 1], bright shapes on a dark background, and returns one value each,
`(n,)`. The measures are kept apart from each other: slant does not change the width, and only ink depends on
brightness. An image on which no pixel reaches `BLANK` has no shape: all measures but ink are NaN.

Slant is that of Morpho-MNIST (Castro et al., arXiv:1809.10780), in degrees, and thickness nearly; width and height are
of moments, instead of its bounding parallelogram.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import MetricError

VERSION = 1  # of the values that the functions below return, for whoever stores them
BLANK = 0.1
HAZE = 0.2  # this share of the brightest pixel is background: faint haze far out would dominate second moments
EDGE = 0.5  # a stroke ends where brightness has fallen to this share of the brightest pixel
FINE = 84  # pixels along an edge, to which smaller images are enlarged before thinning
CHUNK = 64  # images thinned together

Floats = NDArray[np.float64]


def ink(images: ArrayLike) -> Floats:
    """Mean brightness, in [0, 1]."""
    return np.asarray(_checked(images).mean(axis=(1, 2)), dtype=np.float64)


def width(images: ArrayLike) -> Floats:
    """Width in pixels of an upright bar with the same spread along rows, after the slant is removed.

    `sqrt(12 (mu20 - mu11**2 / mu02))` of central moments. Unlike a bounding box, it changes little with stray pixels.
    """
    moments = _central_moments(_checked(images))
    return np.sqrt(12 * (moments.mu20 - np.square(moments.mu11) / moments.mu02))


def height(images: ArrayLike) -> Floats:
    """Height in pixels of a bar with the same spread along columns, `sqrt(12 mu02)` of central moments."""
    return np.sqrt(12 * _central_moments(_checked(images)).mu02)


def slant(images: ArrayLike) -> Floats:
    """Angle in degrees by which the shape leans to the right, as italics do; negative to the left.

    The arc tangent of the shear `-mu11 / mu02` that would make it upright (rows count downwards, hence the sign).
    """
    moments = _central_moments(_checked(images))
    return np.degrees(np.arctan(-moments.mu11 / moments.mu02))


def thickness(images: ArrayLike) -> Floats:
    """Thickness of the stroke in pixels: twice the distance from its skeleton to its edge.

    Images are enlarged first: on 28 x 28 pixels a skeleton resolves only strokes of 1, 3 and 5 pixels, and on 8 x 8
    hardly any; enlarged, a sixth of a pixel or less. The mean is over the middle half of the distances: they are too
    small at the skeleton's ends and too large at crossings.
    """
    checked = _checked(images)
    chunks = [_thickness(checked[start : start + CHUNK]) for start in range(0, len(checked), CHUNK)]
    return np.concatenate(chunks) if chunks else np.empty(0)


class Measure(NamedTuple):
    """A measure and the unit it is in."""

    function: Callable[[ArrayLike], Floats]
    unit: str


MEASURES: Mapping[str, Measure] = {
    "slant": Measure(slant, "degrees"),
    "thickness": Measure(thickness, "pixels"),
    "width": Measure(width, "pixels"),
    "height": Measure(height, "pixels"),
    "ink": Measure(ink, "mean brightness"),
}


def _checked(images: ArrayLike) -> NDArray[np.float32]:
    checked = np.asarray(images, dtype=np.float32)
    if checked.ndim != 3 or 0 in checked.shape[1:]:
        raise MetricError(f"The images to measure have the shape {checked.shape}.", "Give (images, height, width).")
    if not np.isfinite(checked).all():
        raise MetricError("The images to measure hold values that are NaN or infinite.", "Give brightness in [0, 1].")
    return checked


class _Moments(NamedTuple):
    """Central second moments `(n,)` in pixels squared: along rows, along columns, and mixed."""

    mu20: Floats
    mu02: Floats
    mu11: Floats


def _central_moments(images: NDArray[np.float32]) -> _Moments:
    brightest = images.max(axis=(1, 2), keepdims=True, initial=0)
    mass = np.maximum(images - HAZE * brightest, 0).astype(np.float64)
    with np.errstate(invalid="ignore"):
        mass = np.where(brightest < BLANK, np.nan, mass / mass.sum(axis=(1, 2), keepdims=True))
    y, x = (np.arange(size, dtype=np.float64) for size in images.shape[1:])
    columns, rows = mass.sum(axis=1), mass.sum(axis=2)
    mean_x, mean_y = columns @ x, rows @ y
    square = 1 / 12  # a pixel is a square, not a point: it has a spread of its own
    mu20 = columns @ np.square(x) - np.square(mean_x) + square
    mu02 = rows @ np.square(y) - np.square(mean_y) + square
    return _Moments(mu20, mu02, np.einsum("nyx,y,x->n", mass, y, x, optimize=True) - mean_x * mean_y)


def _thickness(images: NDArray[np.float32]) -> Floats:
    from scipy import ndimage
    from skimage.morphology import skeletonize

    scale = math.ceil(FINE / min(images.shape[1:]))
    shapes = _enlarged_shapes(images, scale)
    # Outside of the box that holds all shapes there is only ground, and the nearest of it lies along the box.
    rows, columns = (np.flatnonzero(shapes.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    if len(rows):
        shapes = shapes[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    shapes = np.pad(shapes, ((0, 0), (1, 1), (1, 1)))
    # one above the other, with ground between them, so that each step is one call for all
    column = shapes.reshape(-1, shapes.shape[2])
    skeleton = np.stack(np.nonzero(skeletonize(column)))  # type: ignore[no-untyped-call]
    ground = ndimage.distance_transform_edt(column, return_distances=False, return_indices=True)[:, *skeleton]
    distances = np.sqrt(np.square(skeleton - ground).sum(axis=0).astype(np.float64))
    owners = skeleton[0] // shapes.shape[1]
    # to the nearest pixel of ground: half a pixel further than the edge, or, for even breadths, as far as it
    breadths: Floats = (2 * _middle_means(distances, owners, len(images)) - 0.5) / scale
    return breadths


def _enlarged_shapes(images: NDArray[np.float32], scale: int) -> NDArray[np.bool_]:
    import torch
    import torch.nn.functional as F

    brightest = images.max(axis=(1, 2), keepdims=True)
    large = F.interpolate(torch.from_numpy(images)[:, None], scale_factor=scale, mode="bilinear", align_corners=False)
    return np.asarray((large[:, 0].numpy() >= EDGE * brightest) & (brightest >= BLANK))


def _middle_means(values: Floats, owners: NDArray[np.int64], n: int) -> Floats:
    """The interquartile mean of each owner's values, `(n,)`; NaN for those without any."""
    order = np.lexsort((values, owners))
    counts = np.bincount(owners, minlength=n)
    place = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = (place + 0.5) / np.repeat(counts, counts)
    middle = (share >= 0.25) & (share <= 0.75)
    kept = owners[order][middle]
    sums = np.bincount(kept, values[order][middle], minlength=n)
    numbers = np.bincount(kept, minlength=n)
    means: Floats = np.divide(sums, numbers, out=np.full(n, np.nan), where=numbers > 0)
    return means
