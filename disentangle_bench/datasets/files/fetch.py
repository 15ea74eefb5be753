"""Download or copy the files of any dataset, without loading it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from disentangle_bench.datasets.files.cache import obtain, take
from disentangle_bench.datasets.files.file import FileSet
from disentangle_bench.datasets.files.local import LocalCopy
from disentangle_bench.datasets.files.sources import Source
from disentangle_bench.errors import DataError
from disentangle_bench.storage import usable_path


def fetch(
    published: FileSet, sources: Callable[[], Iterable[Source]] | None, *, optional: bool = False
) -> dict[str, Path]:
    """Download what is missing, and return the paths of all files, every one verified.

    Args:
        published: the files.
        sources: gives the sources in order; None if there are none.
        optional: include the optional files.

    Raises:
        DownloadError: no source has some file. DataError: there are no sources.
        StorageError: the cache cannot be written.
    """
    if sources is None:
        raise DataError(
            f"{published.name} declares files, but no source of them.",
            f"`dbench data fetch {published.name} --from PATH` takes a copy; its author could add a method `sources`.",
        )
    return obtain(published, sources, names=tuple(published.files) if optional else None)


def take_copy(published: FileSet, path: Path) -> tuple[Mapping[str, Path], tuple[str, ...]]:
    """Copy files from a local copy into the cache; those that are there already are left alone.

    Args:
        published: the files.
        path: one of them, a folder that holds them at any depth, or an archive.

    Returns:
        The paths of what is in the cache, and the names of the files that are still missing.

    Raises:
        DataError: a file is not the right one, or none of the missing ones is at the path.
        StorageError: the copy cannot be read, or the cache cannot be written.
    """
    taken = take(published, LocalCopy(usable_path(path, "The copy"), published.files))
    if taken.faults:
        raise DataError("\n".join(f"{path}: {fault}." for fault in taken.faults), "Only right files are kept.")
    missing = tuple(name for name, file in published.files.items() if name not in taken.paths and not file.optional)
    if missing and not taken.new:
        raise DataError(
            f"{path} holds none of the missing files of {published.name}: {', '.join(missing)}.",
            "Give one of them, as it is or as .gz, a folder that holds them, or an archive.",
        )
    return taken.paths, missing
