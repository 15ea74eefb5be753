"""The run folder before and after training: begun, gone on with, or refused."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from disentangle_bench.errors import RunError, SettingError
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import RUNNING, UNFINISHED, Run
from disentangle_bench.storage import provenance, storage_errors

MATTERS = ("device", "precision", "devices", "compile")
"""The facts of how a run is trained that change its weights."""

_log = logging.getLogger(__name__)
_LOCK = ".lock"
_LEFTOVER = re.compile(r"\..+\.\w{8}\.tmp(\.\w+)?")
"""What `storage.atomic_path` calls a file before it is whole; a killed process leaves one behind."""


def prepare(run: Run, recipe: Recipe, seed: int, resume: bool, info: Mapping[str, Any]) -> bool:
    """Begin a run, or check that this one may be gone on with. False if there is nothing left to do.

    Args:
        run: its folder, held.
        recipe: what is to be trained.
        seed: of the training.
        resume: whether an unfinished run may be gone on with.
        info: of how it is trained, for the provenance.

    Raises:
        RunError: the folder holds something else, or a run that may not be gone on with.
    """
    if not run.provenance_file.is_file():
        _check_vacant(run, recipe)
        Run.create(run.path, recipe, {"seed": seed, "status": RUNNING, **info, **provenance()})
        return True
    there = Run.open(run.path, finished=False)
    if not resume:
        raise RunError(
            f"{run.path} already holds a run ({there.status}).",
            "Go on with it with --resume, give another --seed or --out, or delete the folder.",
        )
    if there.recipe.training_values() != recipe.training_values() or there.seed != seed:
        raise RunError(
            f"{run.path} was trained with other settings: {_differences(there, recipe, seed)}.",
            f"Continue it as it was with `{there.resume_command()}`, or give another folder with --out.",
        )
    if there.model_file.is_file() and there.status not in UNFINISHED:
        if there.has_whole_model():
            return False
        _log.warning("%s is damaged; it is made again from the last checkpoint.", there.model_file)
    _tell_changes(there, info)
    _remove(_leftovers(run.path))
    there.note(status=RUNNING, **info)
    return True


def _check_vacant(run: Run, recipe: Recipe) -> None:
    """A folder to begin a run in holds at most what a process left that was killed as it began this one."""
    leftovers = _leftovers(run.path)
    others = {path.name for path in run.path.iterdir()} - {path.name for path in leftovers} - {_LOCK}
    if others - {run.recipe_file.name} or (others and not _holds(run, recipe)):
        raise RunError(
            f"{run.path} holds files but no run: {', '.join(sorted(others)[:3])}{', ...' if len(others) > 3 else ''}.",
            "Give another folder with --out, or empty this one.",
        )
    _remove(leftovers)


def _holds(run: Run, recipe: Recipe) -> bool:
    try:
        return run.recipe.training_values() == recipe.training_values()
    except SettingError:
        return False


def _leftovers(folder: Path) -> list[Path]:
    return [
        path for part in (folder, Run(folder).checkpoints) for path in part.glob(".*") if _LEFTOVER.fullmatch(path.name)
    ]


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with storage_errors(path, "delete"):
            path.unlink()


def _tell_changes(run: Run, info: Mapping[str, Any]) -> None:
    """Warn of what makes the result differ from that of a run that nothing interrupted."""
    before = run.provenance()
    changes = [
        f"{key} {info[key]} (before: {before[key]})" for key in MATTERS if before.get(key, info[key]) != info[key]
    ]
    if changes:
        _log.warning("%s goes on with %s.", run.path, ", ".join(changes))


def _differences(run: Run, recipe: Recipe, seed: int) -> str:
    before, now = (
        run.recipe.dotted_values() | {"seed": run.seed},
        recipe.dotted_values() | {"seed": seed},
    )
    keys = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    return ", ".join(f"{key} was {_shown(before, key)}, now {_shown(now, key)}" for key in keys)


def _shown(values: Mapping[str, Any], key: str) -> str:
    return str(values[key]) if key in values else "not set"
