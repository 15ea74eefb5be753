"""A classifier's features of real and of generated images, between which distances are taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import LatentSpec
from disentangle_bench.metrics.generator.sampling import draw_latents, image_batches, isolated_randomness, rows_of_test
from disentangle_bench.metrics.metric import Classifier, Generator
from disentangle_bench.seeds import derive_seed

BATCH = 500

Floats = NDArray[np.float64]
Images = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Features:
    """The features of equally many real and generated images.

    Attributes:
        real: `(n, f)`, in random order.
        generated: `(n, f)`.
        shuffled: `(n, f)`, of real images in which each pixel was shuffled among the images, independently of all other
            pixels: the chance level of images that are right pixel by pixel and in nothing else.
    """

    real: Floats
    generated: Floats
    shuffled: Floats

    @classmethod
    def of(
        cls,
        generator: Generator,
        latents: LatentSpec,
        images: ArrayLike,
        train: ArrayLike | None,
        classifier: Classifier,
        *,
        samples: int,
        fewest: int,
        seed: int,
    ) -> Features:
        """Features of at most `samples` images of the test split, and of as many generated ones.

        Raises:
            MetricError: fewer than `fewest` images, or images of different shapes; see also `real_images`.
        """
        real = real_images(images, train, samples, seed)
        if len(real) < fewest:
            raise MetricError(f"There are only {len(real)} real test images.", f"Give {fewest} or more.")
        generated = generated_images(generator, latents, len(real), seed)
        if generated.shape[1:] != real.shape[1:]:
            raise MetricError(
                f"The generator gave images of the shape {generated.shape[1:]}; the dataset's have {real.shape[1:]}.",
                "Give the images on which the generator was trained.",
            )
        pixels = real.reshape(len(real), -1)
        rng = np.random.default_rng(derive_seed(seed, "shuffled pixels"))
        shuffled = rng.permuted(pixels, axis=0).reshape(real.shape)
        return cls(_features(classifier, real), _features(classifier, generated), _features(classifier, shuffled))

    def __len__(self) -> int:
        return len(self.real)


def real_images(images: ArrayLike, train: ArrayLike | None, samples: int, seed: int) -> Images:
    """At most `samples` images `(n, c, h, w)` of the test split, in random order; of all images without a split.

    Raises:
        MetricError: images that are not `(n, c, h, w)`, or a mask of another length.
    """
    array = np.asarray(images)
    chosen = array[rows_of_test(array, train, samples, derive_seed(seed, "choice of real images"))]
    return chosen if chosen.dtype == np.uint8 else _gray_levels(chosen)


def generated_images(generator: Generator, latents: LatentSpec, samples: int, seed: int) -> Images:
    """Images `(n, c, h, w)` in 256 levels, as real ones are, so that rounding adds nothing to a distance.

    Raises:
        MetricError: NaN or infinite images.
    """
    drawn = draw_latents(latents, samples, seed, "sample quality")
    with isolated_randomness(derive_seed(seed, "networks")):
        return np.concatenate([_gray_levels(batch.cpu().numpy()) for batch in image_batches(generator, drawn, BATCH)])


def _gray_levels(images: NDArray[np.floating]) -> Images:
    if not np.isfinite(images).all():
        raise MetricError(
            "The generator gave images that hold NaN or infinite values.",
            "Check the run's status and log: its training has probably diverged.",
        )
    return np.asarray(np.rint(np.clip(images, 0, 1) * 255), dtype=np.uint8)


def _features(classifier: Classifier, images: Images) -> Floats:
    batches = torch.split(torch.from_numpy(images), BATCH)
    features: Tensor = torch.cat([classifier.features(batch.float() / 255) for batch in batches])
    return features.double().cpu().numpy()
