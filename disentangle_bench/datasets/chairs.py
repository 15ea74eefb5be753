"""Chairs: 1,393 chair models, drawn 600x600 on white from 2 elevations and 31 sides; here 64x64 grey."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.content import content_of, forgotten_if_damaged
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.places import user_folders
from disentangle_bench.datasets.files.sources import Source, WebFolder
from disentangle_bench.datasets.formats.decode import Form, decoded
from disentangle_bench.datasets.formats.members import Members, open_members
from disentangle_bench.datasets.formats.resizing import require_size
from disentangle_bench.datasets.grids import REPLACE, grid_dataset, ranked
from disentangle_bench.datasets.ground_truth import Classes
from disentangle_bench.datasets.prepared import prepared
from disentangle_bench.errors import DataError, SettingError

FILE = "rendered_chairs.tar"
NATIVE = 600
_NAME = re.compile(r"(?:.*/)?(?P<chair>[^/]+)/renders/image_\d+_p(?P<elevation>\d+)_t(?P<azimuth>\d+)_r\d+\.png")

FACTORS = (
    Factor("identity", "categorical", 1393),
    Factor.of("elevation", "ordinal", (20, 30)),
    Factor.of("azimuth", "cyclic", [360 * number // 31 for number in range(31)]),
)


class Chairs:
    """The adapter."""

    info = DatasetInfo(
        name="chairs",
        title="Chairs: chair models from all sides, grey up to 600x600",
        images=86_366,
        shape=(1, 64, 64),
        factors=FACTORS,
        licence="not stated",
        citation=(
            "M. Aubry, D. Maturana, A. Efros, B. Russell, J. Sivic: Seeing 3D chairs: exemplar part-based 2D-3D "
            "alignment using a large dataset of CAD models. CVPR 2014. https://www.di.ens.fr/willow/research/seeing3Dchairs"
        ),
        files={FILE: File(sha256=None, verified=False, md5="7941bff4d19665ed2dd8c82e88293e1b")},
        bytes=2_000_000_000,
    )

    def load(self, data_dir: Path | None = None, *, size: int = 64, crop: int = 400) -> Dataset:
        """All images, chair by chair in alphabetical order, by elevation and then by azimuth.

        They are read from the archive where it lies, or from the files out of it; made grey, cropped to their middle
        and resized once, into the cache. There is no published split; a tenth of the images, drawn by the set's name,
        is the test split.

        Args:
            data_dir: a folder with the archive, or with `rendered_chairs/` or what is in it; by default `DBENCH_DATA`,
                the user cache, then the source.
            size: pixels along an image, at most those of the crop.
            crop: pixels along the square in the middle that is kept, of 600; the rest is margin.

        Raises:
            DownloadError: the archive could not be had. DataError: a file is damaged, missing or another's.
            SettingError: no such size or crop. StorageError: the cache cannot be written.
        """
        if not 8 <= crop <= NATIVE:
            raise SettingError(f"The setting crop = {crop} of 'chairs' is out of range.", f"Choose from 8 to {NATIVE}.")
        require_size(size, crop, self.info.name)
        place = self._folder(data_dir) or obtain(self.info.file_set, self.sources, data_dir)[FILE]
        with forgotten_if_damaged(self.info.file_set, place):
            return self._read(place, size, crop)

    def sources(self) -> Iterable[Source]:
        """Its authors' site."""
        return (WebFolder("https://www.di.ens.fr/willow/research/seeing3Dchairs/data"),)

    def _read(self, place: Path, size: int, crop: int) -> Dataset:
        members = open_members(place)
        names, classes, factors = _ordered(members, self.info.factors)
        settings = {"version": 1, "size": size, "crop": crop, "content": content_of(place, self.info.name)}
        shape = (len(names), 1, size, size)
        form = Form(size, 1, crop, (NATIVE, NATIVE), background="white")
        images = prepared(self.info.name, settings, shape, lambda: decoded(members, names, form))
        return grid_dataset(replace(self.info, shape=shape[1:], factors=factors), images, classes)

    def _folder(self, data_dir: Path | None) -> Path | None:
        """A folder of the user's with the files out of the archive."""
        roots = user_folders(self.info.name, data_dir, self.info.subfolders)
        places = (root / part for root in roots for part in ("rendered_chairs", ""))
        return next((place for place in places if any(place.glob("*/renders"))), None)


def _ordered(members: Members, factors: Sequence[Factor]) -> tuple[list[str], Classes, tuple[Factor, ...]]:
    """The names of the images in order, their classes `(n, 3)`, and the factors with the angles in the names."""
    found = [(name, _NAME.fullmatch(name)) for name in members.names(".png")]
    if not found:
        raise DataError(f"{members.path} holds no .png files.", REPLACE)
    rows = []
    for name, match in found:
        if match is None:
            raise DataError(
                f"{members.path}: {name} is not named as a render of a chair is.",
                "Such a name is CHAIR/renders/image_001_p020_t011_r096.png; remove what is none.",
            )
        rows.append((match["chair"], int(match["elevation"]), int(match["azimuth"]), name))
    rows.sort()
    known, chairs = np.unique([row[0] for row in rows], return_inverse=True)
    if len(known) != factors[0].size:
        raise DataError(
            f"{members.path} holds renders of {len(known):,} chairs; there are {factors[0].size:,}.", REPLACE
        )
    angles, found_factors = ranked(members.path, "renders", np.array([row[1:3] for row in rows], float), factors[1:])
    classes = np.column_stack([chairs, angles])
    _require_each(members.path, known.tolist(), classes, (factors[0], *found_factors))
    return [row[3] for row in rows], classes, (factors[0], *found_factors)


def _require_each(path: Path, chairs: Sequence[str], classes: Classes, factors: Sequence[Factor]) -> None:
    counts = np.zeros([factor.size or 0 for factor in factors], np.int64)
    np.add.at(counts, tuple(classes.T), 1)
    wrong = np.argwhere(counts != 1)
    if len(wrong):
        chair, elevation, azimuth = wrong[0]
        times = counts[chair, elevation, azimuth]
        angles = f"{factors[1].values[elevation]:g} and {factors[2].values[azimuth]:g} degrees"
        said = f"{times or 'no'} renders of the chair {chairs[chair]} from {angles}"
        raise DataError(f"{path} holds {said}; there is one of each.", REPLACE)


chairs = Chairs()
