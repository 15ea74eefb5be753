"""Generated samples: latents from a seed, their images, and what posteriors read in these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Latents, LatentSpec
from disentangle_bench.metrics.metric import Generator, Posterior
from disentangle_bench.seeds import derive_seed

Parameters = tuple[Tensor, ...]
"""Posterior parameters on the CPU, one float32 `(n, p)` per code."""


@contextmanager
def isolated_randomness(seed: int) -> Iterator[None]:
    """Seed torch's global generators for a block and put them back as they were.

    A generator or posterior that draws from them, such as one with dropout, then gives the same numbers each time.
    """
    devices = list(range(torch.cuda.device_count()))
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def training_mode(seed: int) -> Iterator[None]:
    """Gradients on, whatever the caller has set; seeded and, on a GPU too, repeatable."""
    with (
        isolated_randomness(seed),
        torch.inference_mode(mode=False),
        torch.enable_grad(),
        torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
    ):
        yield


def draw_latents(latents: LatentSpec, samples: int, seed: int, purpose: str) -> Latents:
    """Latents for one purpose; another purpose gives others."""
    return latents.sample(samples, torch.Generator().manual_seed(derive_seed(seed, "latents", purpose)))


def image_batches(generator: Generator, drawn: Latents, batch_size: int) -> Iterator[Tensor]:
    """The images of latents, in batches `(b, c, h, w)` float32 on the generator's device, without gradients.

    Raises:
        MetricError: the generator gave something else.
    """
    for start in range(0, len(drawn), batch_size):
        rows = drawn.rows(slice(start, start + batch_size))
        with torch.no_grad():
            images = generator(rows)
        if images.ndim != 4 or len(images) != len(rows):
            raise MetricError(
                f"The generator gave an array of the shape {tuple(images.shape)} for {len(rows)} latents.",
                "It has to give one image (c, h, w) for each.",
            )
        yield images.float()


def posterior_outputs(
    generator: Generator, readers: Sequence[tuple[Posterior, LatentSpec]], drawn: Latents, batch_size: int
) -> list[Parameters]:
    """What posteriors, each beside the codes that it reads, say of the same generated images.

    Raises:
        MetricError: a generator or posterior whose output does not fit the latents.
    """
    read: list[list[Parameters]] = [[] for _ in readers]
    for images in image_batches(generator, drawn, batch_size):
        for (posterior, latents), batches in zip(readers, read, strict=True):
            with torch.no_grad():
                parameters = tuple(part.detach().float().cpu() for part in posterior(images))
            check_parameters(parameters, latents, len(images))
            batches.append(parameters)
    return [tuple(torch.cat(parts) for parts in zip(*batches, strict=True)) for batches in read]


def check_parameters(parameters: Parameters, latents: LatentSpec, samples: int) -> None:
    """Refuse posterior parameters that are not one `(samples, p)` per code.

    Raises:
        MetricError: they belong to other codes.
    """
    found = [tuple(part.shape) for part in parameters]
    wanted = [(samples, width) for width in latents.parameters]
    if found != wanted:
        raise MetricError(
            f"The posterior gave arrays of the shapes {found}; the codes {', '.join(latents.names)} need {wanted}.",
            "Give the posterior and the latents of one model.",
        )
