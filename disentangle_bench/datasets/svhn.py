"""SVHN: digits of house numbers, cropped, 32x32 RGB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor, as_variables
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.file import REPLACE, File
from disentangle_bench.datasets.files.sources import Source, WebFolder
from disentangle_bench.datasets.formats.matlab import read_matlab, require_pixels
from disentangle_bench.datasets.prepared.raw import prepared_raw
from disentangle_bench.errors import DataError

TRAIN, TEST, EXTRA = "train_32x32.mat", "test_32x32.mat", "extra_32x32.mat"
_BATCH = 8192


class Svhn:
    """The adapter. Hashes and sizes are those that TensorFlow Datasets publishes."""

    info = DatasetInfo(
        name="svhn",
        title="SVHN: digits of house numbers, cropped, 32x32 RGB",
        images=99_289,
        train_images=73_257,
        shape=(3, 32, 32),
        factors=(Factor("digit", "categorical", 10),),
        labels="digit",
        license="for non-commercial use only",
        citation=(
            "Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng: Reading Digits in Natural Images with "
            "Unsupervised Feature Learning. NIPS Workshop on Deep Learning and Unsupervised Feature Learning, 2011. "
            "http://ufldl.stanford.edu/housenumbers"
        ),
        files={
            TRAIN: File("435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8", 182_040_794, False),
            TEST: File("cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b", 64_275_384, False),
            EXTRA: File(
                "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3", 1_329_278_602, False, optional=True
            ),
        },
        bytes=246_316_178,
        subfolders=("SVHN",),
    )

    def load(self, data_dir: Path | None = None, *, extra: bool = False) -> Dataset:
        """Load the 73,257 training images, the 26,032 test images and, on request, the extra ones after them.

        What the files call 10 is the digit 0. Each file is read into memory whole: that takes up to 600 MB, and with
        the extra images 1.7 GB until they are in the cache.

        Args:
            data_dir: a folder with the `.mat` files, in itself or in `svhn/` or `SVHN/`; by default `DBENCH_DATA`,
                the user cache, then the source.
            extra: also train on the 531,131 easier images of `extra_32x32.mat`. All images are then kept in the cache
                (2 GB) and read from there.

        Raises:
            DownloadError: no source has some file. DataError: a file is damaged.
            StorageError: the cache cannot be written.
        """
        names = (TRAIN, TEST, EXTRA) if extra else (TRAIN, TEST)
        paths = obtain(self.info.file_set, self.sources, data_dir, names=names)
        labels = [read_digits(paths[name]) for name in names]
        info = replace(self.info, images=sum(map(len, labels)))
        train = np.concatenate([np.full(len(digits), name != TEST) for name, digits in zip(names, labels, strict=True)])
        factors = as_variables(info.factors, np.concatenate(labels))
        if not extra:
            return Dataset(info, np.concatenate([*_batches(paths, labels)]), factors, train)
        settings = {"version": 1, "files": {name: self.info.files[name].sha256 for name in paths}}
        shape = (info.images, *info.shape)
        images = prepared_raw(self.info.name, settings, shape, lambda: _batches(paths, labels))
        return Dataset(info, images, factors, train)

    def sources(self) -> Iterable[Source]:
        """Return the authors' web folder, as in torchvision."""
        return (WebFolder("http://ufldl.stanford.edu/housenumbers"),)


def read_digits(path: Path) -> NDArray[np.int64]:
    """Read the digit of each image `(n,)`.

    Raises:
        DataError: the file is damaged or a different one.
    """
    labels = read_matlab(path, "y")
    if labels.ndim != 2 or labels.shape[1] != 1 or labels.dtype.kind not in "iuf":
        raise DataError(f"{path}: 'y' is {labels.shape} {labels.dtype}; (n, 1) numbers are expected.", REPLACE)
    wrong = np.flatnonzero(~np.isin(labels, np.arange(1, 11)))
    if len(wrong):
        raise DataError(f"{path}: label {labels[wrong[0], 0]} of image {wrong[0]:,} is not from 1 to 10.", REPLACE)
    return labels[:, 0].astype(np.int64) % 10


def _batches(paths: Mapping[str, Path], labels: Sequence[NDArray[np.int64]]) -> Iterator[NDArray[np.uint8]]:
    """Yield the images of one file after the other, some megabytes at a time."""
    for path, digits in zip(paths.values(), labels, strict=True):
        pixels = read_matlab(path, "X")
        require_pixels(pixels, (32, 32, 3, len(digits)), f"{path}: 'X'")
        for start in range(0, len(digits), _BATCH):
            yield np.ascontiguousarray(pixels[..., start : start + _BATCH].transpose(3, 2, 0, 1))


svhn = Svhn()
