"""Latents from a seed, the images generated from them, and the posteriors of these images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Latents, LatentSpec
from disentangle_bench.metrics.metric import Generator, Posterior
from disentangle_bench.seeds import derive_seed

NO_CLASSIFIER = "There is no classifier to take features from: the dataset has no labels, or none was given."

Parameters = tuple[Tensor, ...]
"""Posterior parameters on the CPU, one float32 `(n, p)` per code."""


@contextmanager
def isolated_randomness(seed: int) -> Iterator[None]:
    """Seed torch's global random state for a block and restore it afterwards.

    A generator or posterior that draws from it, such as one with dropout, then gives the same numbers each time.
    """
    devices = list(range(torch.cuda.device_count()))
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def training_mode(seed: int) -> Iterator[None]:
    """Enable gradients, whatever the caller has set, and make training repeatable, on a GPU too."""
    with (
        isolated_randomness(seed),
        torch.inference_mode(mode=False),
        torch.enable_grad(),
        torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
    ):
        yield


def rows_of_test(images: ArrayLike, train: ArrayLike | None, samples: int, seed: int) -> NDArray[np.int64]:
    """Which images to use: at most so many of the test split, or of all without a split, in random order.

    Raises:
        MetricError: images that are not `(n, c, h, w)`, or a mask of another length.
    """
    shape = np.shape(images)
    mask = np.zeros(shape[:1], dtype=bool) if train is None else np.asarray(train, dtype=bool)
    if len(shape) != 4 or mask.shape != shape[:1]:
        raise MetricError(
            f"The images have the shape {shape}, the train mask {mask.shape}.",
            "Give images (n, c, h, w) and one boolean per image.",
        )
    return np.random.default_rng(seed).permutation(np.flatnonzero(~mask))[:samples]


def draw_latents(latents: LatentSpec, samples: int, seed: int, purpose: str) -> Latents:
    """Latents drawn from the priors; each purpose has its own stream of random numbers."""
    return latents.sample(samples, torch.Generator().manual_seed(derive_seed(seed, "latents", purpose)))


def image_batches(generator: Generator, drawn: Latents, batch_size: int) -> Iterator[Tensor]:
    """Generate images in batches `(b, c, h, w)`, float32 on the generator's device, without gradients.

    Raises:
        MetricError: an output of another shape.
    """
    for start in range(0, len(drawn), batch_size):
        rows = drawn.rows(slice(start, start + batch_size))
        with torch.no_grad():
            images = generator(rows)
        if images.ndim != 4 or len(images) != len(rows):
            raise MetricError(
                f"The generator gave an array of the shape {tuple(images.shape)} for {len(rows)} latents.",
                "It has to give one image (c, h, w) per latent.",
            )
        yield images.float()


def posterior_outputs(
    generator: Generator, posteriors: Sequence[tuple[Posterior, LatentSpec]], drawn: Latents, batch_size: int
) -> list[Parameters]:
    """Generate images and apply several posteriors to them.

    Args:
        generator: latents -> images.
        posteriors: each with the latent spec whose codes it reads.
        drawn: latents to generate from.
        batch_size: images at a time.

    Returns:
        The parameters that each posterior gives.

    Raises:
        MetricError: a generator or posterior whose output does not fit the latents.
    """
    outputs: list[list[Parameters]] = [[] for _ in posteriors]
    for images in image_batches(generator, drawn, batch_size):
        for (posterior, latents), batches in zip(posteriors, outputs, strict=True):
            with torch.no_grad():
                parameters = tuple(part.detach().float().cpu() for part in posterior(images))
            check_parameters(parameters, latents, len(images))
            batches.append(parameters)
    return [tuple(torch.cat(parts) for parts in zip(*batches, strict=True)) for batches in outputs]


def check_parameters(parameters: Parameters, latents: LatentSpec, samples: int) -> None:
    """Check that posterior parameters are one tensor `(samples, p)` per code.

    Raises:
        MetricError: parameters of other codes.
    """
    found = [tuple(part.shape) for part in parameters]
    expected = [(samples, width) for width in latents.parameters]
    if found != expected:
        raise MetricError(
            f"The posterior gave arrays of the shapes {found}; the codes {', '.join(latents.names)} need {expected}.",
            "Give the posterior and the latents of one model.",
        )
