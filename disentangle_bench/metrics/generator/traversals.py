"""Paths of pictures along which one code is swept and all else is held, and what is read along them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Code, Gaussian, Latents, LatentSpec
from disentangle_bench.metrics.generator.sampling import check_parameters, image_batches
from disentangle_bench.metrics.metric import Classifier, Generator, Posterior

BATCH = 512
CENTRAL_95 = 1.959963984540054  # the standard normal's 97.5 % quantile

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Paths:
    """What is read along `n` paths of `s` pictures.

    Attributes:
        readings: one array `(n, s, p)` per code: the posterior's probabilities of a categorical code's categories
            (p = k), or the posterior mean of a continuous code (p = 1).
        distances: `(n, s, s)`: root-mean-square differences between the pictures of each path.
        classes: `(n, s)`: the class that a classifier sees, if there is one.
    """

    readings: tuple[Floats, ...]
    distances: Floats
    classes: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.distances)

    @property
    def steps(self) -> int:
        """Pictures on each path."""
        return int(self.distances.shape[1])

    def taken(self, order: NDArray[np.int64]) -> Paths:
        """The pictures `order (n, t)` of each path, in that order."""
        rows = np.arange(len(self))[:, None]
        return Paths(
            tuple(reading[rows, order] for reading in self.readings),
            self.distances[rows[:, :, None], order[:, :, None], order[:, None, :]],
            None if self.classes is None else self.classes[rows, order],
        )

    def shuffled(self, rng: np.random.Generator) -> Paths:
        """The same pictures, on each path in an order of its own."""
        return self.taken(rng.random((len(self), self.steps)).argsort(axis=1))

    def first(self, steps: int) -> Paths:
        """The first pictures of each path."""
        return self.taken(np.broadcast_to(np.arange(steps), (len(self), steps)))


def prior_values(code: Code, steps: int) -> Tensor:
    """A code's prior range: its categories; [-1, 1] of a uniform code; the central 95 % of a Gaussian one, evenly."""
    if isinstance(code, Categorical):
        return torch.arange(code.k)
    reach = CENTRAL_95 if isinstance(code, Gaussian) else 1.0
    return torch.linspace(-reach, reach, steps)


def sweep(base: Latents, index: int, values: Tensor) -> Latents:
    """Each row of `base (n)` once for every value `(s,)` of code `index`: `n * s` rows, path after path."""
    return held(base, len(values)).replace(index, values.repeat(len(base)))


def held(base: Latents, steps: int) -> Latents:
    """Each row of `base (n)` `steps` times in a row: paths along which nothing is swept."""
    return base.rows(torch.arange(len(base)).repeat_interleave(steps))


def ignoring_codes(asked: Latents, spec: LatentSpec, seed: int) -> Latents:
    """What a generator made deaf to its codes draws pictures of: fresh codes from the prior, whatever is asked for.

    Only the noise is as asked for. Its pictures are as good and as varied as before, but no code can be read as it was
    asked for, none is held, and the order along a path means nothing.
    """
    return Latents(asked.noise, spec.sample(len(asked), torch.Generator().manual_seed(seed)).codes)


@dataclass(frozen=True)
class Reader:
    """A generator and those who look at its pictures."""

    spec: LatentSpec
    generator: Generator
    posterior: Posterior
    classifier: Classifier | None = None

    @torch.no_grad()
    def read(self, latents: Latents, steps: int) -> Paths:
        """Generate and read the paths that `latents (n * steps)` hold one after the other.

        Raises:
            MetricError: a generator or posterior whose output does not fit the latents, or is NaN or infinite.
        """
        whole_paths = max(1, BATCH // steps) * steps
        batches = [self._look(images, steps) for images in image_batches(self.generator, latents, whole_paths)]
        readings = zip(*(batch.readings for batch in batches), strict=True)
        classes = [batch.classes for batch in batches if batch.classes is not None]
        return Paths(
            tuple(np.concatenate(arrays) for arrays in readings),
            np.concatenate([batch.distances for batch in batches]),
            np.concatenate(classes) if classes else None,
        )

    def _look(self, images: Tensor, steps: int) -> Paths:
        parameters = self.posterior(images)
        check_parameters(parameters, self.spec, len(images))
        self._require_finite(images, parameters)
        flat = images.reshape(len(images) // steps, steps, -1)
        # cdist's matrix-product shortcut would lose small distances to rounding
        distances = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist") / flat.shape[2] ** 0.5
        return Paths(
            tuple(_reading(code, raw, steps) for code, raw in zip(self.spec.codes, parameters, strict=True)),
            distances.double().cpu().numpy(),
            None if self.classifier is None else self.classifier(images).cpu().numpy().reshape(-1, steps),
        )

    def _require_finite(self, images: Tensor, parameters: Sequence[Tensor]) -> None:
        outputs = {"generator": images}
        outputs |= {f"posterior of {name}": raw for name, raw in zip(self.spec.names, parameters, strict=True)}
        broken = [name for name, output in outputs.items() if not torch.isfinite(output).all()]
        if broken:
            raise MetricError(
                f"The {' and the '.join(broken)} gave values that are NaN or infinite.",
                "Look at the run's status and log: its training has probably diverged.",
            )


def _reading(code: Code, raw: Tensor, steps: int) -> Floats:
    values = raw.double().softmax(dim=1) if isinstance(code, Categorical) else code.estimate(raw)[:, None]
    array: Floats = values.double().cpu().numpy()
    return array.reshape(-1, steps, array.shape[1])
