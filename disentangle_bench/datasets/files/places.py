"""The folders in which a dataset's files are looked for, and whether the network may be asked for others."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from disentangle_bench.errors import DataError
from disentangle_bench.storage import usable_path, user_cache


def cache_folder(dataset: str = "") -> Path:
    """Return where verified files, of one dataset or of all, are kept: in `DBENCH_CACHE` or the user's cache folder."""
    return user_cache("datasets", dataset)


def is_offline() -> bool:
    """Whether `DBENCH_OFFLINE` forbids the network."""
    return os.environ.get("DBENCH_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


def user_folders(dataset: str, data_dir: Path | None = None, subfolders: Sequence[str] = ()) -> list[Path]:
    """List where files may lie in the user's folder: under the dataset's name, in other usual subfolders, in itself.

    Args:
        dataset: its name.
        data_dir: the user's folder; by default `DBENCH_DATA`, if that is set.
        subfolders: where other programs put this dataset.

    Raises:
        DataError: there is no such folder.
    """
    named_by = "--data-dir" if data_dir else "DBENCH_DATA"
    place = str(data_dir or os.environ.get("DBENCH_DATA", ""))
    if not place:
        return []
    root = usable_path(place, named_by)
    if not root.is_dir():
        raise DataError(f"{named_by} names {root}, which is not a folder.", "Give the folder with the dataset's files.")
    return [root / part for part in (dataset, *subfolders, "")]


def require_some(dataset: str, files: Collection[str], data_dir: Path | None, folders: Sequence[Path]) -> None:
    """Refuse a folder that was named for a dataset and holds none of its files, packed or not.

    Args:
        dataset: its name.
        files: the names of its files.
        data_dir: the user's folder, if one was named.
        folders: where in it they may lie.

    Raises:
        DataError: none of them is there.
    """
    if data_dir is None or not files:
        return
    if not any((folder / part).is_file() for folder in folders for name in files for part in (name, f"{name}.gz")):
        raise DataError(
            f"--data-dir names {data_dir}, which holds none of the files of {dataset}: {', '.join(files)}.",
            "Give the folder that holds them, as they are or as .gz, or leave --data-dir out.",
        )
