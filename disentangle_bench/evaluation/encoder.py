"""Any encoder's codes for a dataset's images, each image read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from disentangle_bench.datasets import Dataset, Images
from disentangle_bench.datasets.images import in_batches
from disentangle_bench.errors import RepresentationError
from disentangle_bench.models.batches import as_floats
from disentangle_bench.representation import Representation
from disentangle_bench.representation.variables import Variables

Encoder = Callable[[Tensor], Any]
"""Images `(b, c, h, w)` float32 in [0, 1] -> codes `(b, d)` or `(b,)`, as a tensor or an array."""

BATCH = 256


def represent(
    encoder: Encoder,
    images: Images | NDArray[np.floating],
    *,
    batch_size: int = BATCH,
    device: torch.device | None = None,
) -> NDArray[Any]:
    """The codes `(n, d)` of images `(n, c, h, w)`, batch by batch, in order.

    A module is asked in evaluation mode and without gradients, where its parameters are, and left as it was.

    Args:
        encoder: a module or any function.
        images: uint8, or float in [0, 1].
        batch_size: images at a time.
        device: where the images are put; by default where a module's parameters are, else the CPU.

    Raises:
        RepresentationError: it gives no codes `(b, d)` for `b` images.
    """
    if batch_size < 1:
        raise RepresentationError(f"batch_size is {batch_size}.", "Give 1 or more.")
    weights = next(encoder.parameters(), None) if isinstance(encoder, nn.Module) else None
    place = device or (torch.device("cpu") if weights is None else weights.device)
    with torch.inference_mode(), _in_evaluation_mode(encoder):
        batches = [
            _checked(encoder(as_floats(torch.from_numpy(rows).to(place))), len(rows))
            for rows in in_batches(images, batch_size)
        ]
    widths = sorted({batch.shape[1] for batch in batches})
    if len(widths) > 1:
        raise RepresentationError(f"The encoder gave {widths} codes an image.", "It must give as many for every batch.")
    return np.concatenate(batches)


def representation_of_encoder(
    encoder: Encoder,
    dataset: Dataset,
    *,
    names: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    batch_size: int = BATCH,
    device: torch.device | None = None,
) -> Representation:
    """An encoder's codes for every image of a dataset, beside its factors and its split.

    Args:
        encoder: a module or any function; see `represent`.
        dataset: its images are read once each.
        names: of the codes; by default `c1`, `c2`, and so on.
        kinds: of the codes; by default continuous, or categorical for whole numbers.
        batch_size: images at a time.
        device: where the images are put.
    """
    codes = represent(encoder, dataset.images, batch_size=batch_size, device=device)
    return Representation(Variables.wrap(codes, names=names, kinds=kinds), dataset.factors, dataset.train)


@contextmanager
def _in_evaluation_mode(encoder: Encoder) -> Iterator[None]:
    modes = [(module, module.training) for module in encoder.modules()] if isinstance(encoder, nn.Module) else []
    try:
        for module, _ in modes:
            module.training = False
        yield
    finally:
        for module, training in modes:
            module.training = training


def _checked(given: Any, images: int) -> NDArray[Any]:
    if isinstance(given, tuple | list | dict):
        raise RepresentationError(
            f"The encoder gave a {type(given).__name__} of {len(given)}.",
            "Give a function that picks the codes, such as `lambda images: encoder(images)[0]` for the means of a VAE.",
        )
    codes = given.detach().cpu().numpy() if isinstance(given, Tensor) else np.asarray(given)
    codes = codes[:, None] if codes.ndim == 1 else codes
    if codes.ndim != 2 or len(codes) != images:
        raise RepresentationError(
            f"The encoder gave an array {codes.shape} for {images} images.", "Give codes (images, codes)."
        )
    return codes
