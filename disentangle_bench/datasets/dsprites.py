"""dSprites: 737,280 white shapes on black, 64x64, every combination of six factors."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from disentangle_bench.datasets.dataset import DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import WebFolder
from disentangle_bench.datasets.formats.npz import NpzArray
from disentangle_bench.datasets.grid import Grid, GridDataset, grid_by_value, require_grid
from disentangle_bench.datasets.prepared.npz_images import binary_images

FILE = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"
FACTORS = (
    Factor.of("color", "categorical", ("white",)),
    Factor.of("shape", "categorical", ("square", "ellipse", "heart")),
    Factor.of("scale", "ordinal", np.linspace(0.5, 1, 6).tolist()),
    # Both ends included: the first and the last class look the same.
    Factor.of("orientation", "cyclic", np.linspace(0, 2 * math.pi, 40).tolist()),
    Factor.of("posX", "ordinal", np.linspace(0, 1, 32).tolist()),
    Factor.of("posY", "ordinal", np.linspace(0, 1, 32).tolist()),
)


class DSprites(GridDataset):
    """The adapter. The file's 3 GB of pixels are kept in the cache at a bit each; its pickled metadata stay closed."""

    publishers = (WebFolder("https://github.com/google-deepmind/dsprites-dataset/raw/master"),)
    info = DatasetInfo(
        name="dsprites",
        title="dSprites: 2-D shapes, 64x64 black and white",
        images=737_280,
        shape=(1, 64, 64),
        factors=FACTORS,
        license="Apache 2.0",
        citation=(
            "L. Matthey, I. Higgins, D. Hassabis, A. Lerchner: dSprites: Disentanglement testing Sprites dataset, "
            "2017. https://github.com/google-deepmind/dsprites-dataset"
        ),
        files={FILE: File(sha256=None, bytes=26_000_000, verified=False, md5="7da33b31b13a06f4b04a70402ce90c2e")},
    )

    def read(self, path: Path) -> Grid:
        """Read both of the file's tables, each of which has to be the grid, and its images."""
        numbers = NpzArray.find(path, "latents_classes", np.int64, (len(FACTORS),)).read()
        require_grid(path, "latents_classes", numbers, self.info.factors)
        values = NpzArray.find(path, "latents_values", np.float64, (len(FACTORS),)).read()
        classes, factors = grid_by_value(path, "latents_values", values, self.info.factors)
        images = NpzArray.find(path, "imgs", np.uint8, self.info.shape[1:])
        self.require_images(path, "imgs", (len(images), *self.info.shape))
        return Grid(binary_images(images, self.info.name), classes, factors)


dsprites = DSprites()
