"""The traversals of a run as images beside their names, kept with its scores so that nothing has to load its model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.storage import write_through

ABOUT = "about"
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Traversal:
    """One code traversed.

    Attributes:
        code: its name.
        images: `(rows, columns, h, w)` gray or `(rows, columns, h, w, 3)` color; float in [0, 1] or uint8.
        columns, rows: a heading for each; no rows where they are draws.
        xlabel, ylabel: what columns and rows are.
        prior: the first and the last column that lie in the code's prior range, where that is bounded.
    """

    code: str
    images: NDArray[np.floating] | NDArray[np.uint8] = field(compare=False)
    columns: Sequence[str]
    rows: Sequence[str] | None
    xlabel: str
    ylabel: str
    prior: tuple[int, int] | None

    def pixels(self) -> NDArray[np.uint8]:
        """The images in whole numbers from 0 to 255."""
        if self.images.dtype == np.uint8:
            return np.asarray(self.images, dtype=np.uint8)
        return (np.clip(self.images, 0, 1) * 255).round().astype(np.uint8)


def save_traversals(path: Path, traversals: Sequence[Traversal], shown: str) -> None:
    """Write traversals, atomically, as a compressed `.npz`.

    Args:
        path: of the file.
        traversals: of a run's codes.
        shown: a digest of the model and of what its categories are called.

    Raises:
        StorageError: no space, no permission.
    """
    about = [{name: value for name, value in asdict(of).items() if name != "images"} for of in traversals]
    arrays: dict[str, Any] = {str(place): of.pixels() for place, of in enumerate(traversals)}
    arrays[ABOUT] = json.dumps({"schema_version": SCHEMA_VERSION, "shown": shown, "traversals": about})
    write_through(path, partial(_write, arrays=arrays))


def _write(path: Path, arrays: Mapping[str, Any]) -> None:
    with path.open("wb") as file:  # to a path, NumPy would add the suffix .npz
        np.savez_compressed(file, **arrays)


def load_traversals(path: Path) -> list[Traversal]:
    """Read traversals; none if there is no such file, or none that this version can read."""
    about, arrays = _read(path)
    try:
        return [
            Traversal(
                **{**values, "prior": None if values["prior"] is None else (values["prior"][0], values["prior"][1])},
                images=np.asarray(arrays[str(place)], dtype=np.uint8),
            )
            for place, values in enumerate(about.get("traversals", ()))
        ]
    except (KeyError, TypeError, ValueError, IndexError):
        return []


def shown_in(path: Path) -> str:
    """The digest that traversals were saved with; empty if there are none."""
    return str(_read(path)[0].get("shown", ""))


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        about = json.loads(str(arrays.pop(ABOUT)))
    except Exception:  # noqa: BLE001 - a damaged archive may raise anything, and is then made anew
        return {}, {}
    readable = isinstance(about, dict) and about.get("schema_version") == SCHEMA_VERSION
    return (about, arrays) if readable else ({}, {})
