"""Heads: the Faces experiment of InfoGAN's paper with known factors, as a procedural dataset.

The paper's faces are renders of the Basel Face Model, which are not public. These heads are made of soft ellipsoids;
what varies is what varies there: the pose, the light, and how wide the face is, besides who it is.
"""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.ground_truth import combinations
from disentangle_bench.datasets.procedural import procedural_dataset
from disentangle_bench.datasets.rendering.blobs import Sight
from disentangle_bench.datasets.rendering.camera import Array, pixel_centers, turned
from disentangle_bench.datasets.rendering.head_shapes import head
from disentangle_bench.datasets.rendering.shading import direction, in_bytes, lambert, shrunk

AZIMUTHS = tuple(float(9 * number) for number in range(-10, 11))
ELEVATIONS = tuple(float(6 * number) for number in range(-5, 6))
LIGHTINGS = tuple(float(15 * number) for number in range(-5, 6))
WIDTHS = (0.8, 0.9, 1.0, 1.1, 1.2)
IDENTITIES = 20
FACTORS = (
    Factor.of("azimuth", "ordinal", AZIMUTHS),
    Factor.of("elevation", "ordinal", ELEVATIONS),
    Factor.of("lighting", "ordinal", LIGHTINGS),
    Factor.of("width", "ordinal", WIDTHS),
    Factor("identity", "categorical", IDENTITIES),
)
SAMPLES = 2
STEPS = 3
"""Of Newton's method, enough for small images."""
REACH, RAISED = np.float32(1.28), np.float32(0.07)
"""Half the edge of the image, and how far its middle lies over the head's, in half heads."""


class Heads3D:
    """The adapter."""

    info = DatasetInfo(
        name="heads3d",
        title="Heads: parametric heads under light, 32x32 gray, procedural",
        images=combinations(FACTORS),
        shape=(1, 32, 32),
        factors=FACTORS,
        license="MIT",
        citation=(
            "After the Faces experiment of X. Chen, Y. Duan, R. Houthooft, J. Schulman, I. Sutskever, P. Abbeel: "
            "InfoGAN. NeurIPS 2016. arXiv:1606.03657; its heads are drawn by disentangle-bench"
        ),
        procedural=True,
    )

    def load(self, data_dir: Path | None = None, *, size: int = 32) -> Dataset:
        """Load the 254,100 images.

        Args:
            data_dir: not used.
            size: pixels along an image's edge, from 8 to 256.

        Raises:
            SettingError: a size out of range.
        """
        return procedural_dataset(self.info, size, partial(draw, size=size))


def draw(classes: tuple[int, ...], size: int) -> NDArray[np.uint8]:
    """Draw the image `(1, size, size)` of azimuth, elevation, lighting, width and identity."""
    azimuth, elevation, lighting, width, identity = classes
    pose = turned(AZIMUTHS[azimuth], ELEVATIONS[elevation])
    return drawn_head(pose, LIGHTINGS[lighting], WIDTHS[width], identity, size)


def drawn_head(pose: Array, lighting: float, width: float, identity: int, size: int) -> NDArray[np.uint8]:
    """Draw a head `(1, size, size)` in a pose, lit from degrees to the viewer's right."""
    pixels = size * SAMPLES
    x = pixel_centers(pixels) * REACH
    sight = known_head(identity, width).seen(pose, x, RAISED - x, STEPS if size <= 32 else 2 * STEPS)
    image = np.zeros((pixels, pixels), np.float32)
    image[sight.rows, sight.columns] = lit(sight, direction(lighting, 25))
    return in_bytes(shrunk(image, SAMPLES)[None])


def lit(sight: Sight, towards: Array) -> Array:
    """Return the brightness `(n,)` of skin and hair under one light and some from all around, with a little gloss."""
    halfway = towards + np.array([0, 0, 1], np.float32)
    halfway /= np.linalg.norm(halfway)
    gloss = np.square(np.square(np.square(np.square(lambert(sight.normal, halfway)))))
    even = np.float32(0.18) + np.float32(0.10) * sight.normal[1]
    bright: Array = sight.albedo * (even + np.float32(0.92) * lambert(sight.normal, towards)) + np.float32(0.12) * gloss
    return bright


known_head = lru_cache(maxsize=IDENTITIES * len(WIDTHS))(head)
heads3d = Heads3D()
