"""Published grids of larger images: the base of their adapters, which make them smaller, once, into the cache."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset
from disentangle_bench.datasets.files.content import content_of
from disentangle_bench.datasets.formats.hdf5 import StoredImages
from disentangle_bench.datasets.formats.resizing import require_size
from disentangle_bench.datasets.grid import Grid, GridDataset
from disentangle_bench.datasets.prepared.hdf5 import prepared
from disentangle_bench.datasets.prepared.once import prepared_path


class ResizedGridDataset(GridDataset):
    """The adapter of a set whose images are made smaller.

    Attributes:
        native: pixels along an image as it was published.
    """

    native: ClassVar[int]

    @abstractmethod
    def read(self, path: Path, size: int = 64) -> Grid: ...

    def load(self, data_dir: Path | None = None, *, size: int = 64) -> Dataset:
        """Load all images, those of the last factor's classes next to each other.

        Args:
            data_dir: a folder with the file, or with what is in it; by default `DBENCH_DATA`, the user cache, then the
                sources.
            size: pixels along an image, at most those of a published one; see `formats.resizing`.

        Raises:
            DownloadError: no source has the file. DataError: it, or a file in it, is damaged or a different one.
            SettingError: a size out of range. StorageError: the cache cannot be written.
        """
        require_size(size, self.native, self.info.name)
        return self.load_grid(data_dir, lambda path: self.read(path, size))

    def resized(
        self, path: Path, make: Callable[[Path], Iterable[NDArray[np.uint8]]], size: int, **settings: int
    ) -> StoredImages:
        """Return images `(n, c, size, size)` that are made of the file once, and kept in the cache.

        Args:
            path: of the file, or of the folder with what is in it.
            make: makes them, a batch at a time; may write to the path that it is given as long as that takes.
            size: pixels along an image.
            settings: what else they depend on.
        """
        name = self.info.name
        values = {"version": 1, "size": size, **settings, "content": content_of(path, name)}
        place = prepared_path(name, values)
        scratch = place.with_name(f".{place.name}.unpacked.tmp{place.suffix}")  # a name that `remove_leftovers` finds
        return prepared(name, values, (self.info.images, self.info.shape[0], size, size), lambda: make(scratch))
