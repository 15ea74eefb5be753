"""Latent traversals: paths of images along which one code varies and all else is held, and what is read along them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Code, Gaussian, Latents, LatentSpec
from disentangle_bench.metrics.generator.perturbation import Perturbation
from disentangle_bench.metrics.generator.sampling import check_parameters, image_batches
from disentangle_bench.metrics.metric import Classifier, Generator, Posterior

BATCH = 512
CENTRAL_95 = 1.959963984540054  # the standard normal's 97.5 % quantile

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Paths:
    """What is read along `n` paths of `s` images.

    Attributes:
        readings: one array `(n, s, p)` per code: the posterior's category probabilities of a categorical code (p = k),
            or the posterior mean of a continuous code (p = 1).
        distances: `(n, s, s)`: root-mean-square differences between the images of each path.
        classes: `(n, s)`: the classifier's prediction for each image, if there is a classifier.
    """

    readings: tuple[Floats, ...]
    distances: Floats
    classes: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.distances)

    @property
    def steps(self) -> int:
        """Images per path."""
        return int(self.distances.shape[1])

    def select(self, order: NDArray[np.int64]) -> Paths:
        """The images at positions `order (n, t)` of each path, in that order."""
        rows = np.arange(len(self))[:, None]
        return Paths(
            tuple(reading[rows, order] for reading in self.readings),
            self.distances[rows[:, :, None], order[:, :, None], order[:, None, :]],
            None if self.classes is None else self.classes[rows, order],
        )

    def shuffled(self, rng: np.random.Generator) -> Paths:
        """The same images, in a random order of its own on each path."""
        return self.select(rng.random((len(self), self.steps)).argsort(axis=1))

    def truncated(self, steps: int) -> Paths:
        """The first images of each path."""
        return self.select(np.broadcast_to(np.arange(steps), (len(self), steps)))


@dataclass(frozen=True)
class Traversal:
    """Paths along which one code takes the same values.

    Attributes:
        index: position of the code among all codes.
        name: of the code.
        categorical: whether the code is.
        suffix: of the names of the components; empty for the prior range.
        values: `(s,)`, what the code is set to.
        paths: what is read along the paths.
        visible: the root-mean-square difference above which two images differ for a person.
    """

    index: int
    name: str
    categorical: bool
    suffix: str
    values: Floats
    paths: Paths
    visible: float = 0.0

    @property
    def estimates(self) -> Floats:
        """Q's most likely category or its mean for the traversed code, `(n, s)`."""
        reading = self.paths.readings[self.index]
        return reading.argmax(axis=2).astype(np.float64) if self.categorical else reading[:, :, 0]


def prior_values(code: Code, steps: int) -> Tensor:
    """A code's prior range, evenly: all categories; [-1, 1] of a uniform code; the central 95 % of a Gaussian one."""
    if isinstance(code, Categorical):
        return torch.arange(code.k)
    reach = CENTRAL_95 if isinstance(code, Gaussian) else 1.0
    return torch.linspace(-reach, reach, steps)


def traverse(base: Latents, index: int, values: Tensor) -> Latents:
    """Each row of `base (n)` once for every value `(s,)` of code `index`: `n * s` rows, path after path."""
    return repeat(base, len(values)).replace(index, values.repeat(len(base)))


def repeat(base: Latents, steps: int) -> Latents:
    """Each row of `base (n)` `steps` times in a row: paths along which nothing varies."""
    return base.rows(torch.arange(len(base)).repeat_interleave(steps))


def with_fresh_codes(latents: Latents, spec: LatentSpec, seed: int) -> Latents:
    """The same noise with codes drawn from the prior, as if the generator ignored the requested ones.

    The images are as good and as varied as before, but no code can be read as requested, none is held, and the order
    along a path means nothing.
    """
    return Latents(latents.noise, spec.sample(len(latents), torch.Generator().manual_seed(seed)).codes)


@dataclass(frozen=True)
class PathReader:
    """Generate images along paths, and read them with the classifier, where there is one, and perturbed with Q."""

    spec: LatentSpec
    generator: Generator
    posterior: Posterior
    perturbation: Perturbation
    classifier: Classifier | None = None

    def traverse(self, base: Latents, index: int, values: Tensor, suffix: str = "") -> Traversal:
        """Set code `index` to each of the values `(s,)`, from every start in `base`; see `read`."""
        code = self.spec.codes[index]
        paths = self.read(traverse(base, index, values), len(values))
        return Traversal(
            index,
            code.name,
            isinstance(code, Categorical),
            suffix,
            values.double().numpy(),
            paths,
            self.perturbation.deviation,
        )

    @torch.no_grad()
    def read(self, latents: Latents, steps: int) -> Paths:
        """Generate and read the paths that `latents (n * steps)` hold one after the other.

        Raises:
            MetricError: a generator or posterior whose output does not fit the latents, or is NaN or infinite.
        """
        whole_paths = max(1, BATCH // steps) * steps
        batches = [self._read(images, steps) for images in image_batches(self.generator, latents, whole_paths)]
        readings = zip(*(batch.readings for batch in batches), strict=True)
        classes = [batch.classes for batch in batches if batch.classes is not None]
        return Paths(
            tuple(np.concatenate(arrays) for arrays in readings),
            np.concatenate([batch.distances for batch in batches]),
            np.concatenate(classes) if classes else None,
        )

    def _read(self, images: Tensor, steps: int) -> Paths:
        parameters = self.posterior(self.perturbation(images))
        check_parameters(parameters, self.spec, len(images))
        self._check_finite(images, parameters)
        readings = []
        for code, raw in zip(self.spec.codes, parameters, strict=True):
            probabilities_or_mean = (
                raw.double().softmax(dim=1) if isinstance(code, Categorical) else code.estimate(raw)[:, None]
            )
            array: Floats = probabilities_or_mean.double().cpu().numpy()
            readings.append(array.reshape(-1, steps, array.shape[1]))
        flat = images.reshape(len(images) // steps, steps, -1)
        # cdist's matrix-product shortcut would lose small distances to rounding
        distances = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist") / flat.shape[2] ** 0.5
        classes = None if self.classifier is None else self.classifier(images).cpu().numpy().reshape(-1, steps)
        return Paths(tuple(readings), distances.double().cpu().numpy(), classes)

    def _check_finite(self, images: Tensor, parameters: Sequence[Tensor]) -> None:
        outputs = {"generator": images}
        outputs |= {f"posterior of {name}": raw for name, raw in zip(self.spec.names, parameters, strict=True)}
        broken = [name for name, output in outputs.items() if not torch.isfinite(output).all()]
        if broken:
            raise MetricError(
                f"The {' and the '.join(broken)} gave values that are NaN or infinite.",
                "Check the run's status and log: its training has probably diverged.",
            )
