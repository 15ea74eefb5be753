"""MPI3D: a robot arm carries an object; 64x64 RGB, every combination of seven factors, drawn and photographed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.content import forgotten_if_damaged
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import Source, WebFiles, WebFolder
from disentangle_bench.datasets.formats.npz import NpzArray
from disentangle_bench.datasets.formats.raw import RawImages, prepared_raw
from disentangle_bench.datasets.grids import REPLACE, grid_dataset
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.errors import DataError

_BATCH = 1024  # images of 12 KiB


def _factors(colors: tuple[str, ...], shapes: tuple[str, ...]) -> tuple[Factor, ...]:
    return (
        Factor.of("object_color", "categorical", colors),
        Factor.of("object_shape", "categorical", shapes),
        Factor.of("object_size", "ordinal", ("small", "large")),
        Factor.of("camera_height", "ordinal", ("top", "center", "bottom")),
        Factor.of("background_color", "categorical", ("purple", "sea green", "salmon")),
        Factor("horizontal_axis", "ordinal", 40),
        Factor("vertical_axis", "ordinal", 40),
    )


SIMPLE = _factors(
    ("white", "green", "red", "blue", "brown", "olive"),
    ("cone", "cube", "cylinder", "hexagonal", "pyramid", "sphere"),
)
COMPLEX = _factors(("yellow", "green", "olive", "red"), ("coffee cup", "tennis ball", "croissant", "beer cup"))


class Mpi3D:
    """The adapter of one of the four sets.

    Args:
        variant: the last part of its name.
        title: what it shows.
        file: the name of its npz file.
        factors: those of its grid.
        places: where its authors put the file.
    """

    def __init__(
        self, variant: str, title: str, file: str, factors: tuple[Factor, ...], places: tuple[Source, ...]
    ) -> None:
        images = math.prod(factor.size or 0 for factor in factors)
        self.file, self.places = file, places
        self.info = DatasetInfo(
            name=f"mpi3d-{variant}",
            title=f"MPI3D: {title}, 64x64 RGB",
            images=images,
            shape=(3, 64, 64),
            factors=factors,
            licence="CC BY 4.0",
            citation=(
                "M. W. Gondal, M. Wuthrich, D. Miladinovic, F. Locatello, M. Breidt, V. Volchkov, J. Akpo, O. Bachem, "
                "B. Schölkopf, S. Bauer: On the Transfer of Inductive Bias from Simulation to the Real World: a New "
                "Disentanglement Dataset. NeurIPS 2019. arXiv:1906.03292"
            ),
            files={file: File(sha256=None, bytes=images * 64 * 64 * 3, verified=False)},
            bytes=images * 64 * 64 * 3,
            subfolders=(f"mpi3d_{variant}", "mpi3d"),
        )

    def load(self, data_dir: Path | None = None) -> Dataset:
        """All images in the file's order: the last factor changes fastest. They stay on the disk.

        If the file holds them as they are, they are read where they lie, as they are asked for. If it holds them
        compressed, they are unpacked once into the cache, 12.7 GB of them (`mpi3d-complex` 5.7), and read there.
        There is no published split; a tenth of the images, drawn by the set's name, is the test split.

        Args:
            data_dir: a folder with the npz file, in itself or in one with the set's name; by default `DBENCH_DATA`,
                the user cache, then the sources.

        Raises:
            DownloadError: the file could not be had. DataError: it is damaged or another's.
            StorageError: the cache cannot be written, or there is too little space.
        """
        path = obtain(self.info.file_set, self.sources, data_dir)[self.file]
        with forgotten_if_damaged(self.info.file_set, path):
            return grid_dataset(self.info, self._images(path), grid(self.info.factors))

    def sources(self) -> Iterable[Source]:
        """Where its authors put it."""
        return self.places

    def _images(self, path: Path) -> RawImages:
        channels, height, width = self.info.shape
        pixels = NpzArray.find(path, "images", np.uint8, (height, width, channels))
        if len(pixels) != self.info.images:
            sizes = " x ".join(str(factor.size) for factor in self.info.factors)
            made = f"{sizes} of {self.info.name} make {self.info.images:,}"
            raise DataError(f"{path}: 'images' has {len(pixels):,} images; {made}.", REPLACE)
        shape = (len(pixels), channels, height, width)
        offset = pixels.offset()
        if offset is not None:
            return RawImages(path, shape, offset, channels_last=True)
        settings = {"version": 1, "checksum": pixels.checksum}
        return prepared_raw(self.info.name, settings, shape, lambda: _channels_first(pixels))


def _channels_first(pixels: NpzArray) -> Iterator[NDArray[np.uint8]]:
    return (batch.transpose(0, 3, 1, 2) for batch in pixels.batches(_BATCH))


_WEB = (
    WebFolder("https://huggingface.co/datasets/waleedgondal/mpi3d/resolve/main"),
    WebFolder("https://storage.googleapis.com/mpi3d_disentanglement_dataset/data"),
)
_EVERYDAY = "real3d_complicated_shapes_ordered.npz"
_DRIVE = "https://drive.usercontent.google.com/download?id=1Tp8eTdHxgUMtsZv5uAoYAbJR1BOa_OQm&export=download&confirm=t"

mpi3d_toy = Mpi3D("toy", "solids on a robot arm, drawn simply", "mpi3d_toy.npz", SIMPLE, _WEB)
mpi3d_realistic = Mpi3D("realistic", "solids on a robot arm, drawn realistically", "mpi3d_realistic.npz", SIMPLE, _WEB)
mpi3d_real = Mpi3D("real", "solids on a robot arm, photographed", "mpi3d_real.npz", SIMPLE, _WEB)
mpi3d_complex = Mpi3D(
    "complex", "everyday things on a robot arm, photographed", _EVERYDAY, COMPLEX, (WebFiles({_EVERYDAY: _DRIVE}),)
)
