"""MPI3D: a robot arm carries an object; 64x64 RGB, every combination of seven factors, rendered and photographed."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from disentangle_bench.datasets.dataset import DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import Source, WebFiles, WebFolder
from disentangle_bench.datasets.formats.npz import NpzArray
from disentangle_bench.datasets.formats.npz_images import npz_images
from disentangle_bench.datasets.grid import Grid, GridDataset
from disentangle_bench.datasets.ground_truth import grid


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
CITATION = (
    "M. W. Gondal, M. Wuthrich, D. Miladinovic, F. Locatello, M. Breidt, V. Volchkov, J. Akpo, O. Bachem, "
    "B. Schölkopf, S. Bauer: On the Transfer of Inductive Bias from Simulation to the Real World: a New "
    "Disentanglement Dataset. NeurIPS 2019. arXiv:1906.03292"
)


class Mpi3D(GridDataset):
    """The adapter of one of the four sets. Images stay on the disk: in the file, or if it is compressed in the cache.

    Args:
        name: of the dataset.
        title: what it shows.
        file: the name of its npz file.
        factors: those of its grid.
        publishers: where its authors put the file.
    """

    def __init__(
        self, name: str, title: str, file: str, factors: tuple[Factor, ...], publishers: tuple[Source, ...]
    ) -> None:
        images = math.prod(factor.size or 0 for factor in factors)
        size = images * 64 * 64 * 3
        self.publishers = publishers
        self.info = DatasetInfo(
            name=name,
            title=f"MPI3D: {title}, 64x64 RGB",
            images=images,
            shape=(3, 64, 64),
            factors=factors,
            license="CC BY 4.0",
            citation=CITATION,
            files={file: File(sha256=None, bytes=size, verified=False, check=self.pixels)},
            bytes=size,
            subfolders=(name.replace("-", "_"), "mpi3d"),
        )

    def pixels(self, path: Path) -> NpzArray:
        """Find the images; of a file that is cut off, or another one, there are none.

        Raises:
            DataError: not so many images of this shape.
        """
        channels, height, width = self.info.shape
        pixels = NpzArray.find(path, "images", np.uint8, (height, width, channels))
        self.require_images(path, "images", (len(pixels), *self.info.shape))
        return pixels

    def read(self, path: Path) -> Grid:
        """Read the images where they lie; compressed ones take 12.7 GB of the cache (`mpi3d-complex` 5.7)."""
        pixels = self.pixels(path)
        settings = {"version": 1, "checksum": pixels.checksum}
        images = npz_images(pixels, self.info.name, settings, channels_last=True)
        return Grid(images, grid(self.info.factors), self.info.factors)


_WEB = (
    WebFolder("https://huggingface.co/datasets/waleedgondal/mpi3d/resolve/main"),
    WebFolder("https://storage.googleapis.com/mpi3d_disentanglement_dataset/data"),
)
_SOLIDS = "solids on a robot arm"
_EVERYDAY = "real3d_complicated_shapes_ordered.npz"
_DRIVE = "https://drive.usercontent.google.com/download?id=1Tp8eTdHxgUMtsZv5uAoYAbJR1BOa_OQm&export=download&confirm=t"

mpi3d_toy = Mpi3D("mpi3d-toy", f"{_SOLIDS}, rendered simply", "mpi3d_toy.npz", SIMPLE, _WEB)
mpi3d_realistic = Mpi3D("mpi3d-realistic", f"{_SOLIDS}, rendered realistically", "mpi3d_realistic.npz", SIMPLE, _WEB)
mpi3d_real = Mpi3D("mpi3d-real", f"{_SOLIDS}, photographed", "mpi3d_real.npz", SIMPLE, _WEB)
mpi3d_complex = Mpi3D(
    "mpi3d-complex", "everyday things on a robot arm, photographed", _EVERYDAY, COMPLEX,
    (WebFiles({_EVERYDAY: _DRIVE}),),
)  # fmt: skip
