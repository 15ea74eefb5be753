"""Cars3D: 183 car models, rendered 128x128 RGB from 4 elevations and 24 sides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import WebFolder
from disentangle_bench.datasets.formats.cars import LIST, NATIVE, car_views, listed_cars
from disentangle_bench.datasets.formats.members import unpacked_members
from disentangle_bench.datasets.formats.resizing import resized
from disentangle_bench.datasets.grid import Grid
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.datasets.resized_grid import ResizedGridDataset

FILE = "nips2015-analogy-data.tar.gz"
FACTORS = (
    Factor("elevation", "ordinal", 4),
    Factor.of("azimuth", "cyclic", range(0, 360, 15)),
    Factor("identity", "categorical", 183),
)


class Cars3D(ResizedGridDataset):
    """The adapter. Images are in the order of the authors' list of cars, by elevation and then by azimuth."""

    native = NATIVE
    publishers = (WebFolder("http://www.scottreed.info/files"),)
    folders = ("", "cars", "data/cars")
    contents = (LIST, "*.mat")
    info = DatasetInfo(
        name="cars3d",
        title="Cars3D: car models from all sides, RGB up to 128x128",
        images=17_568,
        shape=(3, 64, 64),
        factors=FACTORS,
        license="not stated",
        citation="S. Reed, Y. Zhang, Y. Zhang, H. Lee: Deep Visual Analogy-Making. NIPS 2015.",
        files={FILE: File(sha256=None, bytes=300_000_000, verified=False, md5="4e866a7919c1beedf53964e6f7a23686")},
    )

    def read(self, path: Path, size: int = 64) -> Grid:
        """Resize what is in the MATLAB files, one for each car; the archive is unpacked for that time."""
        elevation, azimuth, identity = self.info.factors

        def cars(scratch: Path) -> Iterator[NDArray[np.uint8]]:
            with unpacked_members(path, scratch) as members:
                for name in listed_cars(members, identity.size):
                    yield resized(car_views(members, name, elevation.size, azimuth.size), size)

        classes = grid([identity, elevation, azimuth])[:, [1, 2, 0]]
        return Grid(self.resized(path, cars, size), classes, self.info.factors)


cars3d = Cars3D()
