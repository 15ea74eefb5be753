"""Toy Shapes3D: a solid in a room under the six factors of 3D Shapes, as a procedural dataset.

A stand-in for 3D Shapes (github.com/google-deepmind/3d-shapes): the same factors, values and order, but not the same
pixels. Use it to try in minutes what is meant for the real set.
"""

from __future__ import annotations

import colorsys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.procedural import procedural_dataset
from disentangle_bench.datasets.rendering.camera import Array, Camera, turned
from disentangle_bench.datasets.rendering.casting import cast
from disentangle_bench.datasets.rendering.room import Room
from disentangle_bench.datasets.rendering.shading import (
    cone,
    direction,
    in_bytes,
    lambert,
    open_share,
    sky,
)
from disentangle_bench.datasets.rendering.solids import Scene, Shape, Solid, solid
from disentangle_bench.datasets.shapes3d import FACTORS, HUES, ORIENTATIONS, SCALES, SHAPES


class ToyShapes3D:
    """The adapter."""

    info = DatasetInfo(
        name="toyshapes3d",
        title="Toy Shapes3D: a solid in a room, 64x64 RGB, procedural",
        images=480_000,
        shape=(3, 64, 64),
        factors=FACTORS,
        license="MIT",
        citation=(
            "After C. Burgess, H. Kim: 3D Shapes Dataset, 2018, https://github.com/google-deepmind/3d-shapes; "
            "its rooms are drawn by disentangle-bench"
        ),
        procedural=True,
    )

    def load(self, data_dir: Path | None = None, *, size: int = 64) -> Dataset:
        """Load the 480,000 images.

        Args:
            data_dir: not used.
            size: pixels along an image's edge, from 8 to 256.

        Raises:
            SettingError: a size out of range.
        """
        return procedural_dataset(self.info, size, Painter(size))


class Painter:
    """Draws the images. Light is additive: each is a sum of four layers, those of three parts in the parts' colors.

    The layers depend on scale, shape and orientation alone. Once drawn they are kept, all 480 of them at usual sizes,
    so that an image is four products and three sums. A copy for another process starts empty.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: dict[tuple[int, ...], Array] = {}

    def __call__(self, classes: tuple[int, ...]) -> NDArray[np.uint8]:
        """Draw the image `(3, size, size)` of the hues of floor, wall and object, scale, shape and orientation."""
        layers = self._kept.get(classes[3:])
        if layers is None:
            scale, shape, orientation = classes[3:]
            layers = drawn_layers(SHAPES[shape], SCALES[scale], ORIENTATIONS[orientation], self.size)
            if (len(self._kept) + 1) * layers.nbytes <= MOST_LAYER_BYTES:
                self._kept[classes[3:]] = layers
        floor, wall, thing = (COLORS[hue][:, None, None] for hue in classes[:3])
        return in_bytes(layers[FLOOR] * floor + layers[WALL] * wall + layers[THING] * thing + layers[GLOSS])

    def __getstate__(self) -> dict[str, Any]:
        return {"size": self.size, "_kept": {}}


COLORS = np.array([colorsys.hsv_to_rgb(hue, 0.85, 1.0) for hue in HUES], dtype=np.float32)
UNITS: dict[str, tuple[Shape, tuple[float, float, float]]] = {
    "cube": ("box", (0.66, 0.66, 0.66)),
    "cylinder": ("cylinder", (0.62, 0.78, 0.62)),
    "sphere": ("ball", (0.8, 0.8, 0.8)),
}
"""Shapes of one solid each: its unit solid, and its half extents at the scale 1."""
FLOOR, WALL, THING, GLOSS = range(4)
SAMPLES = 3
MOST_LAYER_BYTES = 2**27
ROOM = Room(half_width=3.4, height=9.0)
SUN = direction(-42, 52)
# Each of the parts of a pixel is lit by a few rays of its own, so that the pixel is lit by many.
SUN_RAYS, SKY_RAYS = cone(SUN, 7, 2 * SAMPLES**2), sky(4 * SAMPLES**2)


def drawn_layers(shape: str, scale: float, orientation: float, size: int) -> Array:
    """Draw the brightness `(4, size, size)` of floor, wall and object in white, and of the object's gloss."""
    solids = Scene(object_solids(shape, scale))
    camera = Camera.towards((0.0, 0.8, 0.0), turned(orientation, 22), 6.6, 34, size)
    parts = [
        drawn_sample(solids, sample, SUN_RAYS[number :: SAMPLES**2], SKY_RAYS[number :: SAMPLES**2])
        for number, sample in enumerate(camera.samples(SAMPLES))
    ]
    layers: Array = np.mean(parts, axis=0, dtype=np.float32)
    return layers


def drawn_sample(solids: Scene, camera: Camera, sun_rays: Array, sky_rays: Array) -> Array:
    """Draw the layers `(4, h, w)` without antialiasing."""
    surface = cast(solids, camera)
    layers = np.zeros((4, *surface.distance.shape), np.float32)
    seen = np.isfinite(surface.distance)
    layers[THING, seen], layers[GLOSS, seen] = lit_object(surface.normal[:, seen], camera.axes[2])
    points, is_floor, normals = ROOM.behind(camera, ~seen)
    sun = lambert(normals, SUN) * open_share(solids, points, sun_rays)
    light = 0.50 * sun + ROOM.ambient(points) * (0.22 + 0.36 * open_share(solids, points, sky_rays))
    layers[FLOOR, ~seen], layers[WALL, ~seen] = light * is_floor, light * ~is_floor
    return layers


def object_solids(shape: str, scale: float) -> list[Solid]:
    """Build the object, standing on the floor."""
    if shape == "capsule":
        radius, length = 0.5 * scale, 0.52 * scale
        ends = [solid("ball", (0, radius + 2 * length * end, 0), (radius,) * 3) for end in (0, 1)]
        return [*ends, solid("cylinder", (0, radius + length, 0), (radius, length, radius))]
    unit, half = UNITS[shape]
    extents = [scale * part for part in half]
    return [solid(unit, (0, extents[1], 0), extents)]


def lit_object(normals: Array, back: Array) -> tuple[Array, Array]:
    """Return brightness and gloss `(n,)` of normals `(3, n)`, seen from `back`."""
    ambient = 0.36 + 0.16 * normals[1]
    halfway = SUN + back
    halfway /= np.linalg.norm(halfway)
    return ambient + 0.55 * lambert(normals, SUN), 0.30 * lambert(normals, halfway) ** 40


toyshapes3d = ToyShapes3D()
