"""Having the files of any dataset, without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from disentangle_bench.datasets.dataset import Adapter, Published
from disentangle_bench.datasets.files.cache import obtain, take
from disentangle_bench.datasets.files.local import LocalCopy
from disentangle_bench.errors import DataError


def fetch(adapter: Adapter, *, optional: bool = False) -> dict[str, Path]:
    """Paths of the files of a dataset, every one verified, fetched if need be; none for an embedded set.

    Args:
        adapter: the dataset.
        optional: whether those files, too, that only a setting asks for.

    Raises:
        DownloadError: some file could not be had. DataError: the adapter has no sources.
        StorageError: the cache cannot be written.
    """
    files, name = adapter.info.files, adapter.info.name
    if not files:
        return {}
    if not hasattr(adapter, "sources"):
        raise DataError(
            f"{name} declares files and does not say who has them.",
            f"`dbench data fetch {name} --from PATH` takes a copy; its maker could add a method `sources`.",
        )
    return obtain(adapter.info, cast(Published, adapter).sources, files=tuple(files) if optional else None)


def take_copy(adapter: Adapter, path: Path) -> tuple[Mapping[str, Path], tuple[str, ...]]:
    """Copy a dataset's files from a local copy into the cache; those that are there already are left alone.

    Args:
        adapter: the dataset.
        path: one of its files, a folder that holds them at any depth, or an archive.

    Returns:
        The paths of what is in the cache, and the names of what is needed besides.

    Raises:
        DataError: a file is not the right one, or none of those that are missing is there.
        StorageError: the copy cannot be read, or the cache not be written.
    """
    files = adapter.info.files
    taken = take(adapter.info, LocalCopy(path.expanduser(), files))
    if taken.faults:
        raise DataError("\n".join(f"{path}: {fault}." for fault in taken.faults), "Only right files are kept.")
    missing = tuple(name for name, file in files.items() if name not in taken.paths and not file.optional)
    if missing and not taken.new:
        raise DataError(
            f"{path} holds none of the files of {adapter.info.name} that are missing: {', '.join(missing)}.",
            "Name one of them, as it is or as .gz, a folder that holds them, or an archive.",
        )
    return taken.paths, missing
