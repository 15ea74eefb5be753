"""Batches of images that stay on disk or are rendered on demand: a thread reads them ahead, a window at a time."""

from __future__ import annotations

import math
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.datasets import Images
from disentangle_bench.datasets.images import block_of
from disentangle_bench.training.batches import Weights, check_size, drawn_order, order_generator

WINDOW_BATCHES = 16
"""Of images that can be read one by one: few, since rendering takes time and the first step waits for it."""
WINDOW_BLOCKS = 16
"""Of images in blocks: enough that images of the same block are shown far apart."""
LEAST_BYTES, MOST_BYTES = 2**26, 2**27
AHEAD = 2

Window = tuple[int, int]
"""An epoch and a window of it."""


class StreamedBatches:
    """Shuffled batches of images that are not in memory; each batch is a function of seed and number alone.

    An epoch's order is cut into windows. Where images can be read one by one, the order is that of `Batches`. Where
    they lie in blocks that are best read whole, the blocks are shuffled, and then the images within each window of
    blocks. Two windows are read ahead, so that at most four are in memory.

    Args:
        images: `(n, c, h, w)` uint8.
        size: images in a batch over all processes.
        seed: determines the order; each epoch has its own.
        rank: this process.
        world: number of processes; each takes an equal share of every batch.
        device: where the batches are put.
        weights: by which images are drawn, with replacement.

    Raises:
        SettingError: there are fewer images than that, or the processes cannot share a batch equally.
    """

    def __init__(
        self,
        images: Images,
        size: int,
        seed: int,
        rank: int = 0,
        world: int = 1,
        *,
        device: torch.device | None = None,
        weights: Weights = None,
    ) -> None:
        check_size(len(images), size, world)
        self.images, self.size, self.seed, self.weights = images, size, seed, weights
        self.device = device or torch.device("cpu")
        self.share = slice(rank * size // world, (rank + 1) * size // world)
        self.population, self.per_epoch = len(images), len(images) // size
        self.window = window_size(images, size)
        self._orders: dict[int, NDArray[np.int64]] = {}
        self._read: dict[Window, Future[NDArray[np.uint8]]] = {}
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")

    def at(self, number: int) -> Tensor:
        """Images of one batch (from 1), the share of this process: `(size / world, c, h, w)` float32 in [0, 1].

        Raises:
            DataError: images could not be read.
        """
        epoch, batch = divmod(number - 1, self.per_epoch)
        first, last = batch * self.size + self.share.start, batch * self.size + self.share.stop
        windows = [(epoch, place) for place in range(first // self.window, (last - 1) // self.window + 1)]
        self._schedule(windows)
        parts = []
        for window in windows:
            images, before = self._read[window].result(), self._shared(window[1] * self.window)
            parts.append(images[max(0, self._shared(first) - before) : self._shared(last) - before])
        return torch.from_numpy(np.concatenate(parts)).to(self.device).float().div_(255)

    def close(self) -> None:
        """Stop reading ahead."""
        self._reader.shutdown(wait=True, cancel_futures=True)

    def _schedule(self, windows: list[Window]) -> None:
        """Read these windows and those that follow, in this order, and forget all others."""
        wanted, per_epoch = list(windows), math.ceil(self.per_epoch * self.size / self.window)
        for _ in range(AHEAD):
            epoch, place = wanted[-1]
            wanted.append((epoch, place + 1) if place + 1 < per_epoch else (epoch + 1, 0))
        for window in self._read.keys() - wanted:
            self._read.pop(window).cancel()
        known, self._orders = self._orders, {}
        for epoch, _ in wanted:
            if epoch not in self._orders:
                if epoch not in known:
                    known[epoch] = epoch_order(self.images, epoch, self.seed, self.window, self.weights)
                self._orders[epoch] = known[epoch]
        for window in wanted:
            if window not in self._read:
                self._read[window] = self._reader.submit(self._images_of, window, self._orders[window[0]])

    def _shared(self, place: int) -> int:
        """How many of the first `place` images of an epoch belong to this process."""
        batches, rest = divmod(place, self.size)
        share = self.share.stop - self.share.start
        return batches * share + min(max(rest - self.share.start, 0), share)

    def _images_of(self, window: Window, order: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Read this process's images of a window."""
        start = window[1] * self.window
        places = np.arange(start, min(start + self.window, self.per_epoch * self.size))
        within = places % self.size
        mine = places[(within >= self.share.start) & (within < self.share.stop)]
        images: NDArray[np.uint8] = self.images[order[mine]]
        return images


class StreamedImages:
    """Images that are not in memory, indexed like a tensor on a device.

    Args:
        images: `(n, c, h, w)` uint8.
        device: where the indexed images are put.
    """

    def __init__(self, images: Images, device: torch.device) -> None:
        self.images, self.device = images, device

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        index = rows.cpu().numpy() if isinstance(rows, Tensor) else rows
        return torch.from_numpy(self.images[index]).to(self.device)


def window_size(images: Images, size: int) -> int:
    """How many images are read at a time for batches of a size: whole blocks, or whole batches."""
    block, bytes_each = block_of(images), int(np.prod(images.shape[1:]))
    if block == 1:
        return WINDOW_BATCHES * size
    bytes_wanted = min(max(WINDOW_BLOCKS * block * bytes_each, LEAST_BYTES), MOST_BYTES)
    return max(1, bytes_wanted // (block * bytes_each)) * block


def epoch_order(images: Images, epoch: int, seed: int, window: int, weights: Weights = None) -> NDArray[np.int64]:
    """The order `(n,)` in which an epoch shows the images, each once or drawn by weights `(n,)`.

    Of images in blocks: the blocks in random order, then the rows of each `window` of them in random order.
    """
    generator, n, block = order_generator(seed, epoch), len(images), block_of(images)
    if block == 1:
        return drawn_order(n, generator, weights).numpy()
    blocks = torch.randperm(-(-n // block), generator=generator)
    if weights is None:
        rows = (blocks[:, None] * block + torch.arange(block)).ravel()
        rows = rows[rows < n]
    else:
        drawn = drawn_order(n, generator, weights)
        rows = drawn[blocks.argsort()[drawn // block].argsort(stable=True)]
    parts = [part[torch.randperm(len(part), generator=generator)] for part in torch.split(rows, window)]
    return torch.cat(parts).numpy()
