"""The user's own images in an npz or HDF5 file, with factors in it or in a table beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.array_files import ArrayFile, open_arrays
from disentangle_bench.datasets.columns import as_factors, label_of, numbers, parse_kinds
from disentangle_bench.datasets.dataset import Dataset, DatasetInfo, held_out
from disentangle_bench.datasets.folder import SMALL, given
from disentangle_bench.datasets.images import Images
from disentangle_bench.datasets.table import read_table
from disentangle_bench.errors import DataError, SettingError
from disentangle_bench.representation.faults import warn_of_unread
from disentangle_bench.representation.kinds import KINDS, Kind
from disentangle_bench.storage import storage_errors

ARRAY_SUFFIXES = (".npz", ".h5", ".hdf5")
_CHANNELS = (1, 3)
_SEEN = 1000  # images looked at, to find those in {0, 1}

Layout = Literal["gray", "first", "last"]


class Arrays:
    """The adapter."""

    info = DatasetInfo(
        name="arrays",
        title="Your own arrays: images and factors in an npz or HDF5 file",
        images=0,
        shape=(0, 0, 0),
        factors=(),
        license="yours",
        citation="Yours.",
    )

    def load(
        self,
        data_dir: Path | None = None,
        *,
        images: str = "images",
        factors: str = "factors",
        channels: str = "",
        kinds: str = "",
    ) -> Dataset:
        """Load the images in the file's order. Those of an HDF5 file, and many of an npz file, are read when needed.

        Images are uint8, `(n, h, w)`, `(n, c, h, w)` or `(n, h, w, c)`, with 1 or 3 channels. Numbers in [0, 1] are
        refused, since only you know whether they may be rounded. In an array `train (n,)`, true marks the
        training split; without it a tenth of the images, drawn at random once and for all, is the test split.

        Factors are `(n, k)` or `(n,)`, with names and kinds as representation files have them; or, where the file
        holds none, the columns of a CSV file of the same name beside it, a row for each image. The categorical one
        called `class` or `label` names an image's class.

        Args:
            data_dir: the file, or a folder with only one such file.
            images: what the array of images is called.
            factors: what the array of factors is called.
            channels: `first` or `last`, if the shape leaves it open.
            kinds: of factors whose kind is neither in the file nor guessed right, such as `azimuth=cyclic`.

        Raises:
            DataError: no such file, damaged, without these arrays, or arrays that do not fit together.
            SettingError: invalid settings. StorageError: the cache cannot be written.
        """
        return array_dataset(
            self.info, given(data_dir, self.info.name), Names(images, factors, channels), parse_kinds(kinds)
        )


@dataclass(frozen=True)
class Names:
    """The names of the arrays in a file, and the place of the channels if the shape leaves it open."""

    images: str = "images"
    factors: str = "factors"
    channels: str = ""


def array_dataset(info: DatasetInfo, path: Path, names: Names, kinds: Mapping[str, Kind]) -> Dataset:
    """Load the images of an npz or HDF5 file under a dataset's name; see `Arrays.load`."""
    file = open_arrays(_one_file(path))
    if names.images not in file.names:
        raise DataError(
            f"{file.path} has no array {names.images!r}; it has {', '.join(file.names) or 'none'}.",
            "Name the one that holds the images with the setting images.",
        )
    described = (f"{names.factors.removesuffix('s')}_{what}" for what in ("names", "kinds"))
    warn_of_unread(file.path, file.names, [names.images, names.factors, "train", *described])
    images = _images(file, names, info.name)
    factors, values = as_factors(*_columns(file, names, kinds, len(images)), str(file.path))
    info = replace(info, images=len(images), shape=images.shape[1:], factors=factors, labels=label_of(factors))
    train = held_out(len(images), info.name)
    if "train" in file.names:
        train = file.read("train")
        if train.shape != (len(images),) or train.dtype.kind not in "biu" or not np.isin(train, (0, 1)).all():
            problem = f"{file.path}: 'train' is {train.dtype} {train.shape}; it should be true or false for each image."
            raise DataError(problem)
    return Dataset(info, images, values, train.astype(bool))


def _one_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    with storage_errors(path, "read"):
        found = sorted(inner for inner in path.iterdir() if inner.suffix.lower() in ARRAY_SUFFIXES)
    if len(found) != 1:
        raise DataError(
            f"{path} holds {len(found)} files that end with {', '.join(ARRAY_SUFFIXES)}.", "Name the file itself."
        )
    return found[0]


