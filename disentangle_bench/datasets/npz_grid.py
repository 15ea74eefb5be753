"""Published grids whose file holds images alone, in the order of the grid: the base of their adapters."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from disentangle_bench.datasets.formats.npz import NpzArray
from disentangle_bench.datasets.grid import Grid, GridDataset
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.datasets.prepared.npz_images import npz_images

KEY = "images"


class NpzGridDataset(GridDataset):
    """The adapter of a set in an npz file. Images stay on the disk: in the file, or if compressed in the cache."""

    def pixels(self, path: Path) -> NpzArray:
        """Find the images `(n, h, w, c)`; of a file that is cut off, or another one, there are none.

        Raises:
            DataError: not so many images of this shape.
        """
        channels, height, width = self.info.shape
        pixels = NpzArray.find(path, KEY, np.uint8, (height, width, channels))
        self.require_images(path, KEY, (len(pixels), *self.info.shape))
        return pixels

    def read(self, path: Path) -> Grid:
        """Read the images where they lie, or unpack them into the cache once."""
        pixels = self.pixels(path)
        settings = {"version": 1, "checksum": pixels.checksum}
        images = npz_images(pixels, self.info.name, settings, channels_last=True)
        return Grid(images, grid(self.info.factors), self.info.factors)
