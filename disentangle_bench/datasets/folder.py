"""The user's own image files: a folder or archive, with an optional table of factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.columns import as_factors, label_of, numbers, parse_kinds
from disentangle_bench.datasets.dataset import Dataset, DatasetInfo, held_out
from disentangle_bench.datasets.files.content import content_of, listing_of
from disentangle_bench.datasets.formats.decode import SUFFIXES, Form, decoded
from disentangle_bench.datasets.formats.members import Members, open_members
from disentangle_bench.datasets.formats.raw import prepared_raw
from disentangle_bench.datasets.images import Images
from disentangle_bench.datasets.table import Table, read_table
from disentangle_bench.errors import DataError
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.storage import usable_path

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
        license="yours",
        citation="Yours.",
    )

    def load(self, data_dir: Path | None = None, *, size: int = 64, channels: int = 3, kinds: str = "") -> Dataset:
        """Load the images in alphabetical order, decoded once and kept in the cache; other files are ignored.

        If every image lies in a subfolder, the subfolders' names are the classes. If the subfolders are called `train`
        and `test` (and perhaps `val`, which belongs to training), that is the split; else a tenth of the images, drawn
        at random once and for all, is the test split.

        `factors.csv` beside the images has a row for each: a column `file` (or the first one) names it, the others
        are factors. The categorical one called `class` or `label` names its class.

        Args:
            data_dir: the folder, or a zip or uncompressed tar archive of it.
            size: pixels to a side, to which the largest square in the middle of each image is resized.
            channels: 1 for gray, 3 for RGB.
            kinds: of factors whose guessed kind is wrong, such as `azimuth=cyclic,shape=categorical`.

        Raises:
            DataError: no folder or no images, one of them unreadable, or a table that does not fit to them.
            SettingError: invalid settings. StorageError: the cache cannot be written.
        """
        return folder_dataset(self.info, given(data_dir, self.info.name), Form(size, channels), parse_kinds(kinds))


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


def folder_dataset(
    info: DatasetInfo, path: Path, form: Form, kinds: Mapping[str, Kind], *, needs_table: bool = False
) -> Dataset:
    """Load the images of a folder or archive under a dataset's name; see `Folder.load`."""
    members = open_members(path)
    names = members.names(*SUFFIXES)
    if not names:
        raise DataError(f"{path} holds no images.", f"Their names should end with {', '.join(SUFFIXES)}.")
    layout = Layout.of(names)
    places = ((folder / TABLE).as_posix() for folder in (layout.root, *layout.root.parents))
    place = next((place for place in places if place in members), None)
    table = None if place is None else read_table(members.read(place), f"{members.path}: {place}")
    if needs_table and table is None:
        raise DataError(f"{path} holds no {TABLE}.", "Give one with a row for each image: its file and its factors.")
    columns: dict[str, NDArray[np.generic]] = {}
    if layout.classes is not None:
        columns["class"] = np.array(layout.classes)
    if table is not None:
        columns |= _columns(table, members, names, kinds, taken=columns)
    factors, values = as_factors(columns, kinds, str(path))
    content = listing_of(path, names) if path.is_dir() else content_of(path, info.name)
    settings = {"version": 1, "size": form.size, "channels": form.channels, "content": content}
    shape = (len(names), form.channels, form.size, form.size)
    images: Images = prepared_raw(info.name, settings, shape, lambda: decoded(members, names, form))
    if int(np.prod(shape)) <= SMALL:
        images = images[:]
    info = replace(info, images=len(names), shape=shape[1:], factors=factors, labels=label_of(factors))
    train = held_out(len(names), info.name) if layout.train is None else layout.train
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
        """The layout of images with these names."""
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


def _columns(
    table: Table, members: Members, names: Sequence[str], kinds: Mapping[str, Kind], taken: Mapping[str, object]
) -> dict[str, NDArray[np.generic]]:
    """The factors of each image, in the images' order."""
    key = next((name for name in table.columns if name.lower() in FILE_COLUMNS), next(iter(table.columns)))
    rows = _rows(table, key, names)
    found = {name: values[rows] for name, values in numbers(table, kinds, leave=[key]).items()}
    for name in found.keys() & taken.keys():
        raise DataError(f"{table.where} has a column {name!r}, which the subfolders of {members.path} give, too.")
    return found


def _rows(table: Table, key: str, names: Sequence[str]) -> NDArray[np.int64]:
    """Return the row of each image: files are named by any last part of their path that is unique."""
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
            raise DataError(f"{where}, which {len(images)} images match.", "Name each file by its path.")
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


folder = Folder()
