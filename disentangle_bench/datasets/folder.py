"""The user's own image files: a folder or archive, with an optional table of factors."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.columns import as_factors, label_of, numbers, parse_kinds
from disentangle_bench.datasets.dataset import Dataset, DatasetInfo, held_out
from disentangle_bench.datasets.files.content import content_of, listing_of
from disentangle_bench.datasets.formats.decode import SUFFIXES, Form, decoded
from disentangle_bench.datasets.formats.members import Members, open_members
from disentangle_bench.datasets.images import Images
from disentangle_bench.datasets.prepared.raw import prepared_raw
from disentangle_bench.datasets.table import Table, read_table
from disentangle_bench.errors import DataError, SettingError
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.storage import usable_path

TABLE = "factors.csv"
TABLES = ".csv", ".tsv"
"""How other files end that may be meant as the table."""
FILE_COLUMNS = ("file", "filename", "file_name", "image", "path", "name")
SMALL = 2**28
Unmatched = Literal["error", "skip"]
_VALIDATION = ("val", "valid", "validation")
_SKIP = "unmatched = skip leaves out what has no counterpart."
_log = logging.getLogger(__name__)


class Folder:
    """The adapter."""

    info = DatasetInfo(
        name="folder",
        title="Your own image files: a folder or archive, with classes as subfolders or factors in factors.csv",
        images=0,
        shape=(3, 64, 64),
        factors=(),
        license="yours",
        citation="Yours.",
    )

    def load(
        self,
        data_dir: Path | None = None,
        *,
        size: int = 64,
        channels: int = 3,
        kinds: str = "",
        columns: str = "",
        label: str = "",
        missing: str | int | float = "",
        unmatched: Unmatched = "error",
    ) -> Dataset:
        """Load the images in alphabetical order, decoded once and kept in the cache; other files are ignored.

        `factors.csv` beside the images has a row for each: a column `file` (or the first one) names it, the others are
        factors. The categorical one called `class` or `label` names its class. An empty value is unknown. Without such
        a table, if every image lies in a subfolder, the subfolders' names are the classes. If the subfolders are called
        `train` and `test` (and perhaps `val`, which belongs to training), that is the split; else a tenth of the
        images, drawn at random once and for all, is the test split.

        Args:
            data_dir: the folder, or a zip or uncompressed tar archive of it.
            size: pixels to a side, to which the largest square in the middle of each image is resized.
            channels: 1 for gray, 3 for RGB.
            kinds: of factors whose guessed kind is wrong, such as `azimuth=cyclic,shape=categorical`.
            columns: of the table that are factors, such as `part,azimuth`; by default all.
            label: the factor that is an image's class.
            missing: what stands for an unknown value in the table besides nothing, such as -1 or `-1,?`.
            unmatched: `skip` leaves out images without a row and rows without an image, instead of refusing them.

        Raises:
            DataError: no folder or no images, one of them unreadable, or a table that does not fit to them.
            SettingError: invalid settings. StorageError: the cache cannot be written.
        """
        reading = Reading(parse_kinds(kinds), _words(columns), label, _words(str(missing)), skips=unmatched == "skip")
        return folder_dataset(self.info, given(data_dir, self.info.name), Form(size, channels), reading)


def given(data_dir: Path | None, dataset: str) -> Path:
    """Return the path that the user gives.

    Raises:
        DataError: none was given, or nothing is there.
    """
    if data_dir is None:
        raise DataError(
            f"The dataset {dataset!r} is your own, and no path to it was given.",
            "Give it with --data-dir, or data_dir=.",
        )
    path = usable_path(data_dir, "--data-dir")
    if not path.exists():
        raise DataError(
            f"{path} does not exist.", "Give the folder or file with your images with --data-dir, or data_dir=."
        )
    return path


@dataclass(frozen=True)
class Reading:
    """How a table of factors is read; see `Folder.load`."""

    kinds: Mapping[str, Kind]
    columns: tuple[str, ...] = ()
    label: str = ""
    missing: tuple[str, ...] = ()
    skips: bool = False


def _words(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (word.strip() for word in text.split(","))))


def folder_dataset(
    info: DatasetInfo, path: Path, form: Form, reading: Reading, *, needs_table: bool = False
) -> Dataset:
    """Load the images of a folder or archive under a dataset's name; see `Folder.load`."""
    members = open_members(path)
    every = members.names(*SUFFIXES)
    if not every:
        raise DataError(f"{path} holds no images.", f"Their names should end with {', '.join(SUFFIXES)}.")
    layout = Layout.of(every)
    kept, columns = _factors_of(members, layout, every, reading, needs_table=needs_table)
    factors, values = as_factors(columns, reading.kinds, str(path))
    names = [every[row] for row in kept]
    content = listing_of(path, names) if path.is_dir() else content_of(path, info.name)
    settings = {"version": 1, "size": form.size, "channels": form.channels, "content": content}
    settings |= {"images": names} if len(names) < len(every) else {}
    shape = (len(names), form.channels, form.size, form.size)
    images: Images = prepared_raw(info.name, settings, shape, lambda: decoded(members, names, form))
    if int(np.prod(shape)) <= SMALL:
        images = images[:]
    label = label_of(factors, reading.label)
    info = replace(info, images=len(names), shape=shape[1:], factors=factors, labels=label)
    train = held_out(len(names), info.name) if layout.train is None else layout.train[kept]
    return Dataset(info, images, values, train)


