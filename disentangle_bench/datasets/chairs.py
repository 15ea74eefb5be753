"""Chairs: 1,393 chair models, rendered 600x600 on white from 2 elevations and 31 sides; here 64x64 gray."""

from __future__ import annotations

import re
from pathlib import Path

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import WebFolder
from disentangle_bench.datasets.formats.decode import Form, decoded
from disentangle_bench.datasets.formats.members import open_members
from disentangle_bench.datasets.formats.resizing import require_size
from disentangle_bench.datasets.grid import Grid
from disentangle_bench.datasets.named_grid import grid_by_name
from disentangle_bench.datasets.resized_grid import ResizedGridDataset

FILE = "rendered_chairs.tar"
EXAMPLE = "CHAIR/renders/image_001_p020_t011_r096.png"
NAME = re.compile(r"(?:.*/)?([^/]+)/renders/image_\d+_p(\d+)_t(\d+)_r\d+\.png")
FACTORS = (
    Factor("identity", "categorical", 1393),
    Factor.of("elevation", "ordinal", (20, 30)),
    Factor.of("azimuth", "cyclic", [360 * number // 31 for number in range(31)]),
)


class Chairs(ResizedGridDataset):
    """The adapter. Images are in the alphabetical order of the chairs, by elevation and then by azimuth."""

    native = 600
    publishers = (WebFolder("https://www.di.ens.fr/willow/research/seeing3Dchairs/data"),)
    folders = ("rendered_chairs", "")
    contents = ("*/renders",)
    info = DatasetInfo(
        name="chairs",
        title="Chairs: chair models from all sides, gray up to 600x600",
        images=86_366,
        shape=(1, 64, 64),
        factors=FACTORS,
        license="not stated",
        citation=(
            "M. Aubry, D. Maturana, A. Efros, B. Russell, J. Sivic: Seeing 3D chairs: exemplar part-based 2D-3D "
            "alignment using a large dataset of CAD models. CVPR 2014. https://www.di.ens.fr/willow/research/seeing3Dchairs"
        ),
        files={FILE: File(sha256=None, bytes=2_000_000_000, verified=False, md5="7941bff4d19665ed2dd8c82e88293e1b")},
    )

    def load(self, data_dir: Path | None = None, *, size: int = 64, crop: int = 400) -> Dataset:
        """Load all images, as `ResizedGridDataset.load`.

        Args:
            data_dir: a folder with the archive, or with `rendered_chairs/` or what is in it.
            size: pixels along an image, at most those of the crop.
            crop: pixels along the square in the middle that is kept, of 600; the rest is margin.
        """
        require_size(crop, self.native, self.info.name, setting="crop")
        require_size(size, crop, self.info.name)
        return self.load_grid(data_dir, lambda path: self.read(path, size, crop))

    def read(self, path: Path, size: int = 64, crop: int = 400) -> Grid:
        """Make the images gray, crop and resize them, once, into the cache."""
        members = open_members(path)
        names, classes, factors = grid_by_name(members, ".png", NAME, self.info.factors, EXAMPLE)
        form = Form(size, 1, crop, (self.native, self.native), background="white")
        return Grid(self.resized(path, lambda _: decoded(members, names, form), size, crop=crop), classes, factors)


chairs = Chairs()
