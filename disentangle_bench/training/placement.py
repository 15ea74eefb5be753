"""Which images stay on the device, and which are read as they are needed."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from disentangle_bench.datasets import Images
from disentangle_bench.datasets.images import LazyImages, in_batches

RESIDENT_BYTES = 2**29
"""On a CPU; a set of photographs that takes more is streamed, so that training stays under 2 GB."""
RESIDENT_SHARE = 0.25
"""Of a GPU's free memory."""


def placed(images: Images, device: torch.device) -> Tensor | Images:
    """The images as a tensor if they fit the device well, and else as they are.

    Images that are in memory already are a tensor in the same memory; those that are not are read once, straight to
    the device, if all of them have room there. Images that are made by calculation rather than read count as well,
    unless they stay in memory once they are made: training need not wait until all of them are.
    """
    if not isinstance(images, LazyImages):
        return torch.from_numpy(np.asarray(images))
    size = int(np.prod(images.shape))
    if images.kept or size > resident_bytes(device):
        return images
    held = torch.empty(images.shape, dtype=torch.uint8, device=device)
    done = 0
    for batch in in_batches(images):
        held[done : done + len(batch)] = torch.from_numpy(batch)
        done += len(batch)
    return held


def resident_bytes(device: torch.device) -> int:
    """How many bytes of images may stay on a device."""
    if device.type != "cuda":
        return RESIDENT_BYTES
    free, _ = torch.cuda.mem_get_info(device)
    return int(free * RESIDENT_SHARE)
