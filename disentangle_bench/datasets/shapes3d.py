"""3D Shapes: 480,000 rendered rooms with an object, 64x64 RGB, every combination of six factors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.content import content_of
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import Source, WebFolder
from disentangle_bench.datasets.grids import REPLACE, grid_dataset, ranked, require_grid
from disentangle_bench.datasets.ground_truth import Classes
from disentangle_bench.datasets.images import StoredImages, hdf5_damage_told, in_batches
from disentangle_bench.datasets.prepared import prepared
from disentangle_bench.errors import DataError

FILE = "3dshapes.h5"

HUES = tuple(number / 10 for number in range(10))
SCALES = tuple(np.linspace(0.75, 1.25, 8).tolist())
SHAPES = ("cube", "cylinder", "sphere", "capsule")
ORIENTATIONS = tuple(np.linspace(-30, 30, 15).tolist())
FACTORS = (
    Factor.of("floor_hue", "cyclic", HUES),
    Factor.of("wall_hue", "cyclic", HUES),
    Factor.of("object_hue", "cyclic", HUES),
    Factor.of("scale", "ordinal", SCALES),
    Factor.of("shape", "categorical", SHAPES),
    Factor.of("orientation", "ordinal", ORIENTATIONS),
)


class Shapes3D:
    """The adapter."""

    info = DatasetInfo(
        name="shapes3d",
        title="3D Shapes: rooms with an object, 64x64 RGB",
        images=480_000,
        shape=(3, 64, 64),
        factors=FACTORS,
        licence="Apache 2.0",
        citation="C. Burgess, H. Kim: 3D Shapes Dataset, 2018. https://github.com/google-deepmind/3d-shapes",
        files={
            # As in TensorFlow Datasets' list of checksums.
            FILE: File("0a0f6ed98baff276a50f3a081a7434d788da63cb135a98189b2a5b5769be1785", 267_573_662, verified=False)
        },
        bytes=267_573_662,
        subfolders=("3dshapes",),
    )

    def load(self, data_dir: Path | None = None) -> Dataset:
        """All images in the file's order: the last factor changes fastest.

        The images stay in the file if its chunks hold whole images. If they hold parts of thousands of images, so that
        one image costs as much as thousands, all are put into the cache once, in chunks of whole images.
        There is no published split; a tenth of the images, drawn by the set's name, is the test split.

        Args:
            data_dir: a folder with the HDF5 file, in itself or in `shapes3d/`; by default `DBENCH_DATA`, the user
                cache, then the source.

        Raises:
            DownloadError: the file could not be had. DataError: it is damaged or another's.
            StorageError: the cache cannot be written.
        """
        path = obtain(self.info.file_set, self.sources, data_dir)[FILE]
        classes, factors = _classes(path, self.info.factors)
        return grid_dataset(replace(self.info, factors=factors), self._images(path), classes)

    def sources(self) -> Iterable[Source]:
        """The authors' bucket."""
        return (WebFolder("https://storage.googleapis.com/3d-shapes"),)

    def _images(self, path: Path) -> StoredImages:
        stored = StoredImages(path, "images", channels_last=True)
        if stored.shape != (self.info.images, *self.info.shape):
            n, c, h, w = stored.shape
            raise DataError(f"{path}: 'images' is ({n}, {h}, {w}, {c}); the labels make it another grid.", REPLACE)
        if not stored.cut:
            return stored
        settings = {"version": 1, "content": content_of(path, self.info.name)}
        return prepared(self.info.name, settings, stored.shape, lambda: in_batches(stored))


def _classes(path: Path, factors: Sequence[Factor]) -> tuple[Classes, tuple[Factor, ...]]:
    """The class of each image in each factor, `(n, 6)`, and the factors with the values that the file states."""
    with hdf5_damage_told(path), h5py.File(path, "r") as file:
        labels = file.get("labels")
        if not isinstance(labels, h5py.Dataset) or labels.ndim != 2 or labels.shape[1] != len(factors):
            found = f"{labels.shape}" if isinstance(labels, h5py.Dataset) else "none"
            raise DataError(f"{path} should hold 'labels' (n, {len(factors)}); it holds {found}.", REPLACE)
        if labels.dtype.kind != "f":
            raise DataError(f"{path}: 'labels' is {labels.dtype}; it should be float64.", REPLACE)
        values = np.asarray(labels, dtype=np.float64)
    classes, found_factors = ranked(path, "labels", values, factors)
    require_grid(path, "labels", classes, factors)
    return classes, found_factors


shapes3d = Shapes3D()
