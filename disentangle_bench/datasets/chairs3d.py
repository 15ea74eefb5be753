"""Chairs: the Chairs experiment of InfoGAN's paper with known factors, as a procedural dataset.

The paper's chairs are renders of many hundred models. These are built of some tens of solids each; what varies is what
varies there: the direction from which the chair is seen, how wide it is and what kind it is, besides its back's height.
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
from disentangle_bench.datasets.rendering.camera import Camera, turned
from disentangle_bench.datasets.rendering.casting import cast
from disentangle_bench.datasets.rendering.chair_shapes import STYLES, chair
from disentangle_bench.datasets.rendering.shading import direction, in_bytes, lambert, shrunk
from disentangle_bench.datasets.rendering.solids import Scene

AZIMUTHS = tuple(float(10 * number) for number in range(36))
WIDTHS = tuple(round(0.65 + 0.1 * number, 2) for number in range(8))
BACKS = tuple(round(0.3 + 0.1 * number, 1) for number in range(8))
FACTORS = (
    Factor.of("azimuth", "cyclic", AZIMUTHS),
    Factor.of("width", "ordinal", WIDTHS),
    Factor.of("back_height", "ordinal", BACKS),
    Factor.of("style", "categorical", [style.name for style in STYLES]),
)
SAMPLES = 2
ELEVATION, DISTANCE, ANGLE = 22, 6.0, 26.4
KEY_LIGHT, FILL_LIGHT = direction(-35, 50), direction(60, 10)
EVEN, KEY, FILL = 0.36, 0.70, 0.22


class Chairs3D:
    """The adapter."""

    info = DatasetInfo(
        name="chairs3d",
        title="Chairs: parametric chairs, 64x64 gray, procedural",
        images=combinations(FACTORS),
        shape=(1, 64, 64),
        factors=FACTORS,
        labels="style",
        license="MIT",
        citation=(
            "After the Chairs experiment of X. Chen, Y. Duan, R. Houthooft, J. Schulman, I. Sutskever, P. Abbeel: "
            "InfoGAN. NeurIPS 2016. arXiv:1606.03657; its chairs are drawn by disentangle-bench"
        ),
        procedural=True,
    )

    def load(self, data_dir: Path | None = None, *, size: int = 64) -> Dataset:
        """Load all images.

        Args:
            data_dir: not used.
            size: pixels along an image's edge, from 8 to 256.

        Raises:
            SettingError: a size out of range.
        """
        return procedural_dataset(self.info, size, partial(draw, size=size))


def draw(classes: tuple[int, ...], size: int) -> NDArray[np.uint8]:
    """Draw the image `(1, size, size)` of azimuth, width, back height and style."""
    azimuth, width, back, style = classes
    return drawn_chair(AZIMUTHS[azimuth], WIDTHS[width], BACKS[back], style, size)


def drawn_chair(azimuth: float, width: float, back: float, style: int, size: int) -> NDArray[np.uint8]:
    """Draw a chair `(1, size, size)` on white, turned by an azimuth in degrees; the light stays where it is."""
    camera = Camera.towards((0.0, 0.93, 0.0), turned(azimuth, ELEVATION), DISTANCE, ANGLE, size * SAMPLES)
    surface = cast(known_chair(style, width, back), camera)
    level, normal = turned(azimuth, 0), surface.normal
    key, fill = KEY_LIGHT @ level, FILL_LIGHT @ level
    light = EVEN + np.float32(0.08) * normal[1] + KEY * lambert(normal, key) + FILL * lambert(normal, fill)
    image = np.where(np.isfinite(surface.distance), surface.albedo * light, 1)
    return in_bytes(shrunk(image, SAMPLES)[None])


@lru_cache(maxsize=len(STYLES) * len(WIDTHS) * len(BACKS))
def known_chair(style: int, width: float, back: float) -> Scene:
    """Return a chair that is ready to be cast at."""
    return Scene(chair(style, width, back))


chairs3d = Chairs3D()
