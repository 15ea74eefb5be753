"""dSprites: 737,280 white shapes on black, 64x64, every combination of six factors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.content import forgotten_if_damaged
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import Source, WebFolder
from disentangle_bench.datasets.formats.npz import NpzArray
from disentangle_bench.datasets.formats.raw import BinaryImages, prepared_raw
from disentangle_bench.datasets.grids import REPLACE, grid_dataset, ranked, require_grid
from disentangle_bench.datasets.ground_truth import Classes
from disentangle_bench.errors import DataError

FILE = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"
_BATCH = 4096  # images of 4 KiB

FACTORS = (
    Factor.of("color", "categorical", ("white",)),
    Factor.of("shape", "categorical", ("square", "ellipse", "heart")),
    Factor.of("scale", "ordinal", np.linspace(0.5, 1, 6).tolist()),
    Factor.of("orientation", "cyclic", np.linspace(0, 2 * math.pi, 40).tolist()),
    Factor.of("posX", "ordinal", np.linspace(0, 1, 32).tolist()),
    Factor.of("posY", "ordinal", np.linspace(0, 1, 32).tolist()),
)


class DSprites:
    """The adapter. The file's pickled `metadata` is never opened."""

    info = DatasetInfo(
        name="dsprites",
        title="dSprites: 2-D shapes, 64x64 black and white",
        images=737_280,
        shape=(1, 64, 64),
        factors=FACTORS,
        licence="Apache 2.0",
        citation=(
            "L. Matthey, I. Higgins, D. Hassabis, A. Lerchner: dSprites: Disentanglement testing Sprites dataset, "
            "2017. https://github.com/google-deepmind/dsprites-dataset"
        ),
        files={FILE: File(sha256=None, verified=False, md5="7da33b31b13a06f4b04a70402ce90c2e")},
        bytes=26_000_000,
    )

    def load(self, data_dir: Path | None = None) -> Dataset:
        """All images in the file's order: the last factor changes fastest.

        The file's 3 GB of pixels are read once, some megabytes at a time, and kept in the cache at a bit each (377 MB).
        Orientation goes from 0 to 2 pi in 40 steps, both ends included: its first and last class look the same.
        There is no published split; a tenth of the images, drawn by the set's name, is the test split.

        Args:
            data_dir: a folder with the npz file, in itself or in `dsprites/`; by default `DBENCH_DATA`, the user
                cache, then the source.

        Raises:
            DownloadError: the file could not be had. DataError: it is damaged or another's.
            StorageError: the cache cannot be written.
        """
        path = obtain(self.info.file_set, self.sources, data_dir)[FILE]
        with forgotten_if_damaged(self.info.file_set, path):
            classes, factors = _classes(path, self.info.factors)
            return grid_dataset(replace(self.info, factors=factors), self._images(path), classes)

    def sources(self) -> Iterable[Source]:
        """The authors' repository."""
        return (WebFolder("https://github.com/google-deepmind/dsprites-dataset/raw/master"),)

    def _images(self, path: Path) -> BinaryImages:
        channels, height, width = self.info.shape
        pixels = NpzArray.find(path, "imgs", np.uint8, (height, width))
        if len(pixels) != self.info.images:
            raise DataError(f"{path}: 'imgs' has {len(pixels):,} images; there are {self.info.images:,}.", REPLACE)
        shape = (len(pixels), channels, height, width // 8)
        settings = {"version": 1, "checksum": pixels.checksum}
        return BinaryImages(prepared_raw(self.info.name, settings, shape, lambda: _packed(pixels)))


def _packed(pixels: NpzArray) -> Iterator[NDArray[np.uint8]]:
    """The images at a bit a pixel, `(b, 1, h, w / 8)`."""
    start = 0
    for batch in pixels.batches(_BATCH):
        if batch.max() > 1:
            row = start + int(np.argwhere(batch > 1)[0, 0])
            raise DataError(f"{pixels.path}: image {row:,} of 'imgs' has pixels other than 0 and 1.", REPLACE)
        yield np.packbits(batch, axis=-1)[:, None]
        start += len(batch)


def _classes(path: Path, factors: Sequence[Factor]) -> tuple[Classes, tuple[Factor, ...]]:
    """The class of each image in each factor, `(n, 6)`, and the factors; both of the file's tables have to agree."""
    classes: Classes = NpzArray.find(path, "latents_classes", np.int64, (len(factors),)).read()
    require_grid(path, "latents_classes", classes, factors)
    values: NDArray[np.float64] = NpzArray.find(path, "latents_values", np.float64, (len(factors),)).read()
    found, factors = ranked(path, "latents_values", values, factors)
    if not np.array_equal(found, classes):
        raise DataError(f"{path}: 'latents_values' and 'latents_classes' disagree.", REPLACE)
    return classes, factors


dsprites = DSprites()
