"""The base of MNIST and sets in its format: four IDX files, a class for each image, and measured factors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import as_variables
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.sources import Source
from disentangle_bench.datasets.formats.idx import read_idx
from disentangle_bench.datasets.formats.resizing import enlarged, require_size
from disentangle_bench.datasets.measured import MeasuredFactors, measured
from disentangle_bench.errors import DataError

LARGEST = 128
"""Pixels to a side, of images for which there are networks."""


class IdxSet(ABC):
    """An adapter: the training images, then the test images.

    Attributes:
        info: the class is the first factor; measured factors follow.
    """

    info: DatasetInfo

    @abstractmethod
    def sources(self) -> Iterable[Source]:
        """Return the sources of the files, in order."""

    def load(self, data_dir: Path | None = None, *, measures: bool = True, size: int = 28) -> Dataset:
        """Load the 60,000 training images and, after them, the 10,000 test images.

        Args:
            data_dir: a folder with the four IDX files, as they are or as `.gz`, in itself, in a folder with the
                dataset's name, or where torchvision puts them; by default `DBENCH_DATA`, the user cache, then the
                sources.
            measures: include slant, thickness, width, height and ink, which are measured on the images once, when their
                values are first asked for; see `disentangle_bench.measures`. An image without ink has 0 of each.
            size: pixels to a side, from 28 to 128: larger images are enlarged ones, measured as they were.

        Raises:
            DownloadError: no source has some file. DataError: a file is damaged. SettingError: a size out of range.
        """
        require_size(size, LARGEST, self.info.name, least=self.info.shape[1])
        paths = obtain(self.info.file_set, self.sources, data_dir)
        parts = [read_idx(paths[f"{part}-images-idx3-ubyte"], dimensions=3) for part in ("train", "t10k")]
        labels = [read_idx(paths[f"{part}-labels-idx1-ubyte"], dimensions=1) for part in ("train", "t10k")]
        for those, of_them in zip(parts, labels, strict=True):
            if len(those) != len(of_them):
                raise DataError(f"{self.info.name}: a file of {len(those)} images has {len(of_them)} labels.")
        images, classes = np.concatenate(parts), np.concatenate(labels).astype(np.int64)[:, None]
        title = self.info.title.replace("28x28", f"{size}x{size}")
        info = replace(self.info, shape=(1, size, size), title=title)
        info = info if measures else replace(info, factors=info.factors[:1])
        factors = as_variables(info.factors[:1], classes)
        if measures:
            known = as_variables(info.factors[:1], classes.astype(np.float64))
            factors = MeasuredFactors(known, lambda: measured(info.name, images, info.files))
        return Dataset(info, enlarged(images, size)[:, None], factors, np.arange(len(images)) < len(parts[0]))
