"""Whether the figures of a run still show what it is and scores, so that they are drawn only when that has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from disentangle_bench.evaluation.results import Results
from disentangle_bench.provenance import installed_version
from disentangle_bench.run import Run
from disentangle_bench.storage import sha256, write_json

NOTE = ".drawn.json"
"""Beside the figures: which files there are, and a digest of what they show."""
LIBRARIES = ("matplotlib", "torch")


def are_drawn(run: Run, results: Results, formats: Iterable[str] = ()) -> bool:
    """Whether every figure that was drawn is there, in these formats, and shows this model, log and scores."""
    try:
        note = json.loads((run.figures / NOTE).read_text(encoding="utf-8"))
        files = [run.figures / name for name in note["files"]]
    except (OSError, ValueError, TypeError, KeyError):
        return False
    if not {f".{form}" for form in formats} <= {file.suffix for file in files}:
        return False
    return note["shown"] == _shown(run, results) and all(file.is_file() for file in files)


def note_drawn(run: Run, results: Results, files: Iterable[Path]) -> None:
    """Note which figures were drawn, and of what.

    Raises:
        StorageError: no space, no permission.
    """
    names = [file.name for file in files]
    if names:
        write_json(run.figures / NOTE, {"shown": _shown(run, results), "files": names})


def _shown(run: Run, results: Results) -> str:
    """Return a digest of all that figures may depend on, the files that draw them too."""
    scores = {name: entry.model_dump(mode="json", exclude={"seconds"}) for name, entry in results.scores.items()}
    depends: dict[str, Any] = {
        "subject": results.subject,
        "scores": scores,
        "log": sha256(run.log_file) if run.log_file.is_file() else "",
        "drawn by": [sha256(file) for file in sorted(Path(__file__).parent.glob("figures/*.py"))],
        "libraries": [installed_version(name) for name in LIBRARIES],
    }
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
