"""The user's own images: a folder or archive of image files, with an optional table of factors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.columns import as_factors, label_of, numbers, parse_kinds
from disentangle_bench.datasets.dataset import Dataset, DatasetInfo, held_out
from disentangle_bench.datasets.files.content import content_of
from disentangle_bench.datasets.formats.decode import SUFFIXES, Form, decoded
from disentangle_bench.datasets.formats.members import Members, open_members
from disentangle_bench.datasets.formats.raw import prepared_raw
from disentangle_bench.datasets.images import Images
from disentangle_bench.datasets.table import Table, read_table
from disentangle_bench.errors import DataError
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.storage import storage_errors

TABLE = "factors.csv"
FILE_COLUMNS = ("file", "filename", "file_name", "image", "path", "name")
SMALL = 2**28
_VALIDATION = ("val", "valid", "validation")


class Folder:
    """The adapter."""

    info = DatasetInfo(
        name="folder",
        title="Your own image files: a folder or archive, with classes as subfolders or factors in factors.csv",
        images=0,
        shape=(3, 64, 64),
        factors=(),
        licence="yours",
        citation="Yours.",
    )

    def load(self, data_dir: Path | None = None, *, size: int = 64, channels: int = 3, kinds: str = "") -> Dataset:
        """The images in alphabetical order, decoded once and kept in the cache; files of other kinds are left alone.

        If every image lies in a subfolder, the names of those are the classes. If the subfolders are called `train`
        and `test` (and perhaps `val`, which counts to training), that is the split; else a tenth of the images, drawn
        at random once and for all, is the test split.

        `factors.csv` beside the images has a row for each: a column `file` (or the first one) names it, the others
        are factors. The categorical one called `class` or `label` names its class.

        Args:
            data_dir: the folder, or a zip or uncompressed tar archive of it.
            size: pixels to a side, to which the largest square in the middle of each image is resized.
            channels: 1 for grey, 3 for RGB.
            kinds: of factors whose kind is not as guessed, such as `azimuth=cyclic,shape=categorical`.

        Raises:
            DataError: no folder or no images, one of them unreadable, or a table that does not fit to them.
            SettingError: settings that cannot be. StorageError: the cache cannot be written.
        """
        return folder_dataset(self.info, given(data_dir, self.info.name), Form(size, channels), parse_kinds(kinds))


def given(data_dir: Path | None, dataset: str) -> Path:
    """The place that the user names.

    Raises:
        DataError: none was named, or there is nothing.
    """
    if data_dir is None:
        raise DataError(
            f"The dataset {dataset!r} is your own: nobody said where it is.", "Name it with --data-dir, or data_dir=."
        )
    path = data_dir.expanduser()
    if not path.exists():
        raise DataError(
            f"{path} is not there.", "Name the folder or file with your images with --data-dir, or data_dir=."
        )
    return path


def folder_dataset(
    info: DatasetInfo, path: Path, form: Form, kinds: Mapping[str, Kind], *, needs_table: bool = False
) -> Dataset:
    """The images of a folder or archive under a dataset's name; see `Folder.load`."""
    members = open_members(path)
    names = members.names(*SUFFIXES)
    if not names:
        raise DataError(f"{path} holds no images.", f"Their names should end with {', '.join(SUFFIXES)}.")
    layout = Layout.of(names)
    table = _table(members, layout)
    if needs_table and table is None:
        raise DataError(f"{path} holds no {TABLE}.", "Give one with a row for each image: its file and its factors.")
    columns: dict[str, NDArray[np.generic]] = {}
    if layout.classes is not None:
        columns["class"] = np.array(layout.classes)
    if table is not None:
        columns |= _columns(table, members, names, kinds, taken=columns)
    factors, values = as_factors(columns, kinds, str(path))
    images = _images(info.name, members, names, form)
    info = replace(
        info, images=len(names), shape=(form.channels, form.size, form.size), factors=factors, labels=label_of(factors)
    )
    train = held_out(len(names), info.name) if layout.train is None else layout.train
    return Dataset(info, images, values, train)


