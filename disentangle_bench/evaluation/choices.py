"""Which codes and factors of a file were scored, and how they count, where that was chosen: what scores depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from disentangle_bench.representation import Representation
from disentangle_bench.representation.selection import chosen

CHOICES = "choices"
"""Where the `subject` of results says so."""


def choices_made(of: Representation, select: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen of a representation, by names instead of positions; nothing of what is the same as by default.

    Args:
        of: before anything was chosen.
        select: arguments of `Representation.select`.
    """
    declared = dict(zip(of.codes.names, of.codes.kinds, strict=True))
    if of.factors is not None:
        declared |= zip(of.factors.names, of.factors.kinds, strict=True)
    names = list(chosen(of.codes, select["codes"], "code").names) if select.get("codes") is not None else []
    made = {
        "codes": names if names != list(of.codes.names) else [],
        "merge": {
            name: list(chosen(of.codes, columns, "code").names)
            for name, columns in (select.get("groups") or {}).items()
        },
        "kinds": {name: kind for name, kind in (select.get("kinds") or {}).items() if declared.get(name) != kind},
        "missing": sorted(map(str, select.get("missing") or ())),
    }
    return {key: choice for key, choice in made.items() if choice}


def say_choices(choices: Mapping[str, Any]) -> str:
    """Choices as the options of the command line that make them; `no such choice` if there are none."""
    said = [f"--codes {','.join(choices['codes'])}"] if choices.get("codes") else []
    said += [f"--merge {'+'.join(columns)}={name}" for name, columns in choices.get("merge", {}).items()]
    if choices.get("kinds"):
        said.append("--kinds " + ",".join(f"{name}={kind}" for name, kind in choices["kinds"].items()))
    said += [f"--missing {mark}" for mark in choices.get("missing", ())]
    return " ".join(said) or "no such choice"


def unlike_choices(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Say in which choices the scores of two subjects differ, second and first; empty if in none."""
    first, second = before.get(CHOICES) or {}, after.get(CHOICES) or {}
    return "" if first == second else f"with {say_choices(second)}, not with {say_choices(first)}"
