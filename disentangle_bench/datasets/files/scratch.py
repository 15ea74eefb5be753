"""The part of a cache folder where files lie until they are whole and verified, and the lock that guards it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from disentangle_bench.datasets.files.partial import SUFFIXES
from disentangle_bench.datasets.files.progress import say
from disentangle_bench.storage import locked, storage_errors

_NAME = ".fetching"


@contextmanager
def held(cache: Path, dataset: str) -> Iterator[None]:
    """Hold the cache folder's lock, waiting for another process if need be; clear away what a killed one left.

    Raises:
        StorageError: the folder cannot be written.
    """

    def wait() -> None:
        say(f"Another process is fetching {dataset}; waiting for it.")

    with locked(cache / ".lock", on_wait=wait), storage_errors(cache):
        clear_away(cache)
        yield


@contextmanager
def scratch_folder(cache: Path) -> Iterator[Path]:
    """Make a folder for unfinished files, of which only partial downloads stay."""
    folder = cache / _NAME
    folder.mkdir(exist_ok=True)
    try:
        yield folder
    finally:
        clear_away(cache)


def clear_away(cache: Path, *, partials: bool = False) -> None:
    """Remove unfinished files: all but partial downloads, or those as well; one that cannot be is in nobody's way."""
    folder = cache / _NAME
    for path in folder.glob("*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif partials or not path.name.endswith(SUFFIXES):
            path.unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def kept_bytes(cache: Path, names: Iterable[str]) -> int:
    """Return how many bytes of files have been downloaded, by the partial downloads that are furthest."""
    partials = list((cache / _NAME).glob(f"*{SUFFIXES[0]}"))
    sizes = ([path.stat().st_size for path in partials if path.name.startswith(f"{name}.")] for name in names)
    return sum(max(of_file, default=0) for of_file in sizes)
