"""The heading of a table of scores: what was scored, in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

MOST_FACTORS = 8
"""More than these are counted by kind."""
SOUND = "ok"
UNBROKEN = "\N{NO-BREAK SPACE}"
"""Between words that belong on one line."""


def heading(subject: Mapping[str, Any]) -> tuple[str, str]:
    """Describe a subject by its name and by what a reader needs to know of it.

    Args:
        subject: of results. Those of an older version say less.

    Returns:
        Such as `codes.npz` and `5,000 samples (4,500 train), 6 continuous codes; factors: shape categorical (3), x
        continuous; color constant, left out`; the latter is empty if nothing is known.
    """
    name = str(subject.get("name", "subject"))
    if "dataset" in subject:
        name += f" on {subject['dataset']}"
    drawn = f" of {subject['drawn_from']:,}" if "drawn_from" in subject else ""
    train = f" ({subject['train']:,} train)" if "train" in subject else ""
    samples = f"{subject['samples']:,}{drawn} samples{train}" if "samples" in subject else ""
    kinds = Counter(code["kind"] for code in subject.get("codes", ()))
    codes = " and ".join(f"{count} {kind}" for kind, count in kinds.items())
    codes += f" code{'s' if kinds.total() > 1 else ''}" if kinds else ""
    columns = sum(code.get("columns", 1) for code in subject.get("codes", ()))
    codes += f" of {columns} columns" if columns > kinds.total() else ""
    counts = ", ".join(part.replace(" ", UNBROKEN) for part in (samples, codes) if part)
    status = str(subject.get("status", SOUND))
    trained = ("" if status == SOUND else status, str(subject.get("remark", "")))
    factors = (*_factors(subject.get("factors")), _dependence(subject.get("dependence")))
    correlated = ", ".join(map(str, subject.get("correlated", ()))).replace(" ", UNBROKEN)
    learned = f"trained on images in which factors are correlated: {correlated}" if correlated else ""
    parts = (counts, *factors, learned, *trained)
    return name, "; ".join(filter(None, parts))


def _factors(factors: Sequence[Mapping[str, Any]] | None) -> list[str]:
    if factors is None:
        return []
    varying = [factor for factor in factors if not factor["constant"]]
    constant = [str(factor["name"]) for factor in factors if factor["constant"]]
    if len(varying) > MOST_FACTORS:
        counted = Counter(factor["kind"] for factor in varying)
        said = ", ".join(f"{count} {kind}" for kind, count in counted.items())
    else:
        said = ", ".join(_factor(factor).replace(" ", UNBROKEN) for factor in varying)
    return [
        *([f"factors: {said}"] if varying else []),
        *([f"{', '.join(constant)} constant, left out"] if constant else []),
    ]


def _dependence(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    of = f"I({found['of']}; {found['on']}) = {found['share']:.2f} of H({found['of']})"
    return f"factors depend on each other: {of.replace(' ', UNBROKEN)}"


def _factor(factor: Mapping[str, Any]) -> str:
    classes = "" if factor["classes"] is None else f" ({factor['classes']:,})"
    known = f" known in {factor['known']:,}" if "known" in factor else ""
    return f"{factor['name']} {factor['kind']}{classes}{known}"