@dataclass(frozen=True)
class Layout:
    """What the folders of images state.

    Attributes:
        root: the folder that holds all of them.
        classes: the class of each image, if every one lies in a subfolder.
        train: the split, if the subfolders of the root are one.
    """

    root: PurePosixPath
    classes: tuple[str, ...] | None
    train: NDArray[np.bool_] | None

    @classmethod
    def of(cls, names: Sequence[str]) -> Layout:
        """Find the layout of images with these names."""
        paths = [PurePosixPath(name) for name in names]
        first, *others = {path.parent for path in paths}
        candidates = (first, *first.parents)
        root = next(folder for folder in candidates if all(folder in (other, *other.parents) for other in others))
        inner = [path.relative_to(root).parts[:-1] for path in paths]
        tops = {parts[0] if parts else "" for parts in inner}
        train = None
        if {"train", "test"} <= tops <= {"train", "test", *_VALIDATION}:
            train = np.array([parts[0] != "test" for parts in inner])
            inner = [parts[1:] for parts in inner]
        classes = tuple(parts[0] for parts in inner) if all(inner) else None
        return cls(root, classes, train)


def _factors_of(
    members: Members, layout: Layout, names: Sequence[str], reading: Reading, *, needs_table: bool
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.generic]]]:
    """Choose the images that are kept, and read what the table or else the subfolders state of each."""
    places = ((folder / TABLE).as_posix() for folder in (layout.root, *layout.root.parents))
    place = next((place for place in places if place in members), None)
    if place is not None:
        table = read_table(members.read(place), f"{members.path}: {place}").without(reading.missing)
        return _columns(table, names, reading)
    others = members.names(*TABLES)
    if others:
        _log.warning("%s: %s is not read; a table of factors is called %s.", members.path, others[0], TABLE)
    if needs_table:
        raise DataError(
            f"{members.path} holds no {TABLE}.", "Give one with a row for each image: its file and its factors."
        )
    return np.arange(len(names)), {} if layout.classes is None else {"class": np.array(layout.classes)}


def _columns(
    table: Table, names: Sequence[str], reading: Reading
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.generic]]]:
    """Choose the images that are kept, and read their factors, in the images' order."""
    key = next((name for name in table.columns if name.lower() in FILE_COLUMNS), next(iter(table.columns)))
    for name in reading.columns:
        if name not in table.columns:
            raise SettingError(f"{table.where} has no column {name!r}.", f"It has {', '.join(table.columns)}.")
    rows = _rows(table, key, names, skips=reading.skips)
    kept = np.flatnonzero(rows >= 0)
    left_out = [key, *(name for name in table.columns if reading.columns and name not in reading.columns)]
    found = numbers(table, reading.kinds, leave=left_out)
    return kept, {name: values[rows[kept]] for name, values in found.items()}


def _rows(table: Table, key: str, names: Sequence[str], *, skips: bool) -> NDArray[np.int64]:
    """Return the row of each image, or -1: files are named by any last part of their path that is unique."""
    texts = [text.replace("\\", "/").removeprefix("./") for text in table.columns[key].tolist()]
    by_ending: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        parts = name.split("/")
        for start in range(len(parts)):
            by_ending.setdefault("/".join(parts[start:]), []).append(number)
    rows = np.full(len(names), -1, dtype=np.int64)
    unmatched = 0
    for row, text in enumerate(texts):
        images = by_ending.get(text, [])
        where = f"{table.where}: line {table.lines[row]} names {text!r}"
        if not images and skips:
            unmatched += 1
            continue
        if len(images) != 1:
            match = f"{len(images)} images match" if images else "no image matches"
            raise DataError(f"{where}, which {match}.", f"Name each file by its path. {_SKIP}")
        if rows[images[0]] >= 0:
            raise DataError(f"{where}, as an earlier line does.", "Give each image one row.")
        rows[images[0]] = row
    lacking = np.flatnonzero(rows < 0)
    if len(lacking) and (not skips or len(lacking) == len(names)):
        raise DataError(
            f"{table.where} has no row for {len(lacking)} of {len(names)} images, such as {names[lacking[0]]}.",
            f"Give each image one row, below a first line with the columns' names. {_SKIP}",
        )
    if len(lacking) or unmatched:
        counted = ((len(lacking), "image", "without a row"), (unmatched, "row", "without an image"))
        left_out = [f"{n:,} {what}{'' if n == 1 else 's'} {lacks}" for n, what, lacks in counted if n]
        _log.warning("%s: left out %s.", table.where, " and ".join(left_out))
    return rows


folder = Folder()