def _images(file: ArrayFile, names: Names, dataset: str) -> Images:
    shape, dtype = file.shape(names.images)
    where = f"{file.path}: {names.images!r}"
    if dtype.kind != "b" and dtype != np.uint8:
        remedies = {
            "i": f"Store them as {names.images}.astype(np.uint8), if they are from 0 to 255.",
            "f": f"Store them as np.rint(255 * {names.images}).astype(np.uint8), if they are in [0, 1].",
        }
        remedy = remedies.get(dtype.kind.replace("u", "i"), "Store them as uint8.")
        raise DataError(f"{where} is {dtype} {shape}; images are uint8, from 0 to 255.", remedy)
    layout = _layout(where, shape, names.channels)
    if dtype.kind == "b":
        return _in_memory(file, names.images, layout) * np.uint8(255)
    small = int(np.prod(shape)) <= SMALL
    images: Images = (
        _in_memory(file, names.images, layout)
        if small
        else file.images(names.images, shape, channels_last=layout == "last", dataset=dataset)
    )
    if images[: min(_SEEN, len(images))].max() <= 1:
        raise DataError(f"{where} holds no value beyond 1, so that all would be black.", "Multiply it by 255.")
    return images


def _in_memory(file: ArrayFile, name: str, layout: Layout) -> NDArray[np.uint8]:
    pixels = file.read(name).astype(np.uint8)  # a copy: torch wants arrays that it may write to
    if layout == "gray":
        return pixels[:, None]
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)) if layout == "last" else pixels


def _layout(where: str, shape: tuple[int, ...], channels: str) -> Layout:
    """Find the channels: the axis of 1 or 3."""
    if channels not in ("", "first", "last"):
        raise SettingError(f"The setting channels = {channels!r} is invalid.", "Give first or last.")
    if shape[:1] == (0,):
        raise DataError(f"{where} has the shape {shape}: it holds no images.", "Give some.")
    if len(shape) not in (3, 4) or 0 in shape:
        raise DataError(f"{where} has the shape {shape}.", "Give (n, h, w), (n, c, h, w) or (n, h, w, c).")
    if len(shape) == 3:
        return "gray"
    possible = [name for name, axis in (("first", 1), ("last", 3)) if shape[axis] in _CHANNELS]
    if channels:
        possible = [name for name in possible if name == channels]
    if not possible:
        raise DataError(f"{where} has the shape {shape}, without an axis of 1 or 3 channels.", "Give 1 or 3 channels.")
    if len(possible) > 1:
        raise DataError(
            f"{where} has the shape {shape}: its channels may be first or last.", "Set channels to one of them."
        )
    return cast("Layout", possible[0])


def _columns(
    file: ArrayFile, names: Names, kinds: Mapping[str, Kind], n: int
) -> tuple[dict[str, NDArray[np.generic]], dict[str, Kind]]:
    """Read the factors' columns, and their kinds where they are given."""
    if names.factors in file.names:
        values, found, said = file.factors(names.factors)
        where = f"{file.path}: {names.factors!r}"
        if values.ndim == 1:
            values, found = values[:, None], found or [names.factors.removesuffix("s")]
        if values.ndim != 2 or values.dtype.kind not in "biufU":
            raise DataError(f"{where} is {values.dtype} {values.shape}.", "Give numbers or text (n, k).")
        found = found or [f"f{column + 1}" for column in range(values.shape[1])]
        _check(where, values, found, said, n)
        columns: dict[str, NDArray[np.generic]] = dict(zip(found, values.T, strict=True))
        return columns, cast("dict[str, Kind]", {**dict(zip(found, said, strict=False)), **kinds})
    if names.factors != "factors":
        raise DataError(f"{file.path} has no array {names.factors!r}; it has {', '.join(file.names)}.")
    beside = file.path.with_suffix(".csv")
    if not beside.is_file():
        return {}, dict(kinds)
    with storage_errors(beside, "read"):
        table = read_table(beside.read_bytes(), str(beside))
    if len(table) != n:
        raise DataError(
            f"{beside} has {len(table)} rows for {n} images.",
            "Give a row for each, in order, below the columns' names.",
        )
    return numbers(table, kinds), dict(kinds)


def _check(where: str, values: NDArray[Any], names: list[str], kinds: list[str], n: int) -> None:
    if len(values) != n:
        raise DataError(f"{where} has {len(values)} rows for {n} images.", "Give a row for each.")
    if len(names) != values.shape[1] or (kinds and len(kinds) != len(names)) or len(set(names)) < len(names):
        raise DataError(
            f"{where} has {values.shape[1]} columns, the names {', '.join(names)} and {len(kinds)} kinds.",
            "Give each column a name of its own and a kind.",
        )
    for kind in kinds:
        if kind not in KINDS:
            raise DataError(f"{where}: {kind!r} is not a kind of factor.", f"Use one of {', '.join(KINDS)}.")


arrays = Arrays()
