"""The training images that are most like each, for a model that reads an image and its neighbors alike."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.training.batches import Batches

MOST_IMAGES = 100_000
"""The time to compare all images with all grows with the square of their number: for 60,000 of MNIST's size half a
minute on two cores, for these some minutes, for a million a day."""
AT_ONCE = 2**26
"""Similarities, 256 MB of them."""


class Neighbors:
    """The k nearest training images of each image of a batch.

    Args:
        batches: of images in memory.
        k: how many.

    Attributes:
        nearest: `(n, k)`, see `nearest`.
    """

    def __init__(self, batches: Batches, k: int) -> None:
        self.batches, self.nearest = batches, nearest(batches.images, k)

    def at(self, number: int, u: Tensor) -> Tensor:
        """One of the nearest of each image of a batch, that at `u (b,)` in [0, 1): `(b, c, h, w)` float32 in [0, 1]."""
        near = self.nearest[self.batches.rows(number)]
        chosen = (u * near.shape[1]).long()[:, None]
        return self.batches.images[near.gather(1, chosen).squeeze(1)].float().div_(255)


def nearest(images: Tensor, k: int) -> Tensor:
    """Find the k other images whose pixels have the greatest cosine with those of each, the nearest first.

    Args:
        images: `(n, c, h, w)` uint8, n > k.
        k: how many.

    Returns:
        `(n, k)` int64, places of images.
    """
    unit, n = F.normalize(images.flatten(1).float()), len(images)
    found = torch.empty(n, k, dtype=torch.int64, device=images.device)
    rows = max(1, AT_ONCE // n)
    for start in range(0, n, rows):
        cosines = unit[start : start + rows] @ unit.t()
        cosines.diagonal(start).fill_(-math.inf)  # each is nearest to itself
        found[start : start + rows] = cosines.topk(k).indices
    return found


def check_neighbors(images: object, count: int, k: int) -> None:
    """Check that the nearest of the training images can be found.

    Args:
        images: a tensor, or what is streamed.
        count: how many there are.
        k: how many of the nearest are asked for.

    Raises:
        SettingError: they are not all in memory, or too many to be compared, or no more than k.
    """
    remedy = "Give --set model.neighbors=0."
    if not isinstance(images, Tensor):
        raise SettingError(f"model.neighbors = {k} takes images that are in memory; these are streamed.", remedy)
    if count > MOST_IMAGES:
        raise SettingError(
            f"model.neighbors = {k} compares all images with all, which {count:,} are too many for.", remedy
        )
    if k >= count:
        raise SettingError(f"model.neighbors = {k}, of {count} training images.", f"Give fewer than {count}.")
