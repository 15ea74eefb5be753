"""Which images stay on the device, and which are read when they are needed."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from disentangle_bench.datasets import Images
from disentangle_bench.datasets.images import LazyImages, in_batches

RESIDENT_BYTES = 2**29
"""On a CPU; a larger dataset is streamed, so that training stays under 2 GB of memory."""
RESIDENT_SHARE = 0.25
"""Of a GPU's free memory."""


def placed(images: Images, device: torch.device) -> Tensor | Images:
    """Put images on a device if they fit there, else return them as they are.

    Images in memory become a tensor on the same memory. Others are read once, straight to the device, if there is room
    for all of them. That includes procedural images, unless they are kept once they are rendered: then training need
    not wait for the last one.
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
