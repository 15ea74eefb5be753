"""What each metric is and does not see, from its documentation."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from disentangle_bench.reports.html import Card
from disentangle_bench.suites.versions import of_each_metric

UNSEEN = "Does not see:"


def metric_cards() -> dict[str, Card]:
    """Metric -> its card."""

    def card(function: Callable[..., Any]) -> Card:
        from disentangle_bench.metrics import info_of

        return card_of(inspect.getdoc(function) or "", info_of(function).source)

    return of_each_metric("metric-cards", card, asdict, lambda of: Card(**of))


def card_of(documentation: str, source: str) -> Card:
    """Make a card of a metric's docstring: its first line, its first indented block, and what it does not see.

    Args:
        documentation: without indentation.
        source: where the metric is defined.
    """
    paragraphs = [part for part in documentation.partition("\nArgs:")[0].split("\n\n") if part.strip()]
    summary = " ".join(paragraphs[0].split()) if paragraphs else ""
    formula = next(
        (part for part in paragraphs[1:] if all(line.startswith("    ") for line in part.split("\n") if line)), ""
    )
    unseen = next((part for part in paragraphs if part.lstrip().startswith(UNSEEN)), "")
    said = " ".join(unseen.split()).removeprefix(UNSEEN).strip()
    summary, formula, said = (text.replace("`", "") for text in (summary, textwrap.dedent(formula), said))
    return Card(summary, formula, said[:1].upper() + said[1:], source)
