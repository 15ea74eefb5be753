"""What is published of a cell: all that its numbers come from, without what is large or tied to a machine."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from disentangle_bench.run import Run
from disentangle_bench.storage import parse_json, storage_errors
from disentangle_bench.suites.attempts import Attempt, plain_attempts, read_attempts

DIGITS = 5
"""Significant digits of numbers in a published log, and in the details of a published score."""
PROVENANCE = (
    "schema_version", "seed", "status", "remark", "steps", "device", "precision", "devices", "threads", "compile",
    "means", "image_shape", "categories", "model_sha256", "python", "processor", "processors", "packages", "time",
)  # fmt: skip
"""What is published of a provenance: no commands, options or platforms, which may name folders or machines."""
EMPTY = ("component", "code", "reason", "unit", "details", "error", "arbitrary", "sampled")
"""Fields of a score that are not written where they are empty."""
_PATH = re.compile(r"(?<![\w.:/~])~?(?:/[^\s/:'\",;]+)+/([^\s/:'\",;]+)")
"""An absolute path of two parts or more, and its last part."""


def write_published(cell: Path, target: Path, earlier: list[Attempt], processor: str) -> None:
    """Write what is published of a cell into a folder that is not there yet.

    Args:
        cell: its folder.
        target: the new folder.
        earlier: attempts that were published before, which count as well.
        processor: the name of the processor, for runs that do not have it on record.

    Raises:
        StorageError: no space, no permission.
    """
    own = [replace(attempt, reason=without_paths(attempt.reason)) for attempt in read_attempts(cell)]
    known = [(attempt.began, attempt.ended) for attempt in own]
    attempts = [*(attempt for attempt in earlier if (attempt.began, attempt.ended) not in known), *own]
    run, new = Run(cell / "run"), Run(target / "run")
    texts = {target / "attempts.json": json.dumps(plain_attempts(attempts), indent=1) + "\n"}
    if run.provenance_file.is_file():
        texts[new.recipe_file] = run.recipe_file.read_text(encoding="utf-8")
        texts[new.log_file] = "".join(f"{json.dumps(rounded(entry))}\n" for entry in run.log())
        values = {"processor": processor, **run.provenance()}
        texts[new.provenance_file] = json.dumps(_published(values), ensure_ascii=False, indent=1) + "\n"
    for old, published in ((run.results_file, new.results_file), (cell / "results.json", target / "results.json")):
        if old.is_file():
            texts[published] = results_text(parse_json(old.read_text(encoding="utf-8")), processor)
    with storage_errors(target):
        try:
            for path, text in texts.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        except OSError:
            shutil.rmtree(target, ignore_errors=True)
            raise


def _published(provenance: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: without_paths(provenance[key]) if isinstance(provenance[key], str) else provenance[key]
        for key in PROVENANCE
        if provenance.get(key) not in (None, "")
    }


def results_text(results: Mapping[str, Any], processor: str) -> str:
    """Write `results.json` with a score a line: short, and so that a change of one is one line in a diff.

    Fields of a score that are empty anyway where they are missing are left out.
    """
    values = {**results, "provenance": _published({"processor": processor, **results["provenance"]})}
    scores = {
        name: {
            key: without_paths(value) if key == "reason" else rounded(value) if key == "details" else value
            for key, value in score.items()
            if value or key not in EMPTY
        }
        for name, score in values.pop("scores").items()
    }
    head = "".join(f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)},\n" for key, value in values.items())
    lines = (f"  {json.dumps(name)}: {json.dumps(score, ensure_ascii=False)}" for name, score in scores.items())
    return f'{{\n{head} "scores": {{\n' + ",\n".join(lines) + "\n }\n}\n"


def rounded(value: Any) -> Any:
    """Round every number in plain values."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return {key: rounded(each) for key, each in value.items()} if isinstance(value, dict) else value


def without_paths(text: str) -> str:
    """Name a file by its last part alone: its folder is of no use elsewhere, and may name a person."""
    return _PATH.sub(r"\1", text)
