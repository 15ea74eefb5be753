"""Cars3D: 183 car models, drawn 128x128 RGB from 4 elevations and 24 sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.archives import is_gzip, unpack_gzip
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.content import content_of, forgotten_if_damaged
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.places import user_folders
from disentangle_bench.datasets.files.sources import Source, WebFolder
from disentangle_bench.datasets.formats.matlab import matlab_array
from disentangle_bench.datasets.formats.members import Members, open_members
from disentangle_bench.datasets.formats.resizing import require_size, resized
from disentangle_bench.datasets.grids import REPLACE, grid_dataset
from disentangle_bench.datasets.ground_truth import Classes, grid
from disentangle_bench.datasets.images import StoredImages
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


class Cars3D:
    """The adapter."""

    info = DatasetInfo(
        name="cars3d",
        title="Cars3D: car models from all sides, RGB up to 128x128",
        images=17_568,
        shape=(3, 64, 64),
        factors=FACTORS,
        licence="not stated",
        citation="S. Reed, Y. Zhang, Y. Zhang, H. Lee: Deep Visual Analogy-Making. NIPS 2015.",
        files={FILE: File(sha256=None, verified=False, md5="4e866a7919c1beedf53964e6f7a23686")},
        bytes=300_000_000,
    )

    def load(self, data_dir: Path | None = None, *, size: int = 64) -> Dataset:
        """All images, car by car in the order of `list.txt`, by elevation and then by azimuth.

        They are read from the authors' MATLAB files and resized once, into the cache.
        There is no published split; a tenth of the images, drawn by the set's name, is the test split.

        Args:
            data_dir: a folder with the archive, or with `list.txt` and the `.mat` files in itself, in `cars/` or in
                `data/cars/`; by default `DBENCH_DATA`, the user cache, then the source.
            size: pixels along an image, at most 128; smaller ones are resized by Pillow's Lanczos filter.

        Raises:
            DownloadError: the archive could not be had. DataError: a file is damaged, missing or another's.
            SettingError: no such size. StorageError: the cache cannot be written.
        """
        require_size(size, NATIVE, self.info.name)
        info = replace(self.info, shape=(3, size, size))
        folder = self._folder(data_dir)
        place = folder or obtain(self.info.file_set, self.sources, data_dir)[FILE]
        with forgotten_if_damaged(self.info.file_set, place):
            return grid_dataset(info, self._images(place, size), self._classes())

    def sources(self) -> Iterable[Source]:
        """Its first author's site."""
        return (WebFolder("http://www.scottreed.info/files"),)

    def _folder(self, data_dir: Path | None) -> Path | None:
        """A folder of the user's with the files out of the archive."""
        roots = user_folders(self.info.name, data_dir, self.info.subfolders)
        places = (root / part for root in roots for part in ("", "cars", "data/cars"))
        return next((place for place in places if (place / LIST).is_file() and any(place.glob("*.mat"))), None)

    def _classes(self) -> Classes:
        elevation, azimuth, identity = self.info.factors
        by_car = grid([identity, elevation, azimuth])
        return by_car[:, [1, 2, 0]]

    def _images(self, place: Path, size: int) -> StoredImages:
        settings = {"version": 1, "size": size, "content": content_of(place, self.info.name)}
        unpacked = prepared_path(self.info.name, settings)
        unpacked = unpacked.with_name(f".{unpacked.name}.tar")
        shape = (self.info.images, 3, size, size)
        return prepared(self.info.name, settings, shape, lambda: self._made(place, unpacked, size))

    def _made(self, place: Path, unpacked: Path, size: int) -> Iterator[NDArray[np.uint8]]:
        """The images of one car after another; an archive that is compressed as a whole is unpacked for that time."""
        packed = place.is_file() and is_gzip(place)
        try:
            if packed:
                unpack_gzip(place, unpacked)
            members = open_members(unpacked if packed else place)
            for name in self._listed(members):
                yield resized(self._views(members, name), size)
        except DataError as error:
            raise DataError(error.problem.replace(str(unpacked), str(place)), error.remedy) from error
        finally:
            unpacked.unlink(missing_ok=True)

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
            said = f"{len(names)} cars" + (", some twice" if len(set(names)) < len(names) else "")
            raise DataError(f"{members.path}: {found[0]} names {said}; there are {expected}.", REPLACE)
        return names

    def _views(self, members: Members, name: str) -> NDArray[np.uint8]:
        """One car `(elevation x azimuth, 3, 128, 128)`."""
        elevation, azimuth, _ = (factor.size or 0 for factor in self.info.factors)
        image = matlab_array(members.read(name), "im", f"{members.path}: {name}")
        expected = (NATIVE, NATIVE, 3, azimuth, elevation)
        if image.shape != expected or image.dtype != np.uint8:
            found = f"{image.dtype} {image.shape}"
            raise DataError(f"{members.path}: 'im' in {name} is {found}; it should be uint8 {expected}.", REPLACE)
        views: NDArray[np.uint8] = image.transpose(4, 3, 2, 0, 1).reshape(-1, 3, NATIVE, NATIVE)
        return views


cars3d = Cars3D()
