"""Cars3D: 183 car models, rendered 128x128 RGB from 4 elevations and 24 sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.content import content_of
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import Source, WebFolder
from disentangle_bench.datasets.formats.matlab import matlab_array
from disentangle_bench.datasets.formats.members import Members, unpacked_members
from disentangle_bench.datasets.formats.resizing import require_size, resized
from disentangle_bench.datasets.grid import REPLACE, Grid, GridDataset
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.datasets.prepared import prepared, prepared_path
from disentangle_bench.errors import DataError

FILE = "nips2015-analogy-data.tar.gz"
LIST = "list.txt"
NATIVE = 128
FACTORS = (
    Factor("elevation", "ordinal", 4),
    Factor.of("azimuth", "cyclic", range(0, 360, 15)),
    Factor("identity", "categorical", 183),
)


class Cars3D(GridDataset):
    """The adapter. Images are read from the authors' MATLAB files, one for each car."""

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
        files={FILE: File(sha256=None, verified=False, md5="4e866a7919c1beedf53964e6f7a23686")},
        bytes=300_000_000,
    )

    def sources(self) -> Iterable[Source]:
        """Its first author's site."""
        return (WebFolder("http://www.scottreed.info/files"),)

    def load(self, data_dir: Path | None = None, *, size: int = 64) -> Dataset:
        """Load all images, car by car in the order of `list.txt`, by elevation and then by azimuth.

        Args:
            data_dir: a folder with the archive, or with `list.txt` and the `.mat` files in itself, in `cars/` or in
                `data/cars/`; by default `DBENCH_DATA`, the user cache, then the source.
            size: pixels along an image, at most 128; smaller ones are resized by Pillow's Lanczos filter.

        Raises:
            DownloadError: no source has the archive. DataError: a file is damaged, missing or a different one.
            SettingError: a size out of range. StorageError: the cache cannot be written.
        """
        require_size(size, NATIVE, self.info.name)
        return self.load_grid(data_dir, partial(self.read, size=size))

    def read(self, path: Path, size: int = 64) -> Grid:
        """Resize the images, once, into the cache; the archive is unpacked for that time."""
        settings = {"version": 1, "size": size, "content": content_of(path, self.info.name)}
        place = prepared_path(self.info.name, settings)

        def cars() -> Iterator[NDArray[np.uint8]]:
            with unpacked_members(path, place.with_name(f".{place.name}.unpacked.tmp{place.suffix}")) as members:
                for name in self._listed(members):
                    yield resized(self.views(members, name), size)

        images = prepared(self.info.name, settings, (self.info.images, 3, size, size), cars)
        elevation, azimuth, identity = self.info.factors
        return Grid(images, grid([identity, elevation, azimuth])[:, [1, 2, 0]], self.info.factors)

    def _listed(self, members: Members) -> list[str]:
        """The names of the `.mat` files, in the order of `list.txt`."""
        found = [name for name in members.names(LIST) if name == LIST or name.endswith(f"cars/{LIST}")]
        if not found:
            raise DataError(f"{members.path} holds no cars/{LIST}.", REPLACE)
        folder = PurePosixPath(found[0]).parent
        lines = members.read(found[0]).decode(errors="replace").split()
        names = [(folder / f"{line.removesuffix('.mat')}.mat").as_posix() for line in lines]
        expected = self.info.factors[2].size
        if len(set(names)) != expected or len(names) != expected:
            listed = f"{len(names)} cars" + (", some twice" if len(set(names)) < len(names) else "")
            raise DataError(f"{members.path}: {found[0]} names {listed}; there are {expected}.", REPLACE)
        return names

    def views(self, members: Members, name: str) -> NDArray[np.uint8]:
        """Read the images of one car `(elevation x azimuth, 3, 128, 128)`.

        Raises:
            DataError: its file is damaged or a different one.
        """
        elevation, azimuth, _ = (factor.size or 0 for factor in self.info.factors)
        image = matlab_array(members.read(name), "im", f"{members.path}: {name}")
        expected = (NATIVE, NATIVE, 3, azimuth, elevation)
        if image.shape != expected or image.dtype != np.uint8:
            found = f"{image.dtype} {image.shape}"
            raise DataError(f"{members.path}: 'im' in {name} is {found}; it should be uint8 {expected}.", REPLACE)
        views: NDArray[np.uint8] = image.transpose(4, 3, 2, 0, 1).reshape(-1, 3, NATIVE, NATIVE)
        return views


cars3d = Cars3D()
