"""The folders in which a dataset's files are looked for, and whether the network may be asked for others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from disentangle_bench.errors import DataError
from disentangle_bench.storage import user_cache


def cache_folder(dataset: str = "") -> Path:
    """Where verified files, of one dataset or of all, are kept: in `DBENCH_CACHE` or else the user's cache folder."""
    return user_cache("datasets", dataset)


def is_offline() -> bool:
    """Whether `DBENCH_OFFLINE` forbids the network."""
    return os.environ.get("DBENCH_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


def user_folders(dataset: str, data_dir: Path | None = None, subfolders: Sequence[str] = ()) -> list[Path]:
    """Where files may lie in the user's folder: under the dataset's name, in other usual subfolders, in itself.

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
    root = Path(place).expanduser()
    if not root.is_dir():
        raise DataError(f"{named_by} names {root}, which is not a folder.", "Give the folder with the dataset's files.")
    return [root / part for part in (dataset, *subfolders, "")]
