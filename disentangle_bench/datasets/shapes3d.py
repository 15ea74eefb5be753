"""3D Shapes: 480,000 rendered rooms with an object, 64x64 RGB, every combination of six factors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from disentangle_bench.datasets.dataset import DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import WebFolder
from disentangle_bench.datasets.formats.hdf5 import StoredImages, read_floats
from disentangle_bench.datasets.grid import Grid, GridDataset, grid_by_value
from disentangle_bench.datasets.prepared.hdf5 import in_whole_images

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


class Shapes3D(GridDataset):
    """The adapter. Images stay in the file, unless a single image costs as much to read there as thousands."""

    publishers = (WebFolder("https://storage.googleapis.com/3d-shapes"),)
    info = DatasetInfo(
        name="shapes3d",
        title="3D Shapes: rooms with an object, 64x64 RGB",
        images=480_000,
        shape=(3, 64, 64),
        factors=FACTORS,
        license="Apache 2.0",
        citation="C. Burgess, H. Kim: 3D Shapes Dataset, 2018. https://github.com/google-deepmind/3d-shapes",
        # As in TensorFlow Datasets' list of checksums.
        files={FILE: File("0a0f6ed98baff276a50f3a081a7434d788da63cb135a98189b2a5b5769be1785", 267_573_662, False)},
        subfolders=("3dshapes",),
    )

    def read(self, path: Path) -> Grid:
        """Read the labels; images in chunks that hold parts of thousands of them are put into the cache once."""
        labels = read_floats(path, "labels", len(FACTORS))
        classes, factors = grid_by_value(path, "labels", labels, self.info.factors)
        images = StoredImages(path, "images", channels_last=True)
        self.require_images(path, "images", images.shape)
        return Grid(in_whole_images(images, self.info.name), classes, factors)


shapes3d = Shapes3D()
