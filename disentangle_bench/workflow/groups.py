"""The runs and files of the subjects of a comparison: one, or one for each seed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from disentangle_bench.errors import RunError
from disentangle_bench.run import seed_folders

REPRESENTATION_FILES = (".npz", ".h5", ".hdf5")
SCORES = ".json"
_SEED = re.compile(r"seed[-_=]?(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Group:
    """One subject: a run folder, a file of codes or a file of scores, or several of different seeds.

    Attributes:
        paths: its folders and files, in order.
        name: what to call it; empty if its results say.
    """

    paths: tuple[Path, ...]
    name: str = ""


def group_at(path: Path) -> Group:
    """Find what a path names: a run, a file, or a folder with the `seed-N` runs or the files of one method.

    Raises:
        RunError: a folder with none of these, or with both codes and scores.
    """
    if path.is_file() or path.suffix.lower() in (*REPRESENTATION_FILES, SCORES):
        return Group((path,))
    if folders := seed_folders(path):
        return Group(tuple(folders))
    files = _files_in(path)
    if len({file.suffix.lower() == SCORES for file in files}) > 1:
        raise RunError(
            f"{path} holds files of codes and files of scores; it is not clear which are to be compared.",
            f"Choose with --group, as in --group '{path.name}={path}/*.json'.",
        )
    return Group(tuple(files) or (path,), path.resolve().name if files else "")


def subjects_at(path: Path) -> list[Path]:
    """List what a path names to be scored: itself, or the `seed-N` runs or the files of codes in a folder."""
    return seed_folders(path) or [file for file in _files_in(path) if is_codes(file)] or [path]


def group_of_glob(name: str, pattern: str) -> Group:
    """Find the runs and files whose paths match a pattern; a matching folder of `seed-N` runs stands for its runs.

    Raises:
        RunError: there are none.
    """
    matching = glob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
    paths = sorted(map(Path, matching), key=_by_number)
    members = [member for path in paths if path.is_dir() or _is_member(path) for member in group_at(path).paths]
    if not members:
        raise RunError(f"No run and no file matches {pattern!r}, the group {name!r}.", "Quote it, and check the path.")
    return Group(tuple(dict.fromkeys(members)), name)


def seed_in(path: Path) -> int | None:
    """Read the seed from a path: `seed-3`, `seed_3` or `seed3` in the file's name, else in its folder's, or a number.

    Returns:
        None if neither has one.
    """
    if path.stem.isdecimal():
        return int(path.stem)
    for name in (path.stem, path.parent.name):
        if found := _SEED.search(name):
            return int(found[1])
    return None


def is_codes(path: Path) -> bool:
    """Whether a path is that of a file of codes."""
    return path.suffix.lower() in REPRESENTATION_FILES


def _files_in(path: Path) -> list[Path]:
    """The files of codes and of scores in a folder that is not a run, in the order of the numbers in their names."""
    if not path.is_dir() or (path / "provenance.json").is_file():
        return []
    return sorted(filter(_is_member, path.iterdir()), key=_by_number)


def _is_member(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in (*REPRESENTATION_FILES, SCORES) and not path.name.startswith(".")


def _by_number(path: Path) -> list[tuple[int, int | str]]:
    """Sort numbers within names by their value."""
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", str(path))]
