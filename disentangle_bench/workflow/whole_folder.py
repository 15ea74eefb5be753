"""Folders that are whole or not there, and that take no other folder's place than that of an earlier one like them."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from disentangle_bench.errors import StorageError
from disentangle_bench.storage import require_writable, storage_errors, write_json

MARK = "export.json"
"""Says in a folder what it is; a folder without it is somebody else's."""


def refuse_folder(path: Path) -> None:
    """Refuse a path at which nothing may be written, before any work is done.

    Raises:
        StorageError: a file, a folder that holds something else, or no permission.
    """
    if path.is_file():
        raise StorageError(f"{path} is a file.", "Give the name of a folder with --out.")
    if path.is_dir() and any(path.iterdir()) and not (path / MARK).is_file():
        raise StorageError(
            f"{path} exists and holds something that dbench did not put there.", "Move it away, or give another --out."
        )
    require_writable(path)


@contextmanager
def whole_folder(path: Path, about: Mapping[str, Any]) -> Iterator[Path]:
    """Yield an empty folder that becomes `path` if the block succeeds, in place of an earlier export, or is removed.

    Args:
        path: of the folder.
        about: what it is, which is written into it.

    Raises:
        StorageError: as `refuse_folder`; no space.
    """
    refuse_folder(path)
    here = path.resolve()
    temporary = here.with_name(f".{here.name}.{secrets.token_hex(4)}.tmp")
    with storage_errors(path):
        temporary.mkdir()
        try:
            yield temporary
            write_json(temporary / MARK, about)
            if here.exists():
                shutil.rmtree(here)
            temporary.rename(here)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