@dataclass(frozen=True)
class Layout:
    """What the folders of images say.

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
        """The layout of images with these names."""
        paths = [PurePosixPath(name) for name in names]
        root = _common({path.parent for path in paths})
        inner = [path.relative_to(root).parts[:-1] for path in paths]
        tops = {parts[0] if parts else "" for parts in inner}
        train = None
        if {"train", "test"} <= tops <= {"train", "test", *_VALIDATION}:
            train = np.array([parts[0] != "test" for parts in inner])
            inner = [parts[1:] for parts in inner]
        classes = tuple(parts[0] for parts in inner) if all(inner) else None
        return cls(root, classes, train)


def _common(folders: set[PurePosixPath]) -> PurePosixPath:
    first, *others = folders
    return next(
        folder for folder in (first, *first.parents) if all(folder in (other, *other.parents) for other in others)
    )


def _table(members: Members, layout: Layout) -> Table | None:
    for folder in (layout.root, *layout.root.parents):
        name = (folder / TABLE).as_posix()
        if name in members:
            return read_table(members.read(name), f"{members.path}: {name}")
    return None


def _columns(
    table: Table, members: Members, names: Sequence[str], kinds: Mapping[str, Kind], taken: Mapping[str, object]
) -> dict[str, NDArray[np.generic]]:
    """The factors of each image, in the images' order."""
    key = next((name for name in table.columns if name.lower() in FILE_COLUMNS), next(iter(table.columns)))
    rows = _rows(table, key, names)
    found = {name: values[rows] for name, values in numbers(table, kinds, leave=[key]).items()}
    for name in found.keys() & taken.keys():
        raise DataError(f"{table.where} has a column {name!r}, and the subfolders of {members.path} name classes, too.")
    return found


def _rows(table: Table, key: str, names: Sequence[str]) -> NDArray[np.int64]:
    """The row of each image: files are named by any last part of their path that tells them apart."""
    texts = [text.replace("\\", "/").removeprefix("./") for text in table.columns[key].tolist()]
    by_ending: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        parts = name.split("/")
        for start in range(len(parts)):
            by_ending.setdefault("/".join(parts[start:]), []).append(number)
    rows = np.full(len(names), -1, dtype=np.int64)
    for row, text in enumerate(texts):
        images = by_ending.get(text, [])
        where = f"{table.where}: line {table.lines[row]} names {text!r}"
        if len(images) != 1:
            raise DataError(f"{where}, of which there are {len(images)} images.", "Name each file by its path.")
        if rows[images[0]] >= 0:
            raise DataError(f"{where}, as an earlier line does.", "Give each image one row.")
        rows[images[0]] = row
    if (rows < 0).any():
        lacking = np.flatnonzero(rows < 0)
        raise DataError(
            f"{table.where} has no row for {len(lacking)} of {len(names)} images, such as {names[lacking[0]]}.",
            "Give each image one row, below a first line with the columns' names.",
        )
    return rows


def _images(dataset: str, members: Members, names: Sequence[str], form: Form) -> Images:
    """In memory if they are few."""
    content = _listing(members.path, names) if members.path.is_dir() else content_of(members.path, dataset)
    settings = {"version": 1, "size": form.size, "channels": form.channels, "content": content}
    shape = (len(names), form.channels, form.size, form.size)
    images = prepared_raw(dataset, settings, shape, lambda: decoded(members, names, form))
    return images[:] if int(np.prod(shape)) <= SMALL else images


def _listing(path: Path, names: Sequence[str]) -> str:
    """A text that is another where an image has another name, size or time of change."""
    with storage_errors(path, "read"):
        states = [(path / name).stat() for name in names]
    said = [[name, state.st_size, state.st_mtime_ns] for name, state in zip(names, states, strict=True)]
    return hashlib.sha256(json.dumps([str(path.resolve()), said]).encode()).hexdigest()


folder = Folder()
