"""Small NORB: 48,600 pairs of photographs of 50 toys, 96x96 gray, under every elevation, azimuth and lighting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.content import content_of
from disentangle_bench.datasets.files.file import REPLACE, File
from disentangle_bench.datasets.files.places import user_folders
from disentangle_bench.datasets.files.sources import Source, WebFolder
from disentangle_bench.datasets.formats.binary_matrix import BinaryMatrix
from disentangle_bench.datasets.formats.hdf5 import StoredImages
from disentangle_bench.datasets.formats.resizing import require_size, resized
from disentangle_bench.datasets.grid import grid_dataset
from disentangle_bench.datasets.ground_truth import Classes
from disentangle_bench.datasets.prepared.hdf5 import prepared
from disentangle_bench.errors import DataError, SettingError

NATIVE = 96
CAMERAS = {"left": [0], "right": [1], "both": [0, 1]}
_BATCH = 512  # pairs of 18 KiB

NESTED = (
    "instance 3 of the cars and instance 3 of the animals have nothing in common, and no test image shows a training "
    "instance; the setting instance = true includes it"
)
FACTORS = (
    Factor.of("category", "categorical", ("animal", "human", "airplane", "truck", "car")),
    Factor("instance", "categorical", 10, unscored=NESTED),
    Factor.of("elevation", "ordinal", range(30, 75, 5)),
    Factor.of("azimuth", "cyclic", range(0, 360, 20)),
    Factor("lighting", "categorical", 6),
)
CAMERA = Factor.of("camera", "categorical", ("left", "right"))


@dataclass(frozen=True)
class Part:
    """One of the two published splits.

    Attributes:
        stem: what the names of its files begin with.
        instances: the toys of each category that it shows.
    """

    stem: str
    instances: tuple[int, ...]

    def file(self, kind: str) -> str:
        """Name its file with the matrix of images (dat), categories (cat) or other factors (info)."""
        return f"{self.stem}-{kind}.mat"


TRAIN = Part("smallnorb-5x46789x9x18x6x2x96x96-training", (4, 6, 7, 8, 9))
TEST = Part("smallnorb-5x01235x9x18x6x2x96x96-testing", (0, 1, 2, 3, 5))


def _published(digest: str, size: int) -> File:
    return File(digest, size, verified=False)


class SmallNorb:
    """The adapter: the training images, then the test images, which show other toys."""

    info = DatasetInfo(
        name="smallnorb",
        title="Small NORB: toys from all sides, gray up to 96x96, two cameras",
        images=48_600,
        train_images=24_300,
        shape=(1, 64, 64),
        factors=FACTORS,
        labels="category",
        license="for research only",
        citation=(
            "Y. LeCun, F. J. Huang, L. Bottou: Learning methods for generic object recognition with invariance to pose "
            "and lighting. CVPR 2004. doi:10.1109/CVPR.2004.1315150"
        ),
        files={  # as in TensorFlow Datasets' list of checksums
            TRAIN.file("dat") + ".gz": _published(
                "5ffd6272a07d32695ee1082a26a41a93a37aab8c28da047f8c34ed348d214873", 131_896_188
            ),
            TRAIN.file("cat") + ".gz": _published(
                "2784e542c1922060691090952b6cd6278879a216c90f81476f0f00256d42cdaa", 348
            ),
            TRAIN.file("info") + ".gz": _published(
                "de7eb932ebe7a4ee16217fead60660d0eb3d23632c2f4d1c51f88c501c17bf32", 71_052
            ),
            TEST.file("dat") + ".gz": _published(
                "cf7104eed3e51174d2f65b66d1e5878b9da233b886f161b0d88f4510ba2c7474", 130_799_817
            ),
            TEST.file("cat") + ".gz": _published(
                "ecaf6d5bb8c3bc5eab9cf0258f6d2198dd474e016e374836fc097f2e5ff509ff", 347
            ),
            TEST.file("info") + ".gz": _published(
                "16adf314226327ee006d1a44db8cfef52773c06c829951d5653a9f6f310248a2", 10_428
            ),
        },
        subfolders=("small_norb",),
    )

    def load(
        self, data_dir: Path | None = None, *, size: int = 64, camera: str = "left", instance: bool = False
    ) -> Dataset:
        """Load the 24,300 training images and, after them, the 24,300 test images, in the files' order.

        Instances 4, 6, 7, 8 and 9 of each category are in the training split, the others in the test split; together
        they are every combination of the factors once. The images are unpacked and resized once, into the cache.

        Args:
            data_dir: a folder with the six `.mat.gz` files, or with all six unpacked, whose hashes are not published;
                by default `DBENCH_DATA`, the user cache, then the source.
            size: pixels along an image, at most 96; smaller ones are resized by Pillow's Lanczos filter.
            camera: "left", "right", or "both": each pair is then two images, the left one first, and `camera` a factor.
            instance: score codes on the factor `instance`, too.

        Raises:
            DownloadError: no source has some file. DataError: a file is damaged or a different one.
            SettingError: an invalid size or camera. StorageError: the cache cannot be written.
        """
        require_size(size, NATIVE, self.info.name)
        if camera not in CAMERAS:
            problem = f"The setting camera = {camera!r} of the dataset 'smallnorb' is invalid."
            raise SettingError(problem, f"Choose one of {', '.join(CAMERAS)}.")
        names = [name.removesuffix(".gz") for name in self.info.files]
        roots = user_folders(self.info.name, data_dir, self.info.subfolders)
        unpacked = next((root for root in roots if all((root / name).is_file() for name in names)), None)
        if unpacked:
            paths = {name: unpacked / name for name in names}
        else:
            obtained = obtain(self.info.file_set, self.sources, data_dir)
            paths = {name.removesuffix(".gz"): path for name, path in obtained.items()}
        classes = np.concatenate([self._classes(part, paths) for part in (TRAIN, TEST)])
        train = np.arange(len(classes)) < self._rows
        images, info = self._images(paths, size, camera), replace(self.info, shape=(1, size, size))
        if instance:
            info = replace(info, factors=tuple(replace(factor, unscored="") for factor in info.factors))
        if camera == "both":
            info = replace(info, images=len(images), factors=(*info.factors, CAMERA))
            classes = np.column_stack([classes.repeat(2, axis=0), np.arange(len(images)) % 2])
            train = train.repeat(2)
        return grid_dataset(info, images, classes, train)

    def sources(self) -> Iterable[Source]:
        """Return its authors' site."""
        return (WebFolder("https://cs.nyu.edu/~ylclab/data/norb-v1.0-small"),)

    @property
    def _rows(self) -> int:
        return self.info.images // 2

    def _images(self, paths: dict[str, Path], size: int, camera: str) -> StoredImages:
        pairs = [
            BinaryMatrix.find(paths[part.file("dat")], np.uint8, (self._rows, 2, NATIVE, NATIVE))
            for part in (TRAIN, TEST)
        ]
        chosen = CAMERAS[camera]
        shape = (self.info.images * len(chosen), 1, size, size)
        content = [content_of(matrix.path, self.info.name) for matrix in pairs]
        settings = {"version": 1, "size": size, "camera": camera, "content": content}

        def batches() -> Iterator[NDArray[np.uint8]]:
            for matrix in pairs:
                for batch in matrix.batches(_BATCH):
                    yield resized(batch[:, chosen].reshape(-1, 1, NATIVE, NATIVE), size)

        return prepared(self.info.name, settings, shape, batches)

    def _classes(self, part: Part, paths: dict[str, Path]) -> Classes:
        """Read the classes `(n, 5)` of one split's images, and require each combination once."""
        category = BinaryMatrix.find(paths[part.file("cat")], np.int32, (self._rows,)).read()
        path = paths[part.file("info")]
        info = BinaryMatrix.find(path, np.int32, (self._rows, 4)).read()
        steps = np.array([1, 1, 2, 1])  # azimuths are stored as 0, 2, ..., 34
        if (info % steps).any():
            row = int(np.flatnonzero((info % steps).any(axis=1))[0])
            raise DataError(f"{path}: row {row:,} has the azimuth {info[row, 2]}, which is odd.", REPLACE)
        classes = np.column_stack([category, info // steps]).astype(np.int64)
        _require_each_once(path, classes, self.info.factors, part.instances)
        return classes


def _require_each_once(path: Path, classes: Classes, factors: Sequence[Factor], instances: Sequence[int]) -> None:
    for column, factor in enumerate(factors):
        allowed = instances if factor.name == "instance" else range(factor.size or 0)
        unknown = np.flatnonzero(~np.isin(classes[:, column], allowed))
        if len(unknown):
            row, known = int(unknown[0]), ", ".join(map(str, allowed))
            raise DataError(
                f"{path}: row {row:,} has {factor.name} {classes[row, column]}, which is not one of {known}.", REPLACE
            )
    sizes = [factor.size or 0 for factor in factors]
    keys, first = np.unique(np.ravel_multi_index(tuple(classes.T), sizes), return_index=True)
    if len(keys) < len(classes):
        row = int(np.setdiff1d(np.arange(len(classes)), first)[0])
        raise DataError(f"{path}: the factors in row {row:,} are those of an earlier row.", REPLACE)


smallnorb = SmallNorb()
