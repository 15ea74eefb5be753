"""Batches of images that stay on the disk, or are drawn on demand: read ahead by a thread, a window at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.datasets import Images
from disentangle_bench.datasets.images import block_of
from disentangle_bench.training.batches import check_size, order_generator

WINDOW_BATCHES = 16
"""Of images that are all equally near: few, for drawn images take their time and the first step waits for them."""
WINDOW_BLOCKS = 16
"""Of images in blocks: enough that neighbours in a block are shown far apart."""
LEAST_BYTES, MOST_BYTES = 2**26, 2**27
AHEAD = 2

Window = tuple[int, int]
"""An epoch and a window of it."""


class StreamedBatches:
    """Shuffled batches that are a function of seed and step alone, of images that are not in memory.

    An epoch's order is cut into windows. Where any image is as near as any other, the order is that of `Batches`.
    Where images lie in blocks that are best read whole, the blocks are shuffled, and then the images within each
    window of blocks. Two windows are read ahead, so that no more than four are in memory.

    Args:
        images: `(n, c, h, w)` uint8.
        size: images per step over all processes.
        seed: determines the order; each epoch has its own.
        rank: this process.
        world: number of processes; each takes an equal share of every batch.
        device: where the batches are put.

    Raises:
        SettingError: there are fewer images than that, or the processes cannot share a batch.
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
    ) -> None:
        check_size(len(images), size, world)
        self.images, self.size, self.seed = images, size, seed
        self.device = device or torch.device("cpu")
        self.share = slice(rank * size // world, (rank + 1) * size // world)
        self.per_epoch = len(images) // size
        self.window = window_size(images, size)
        self._orders: dict[int, NDArray[np.int64]] = {}
        self._read: dict[Window, Future[NDArray[np.uint8]]] = {}
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")

    def at(self, step: int) -> Tensor:
        """Images of one step (from 1), the share of this process: `(size / world, c, h, w)` float32 in [0, 1].

        Raises:
            DataError: images could not be read.
        """
        epoch, batch = divmod(step - 1, self.per_epoch)
        first, last = batch * self.size + self.share.start, batch * self.size + self.share.stop
        windows = [(epoch, number) for number in range(first // self.window, (last - 1) // self.window + 1)]
        self._ask_for([*windows, *self._following(windows[-1])])
        parts = [self._part(window, first, last) for window in windows]
        return torch.from_numpy(np.concatenate(parts)).to(self.device).float().div_(255)

    def close(self) -> None:
        """Stop reading ahead."""
        self._reader.shutdown(wait=True, cancel_futures=True)

    def _following(self, window: Window) -> Iterator[Window]:
        epoch, number = window
        for _ in range(AHEAD):
            number += 1
            if number * self.window >= self.per_epoch * self.size:
                epoch, number = epoch + 1, 0
            yield epoch, number

    def _ask_for(self, windows: list[Window]) -> None:
        """Have these windows read, in this order, and forget all others."""
        for window in self._read.keys() - windows:
            self._read.pop(window).cancel()
        for window in windows:
            if window not in self._read:
                self._read[window] = self._reader.submit(self._window, window, self._order(window[0]))
        epochs = {epoch for epoch, _ in windows}
        self._orders = {epoch: order for epoch, order in self._orders.items() if epoch in epochs}

    def _part(self, window: Window, first: int, last: int) -> NDArray[np.uint8]:
        """Those images of a window that lie from `first` to before `last` in the epoch's order."""
        images = self._read[window].result()
        start = window[1] * self.window
        before = self._shared(start)
        return images[max(0, self._shared(first) - before) : self._shared(last) - before]

    def _shared(self, place: int) -> int:
        """How many of the first `place` images of an epoch are this process's."""
        batches, rest = divmod(place, self.size)
        share = self.share.stop - self.share.start
        return batches * share + min(max(rest - self.share.start, 0), share)

    def _window(self, window: Window, order: NDArray[np.int64]) -> NDArray[np.uint8]:
        start = window[1] * self.window
        places = np.arange(start, min(start + self.window, self.per_epoch * self.size))
        within = places % self.size
        mine = places[(within >= self.share.start) & (within < self.share.stop)]
        images: NDArray[np.uint8] = self.images[order[mine]]
        return images

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if epoch not in self._orders:
            generator = order_generator(self.seed, epoch)
            n, block = len(self.images), block_of(self.images)
            if block == 1:
                self._orders[epoch] = torch.randperm(n, generator=generator).numpy()
            else:
                self._orders[epoch] = _shuffled_in_windows(n, block, self.window, generator)
        return self._orders[epoch]


class StreamedImages:
    """Images that are not in memory, indexed as a tensor on a device is.

    Args:
        images: `(n, c, h, w)` uint8.
        device: where those that are asked for are put.
    """

    def __init__(self, images: Images, device: torch.device) -> None:
        self.images, self.device = images, device

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: Any) -> Tensor:
        index = rows.cpu().numpy() if isinstance(rows, Tensor) else rows
        return torch.from_numpy(self.images[index]).to(self.device)


def window_size(images: Images, size: int) -> int:
    """How many images are read at a time, for batches of some size: whole blocks, or whole batches."""
    block, bytes_each = block_of(images), int(np.prod(images.shape[1:]))
    if block == 1:
        return WINDOW_BATCHES * size
    bytes_wanted = min(max(WINDOW_BLOCKS * block * bytes_each, LEAST_BYTES), MOST_BYTES)
    return max(1, bytes_wanted // (block * bytes_each)) * block


def _shuffled_in_windows(n: int, block: int, window: int, generator: torch.Generator) -> NDArray[np.int64]:
    """All rows: the blocks in random order, then the rows of each window of them in random order."""
    blocks = torch.randperm(-(-n // block), generator=generator)
    rows = (blocks[:, None] * block + torch.arange(block)).ravel()
    rows = rows[rows < n]
    parts = [part[torch.randperm(len(part), generator=generator)] for part in torch.split(rows, window)]
    return torch.cat(parts).numpy()
