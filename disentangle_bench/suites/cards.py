"""What each metric is and does not see, from its documentation; kept, since to import the metrics takes seconds."""

from __future__ import annotations

import inspect
import json
import textwrap
from contextlib import suppress
from dataclasses import asdict

from disentangle_bench.reports.html import Card
from disentangle_bench.storage import once, user_cache, write_json
from disentangle_bench.suites.versions import installed_digest

UNSEEN = "Does not see:"


def metric_cards() -> dict[str, Card]:
    """Metric -> its card, from a note in the cache that is made anew when a metric's file or a plug-in changes."""
    note = user_cache("metric-cards", f"{installed_digest()}.json")

    def look() -> dict[str, Card] | None:
        with suppress(OSError, ValueError, TypeError, AttributeError):
            return {name: Card(**of) for name, of in json.loads(note.read_text(encoding="utf-8")).items()}
        return None

    def compute() -> dict[str, Card]:
        from disentangle_bench.metrics import METRICS, info_of

        return {
            name: card_of(inspect.getdoc(function) or "", info_of(function).source)
            for name, function in METRICS.usable().items()
        }

    return once(
        note, look, compute, lambda cards: write_json(note, {name: asdict(card) for name, card in cards.items()})
    )


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
