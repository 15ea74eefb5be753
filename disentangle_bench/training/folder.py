"""The run folder before training: begin a run in it, resume or prolong the run that it holds, or refuse it."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from disentangle_bench.errors import RunError, SettingError
from disentangle_bench.provenance import provenance
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import RUNNING, UNFINISHED, Run
from disentangle_bench.storage import storage_errors, write_text

MATTERS = ("device", "precision", "devices", "compile")
"""What changes the weights, of all that the provenance says about how a run is trained."""

_log = logging.getLogger(__name__)
_LOCK = ".lock"
_LEFTOVER = re.compile(r"\..+\.\w{8}\.tmp(\.\w+)?")
"""The name that `storage.atomic_path` gives to a file until it is complete; a killed process leaves one behind."""


def prepare(run: Run, recipe: Recipe, seed: int, resume: bool, info: Mapping[str, Any]) -> bool:
    """Begin a run, or prepare one for being resumed, or for more steps than it was begun with.

    Args:
        run: its folder, locked by this process.
        recipe: what to train.
        seed: of the training.
        resume: whether an unfinished run may be resumed, and any run prolonged.
        info: how it is trained, for the provenance.

    Returns:
        Whether there is anything left to train.

    Raises:
        RunError: the folder holds something else, or a run that cannot be resumed with this recipe.
    """
    if not run.provenance_file.is_file():
        _require_vacant(run, recipe)
        Run.create(run.path, recipe, {"seed": seed, "status": RUNNING, **info, **provenance()})
        return True
    there = Run.open(run.path, finished=False)
    if not resume:
        raise RunError(
            f"{run.path} already holds a run ({there.status}).",
            "Resume it with --resume, give another --seed or --out, or delete the folder.",
        )
    _require_same(there, recipe, seed)
    prolonged = recipe.steps > there.recipe.steps
    if prolonged:
        _require_steady(there)
    if there.model_file.is_file() and there.status not in UNFINISHED and not prolonged:
        if there.has_whole_model():
            return False
        _log.warning("%s is damaged; it is written again from the last checkpoint.", there.model_file)
    before = there.provenance()
    changed = [key for key in MATTERS if before.get(key, info[key]) != info[key]]
    if changed:  # the result will differ from that of a run that was not interrupted
        changes = ", ".join(f"{key} {info[key]} (before: {before[key]})" for key in changed)
        _log.warning("%s is resumed with %s.", run.path, changes)
    _remove(_leftovers(run.path))
    if prolonged:
        _prolong(there, recipe)
    there.note(status=RUNNING, **info)
    return True


def _prolong(run: Run, recipe: Recipe) -> None:
    """Give a run more steps, with a note in its provenance; what it came to with fewer is set aside."""
    steps = run.recipe.steps
    if run.model_file.is_file():
        _log.warning("What %s came to after %s steps is kept in %s.", run.path, steps, _set_aside(run, steps))
    now = provenance()
    entry = {"from": steps, "to": recipe.steps, "time": now["time"], "command": now["command"]}
    earlier = [before for before in run.provenance().get("prolonged", []) if before["from"] != steps]
    run.note(status=RUNNING, prolonged=[*earlier, entry])
    write_text(run.recipe_file, recipe.to_toml())


def _set_aside(run: Run, steps: int) -> Path:
    """Move the model, and what was made with it, into a folder that is a run of so many steps."""
    kept = Run(run.path / f"steps-{steps}")
    with storage_errors(kept.path):
        for name in (run.recipe_file.name, run.provenance_file.name, run.log_file.name):
            write_text(kept.path / name, (run.path / name).read_text(encoding="utf-8"))
        # The model last: while it is here, the run is a finished one, and the same command begins again.
        for path in (run.figures, run.results_file, run.samples_file, run.representation_file, run.model_file):
            if path.is_dir():
                shutil.rmtree(kept.path / path.name, ignore_errors=True)
            if path.exists():
                path.rename(kept.path / path.name)
    return kept.path


def _require_vacant(run: Run, recipe: Recipe) -> None:
    """Refuse a folder with more in it than what a process left that was killed as it began this very run."""
    leftovers = _leftovers(run.path)
    others = {path.name for path in run.path.iterdir()} - {path.name for path in leftovers} - {_LOCK}
    begun = False
    if others == {run.recipe_file.name}:
        try:
            begun = run.recipe.training_values() == recipe.training_values()
        except SettingError:
            begun = False
    if others and not begun:
        raise RunError(
            f"{run.path} holds files but no run: {', '.join(sorted(others)[:3])}{', ...' if len(others) > 3 else ''}.",
            "Give another folder with --out, or empty this one.",
        )
    _remove(leftovers)


def _require_same(run: Run, recipe: Recipe, seed: int) -> None:
    """Refuse to resume a run with another recipe or seed; more steps are no other recipe."""
    steps = max(run.recipe.steps, recipe.steps)
    if {**run.recipe.training_values(), "steps": steps} == recipe.training_values() and run.seed == seed:
        return
    before = run.recipe.dotted_values() | {"seed": run.seed}
    now = recipe.dotted_values() | {"seed": seed}
    differences = [
        f"{key} was {before.get(key, 'not set')}, now {now.get(key, 'not set')}"
        for key in {**before, **now}
        if before.get(key) != now.get(key)
    ]
    raise RunError(
        f"{run.path} was trained with other settings: {', '.join(differences)}.",
        f"Resume it as it was with `{run.resume_command()}`, or give another folder with --out.",
    )


def _require_steady(run: Run) -> None:
    """Refuse to prolong a run whose learning rates follow its number of steps: of a longer one they had been others."""
    following = [name for name, optimizer in run.recipe.optimizer.items() if optimizer.decay_last]
    if following:
        raise RunError(
            f"{run.path} cannot be prolonged: the learning rate of {', '.join(following)} falls to 0 by step "
            f"{run.recipe.steps:,} (decay_last).",
            "Train the longer run in another folder with --out.",
        )


def _leftovers(folder: Path) -> list[Path]:
    return [
        path for part in (folder, Run(folder).checkpoints) for path in part.glob(".*") if _LEFTOVER.fullmatch(path.name)
    ]


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with storage_errors(path, "delete"):
            path.unlink()
