"""Names of places in the page: letters, digits and hyphens only, whatever the names of entries hold."""

from __future__ import annotations

import re
from collections.abc import Iterable


def anchors(prefix: str, names: Iterable[str]) -> list[str]:
    """Make a different anchor for each name, such as `run-infogan-seed-0`.

    Args:
        prefix: of all of them.
        names: in the order of the anchors.
    """
    taken: dict[str, int] = {}
    made = []
    for name in names:
        stem = "-".join(filter(None, (prefix, re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"))))[:80]
        taken[stem] = taken.get(stem, 0) + 1
        made.append(stem if taken[stem] == 1 else f"{stem}--{taken[stem]}")  # a stem has no two hyphens in a row
    return made
