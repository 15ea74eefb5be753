"""A small change to every image before it is read, which only what is visible survives.

    x~ = round(255 x) / 255 + noise s (e + Σ_i e_i d_i)

`s` is the spread of real images: the standard deviation of a pixel over them, root-mean-square over the pixels. Where
there are none, it is that of values spread evenly over [0, 1], the range of a generator's images. `e` is standard
normal, for each pixel anew. That alone would average out over an image: summed over its pixels, a change of a
thousandth can still be read. So the noise also lies along what each code changes: `d_i` is a difference of two images
that differ in code i alone, scaled to 1 per pixel, root-mean-square over such differences, and `e_i` is standard
normal. A code with an effect far below `noise s` drowns in it; one with an effect far above does not notice. Without
noise, images are left as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Latents, LatentSpec
from disentangle_bench.metrics.generator.sampling import draw_latents, image_batches
from disentangle_bench.metrics.metric import Generator
from disentangle_bench.seeds import derive_seed

NOISE = 0.05
LEVELS = 255
RANGE_SPREAD = math.sqrt(1 / 12)
"""The standard deviation of values that are spread evenly over [0, 1]."""
MOST_REAL = 10_000
PAIRS = 64
"""Differences along each code."""
UNCHANGED = 1e-6
"""Differences that are smaller than this are rounding: the code changes nothing."""


def pixel_spread(images: ArrayLike | None) -> float:
    """The spread of images `(n, c, h, w)`, uint8 or float in [0, 1], at most 10,000 of them; see above."""
    if images is None or len(np.asarray(images)) < 2:
        return RANGE_SPREAD
    array = np.asarray(images)
    rows = np.linspace(0, len(array) - 1, min(len(array), MOST_REAL)).astype(np.int64)
    pixels = array[rows].reshape(len(rows), -1).astype(np.float64)
    return math.sqrt(pixels.var(axis=0).mean()) / (LEVELS if array.dtype == np.uint8 else 1)


@dataclass(frozen=True)
class Perturbation:
    """The change; it draws anew at every call.

    Attributes:
        deviation: of the noise, `noise s`.
        effects: for each code `(64, c, h, w)`, differences along it, 1 per pixel; 0 if it changes nothing.
        rngs: of the noise in pixels, of that along codes, and of the differences along which it lies, so that the
            numbers do not depend on how images are split into batches.
    """

    deviation: float
    effects: Sequence[Tensor]
    rngs: Mapping[str, np.random.Generator] = field(repr=False)

    @classmethod
    def of(
        cls, generator: Generator, latents: LatentSpec, images: ArrayLike | None, *, noise: float, seed: int
    ) -> Perturbation:
        """That of a generator's images beside real ones.

        Args:
            generator: latents -> images `(n, c, h, w)`.
            latents: the priors.
            images: real ones, where there are any.
            noise: its standard deviation as a share of the spread of real images.
            seed: of the noise and of the images whose differences it lies along.

        Raises:
            MetricError: a negative noise; images that do not fit the latents.
        """
        if not noise >= 0:
            raise MetricError(f"noise is {noise}.", "Give 0 or more.")
        effects = _effects(generator, latents, seed) if noise else ()
        names = ("pixels", "codes", "differences")
        rngs = {name: np.random.default_rng(derive_seed(seed, "perturbation", name)) for name in names}
        return cls(noise * pixel_spread(images), effects, rngs)

    def __call__(self, images: Tensor) -> Tensor:
        """Change images `(n, c, h, w)`."""
        if self.deviation == 0:
            return images
        drawn = len(images), len(self.effects)
        places = torch.from_numpy(self.rngs["differences"].integers(PAIRS, size=drawn)).to(images.device)
        weights = torch.from_numpy(self.rngs["codes"].standard_normal(drawn, dtype=np.float32)).to(images.device)
        pixels = self.rngs["pixels"].standard_normal(tuple(images.shape), dtype=np.float32)
        noise = torch.from_numpy(pixels).to(images.device)
        for code, effects in enumerate(self.effects):
            noise += weights[:, code, None, None, None] * effects[places[:, code]]
        return (images * LEVELS).round() / LEVELS + self.deviation * noise

    def of_generator(self, generator: Generator) -> Generator:
        """The same generator with changed images."""
        return lambda latents: self(generator(latents).float())


def _effects(generator: Generator, latents: LatentSpec, seed: int) -> list[Tensor]:
    first, other = (draw_latents(latents, PAIRS, seed, f"perturbation: {name}") for name in ("first", "other"))
    before = _images(generator, first)
    effects = []
    for place, values in enumerate(other.codes):
        difference = _images(generator, first.replace(place, values)) - before
        size = float(difference.double().square().mean().sqrt())
        effects.append(difference / size if size > UNCHANGED else torch.zeros_like(difference))
    return effects


def _images(generator: Generator, latents: Latents) -> Tensor:
    return torch.cat([*image_batches(generator, latents, PAIRS)])
