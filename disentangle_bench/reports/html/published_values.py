"""The sixth section: what was obtained beside what the source of a recipe reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from disentangle_bench.evaluation.seeds import mean_over_seeds
from disentangle_bench.reports.html.content import EntryFacts, ReportContent
from disentangle_bench.reports.html.forms import Forms
from disentangle_bench.reports.numbers import decimals_for, say, say_interval, say_signed

HEADINGS = ("entry", "score", "published", "obtained", "interval", "difference", "worst", "best", "seeds", "source")


@dataclass(frozen=True)
class PublishedLine:
    """One published value as text, with what the seeds gave."""

    entry: str
    score: str
    published: str
    obtained: str
    interval: str
    difference: str
    worst: str
    best: str
    seeds: str
    source: str
    verdict: str


def published_lines(content: ReportContent) -> list[PublishedLine]:
    """Compare every value that a recipe's source reports with what the seeds gave."""
    return [
        _line(content, facts, score, value)
        for facts in content.entries.values()
        for score, value in facts.published.items()
    ]


def _line(content: ReportContent, facts: EntryFacts, score: str, published: float) -> PublishedLine:
    runs = [run for run in content.runs if run.entry == facts.name]
    entries = [run.scores[score] for run in runs if score in run.scores]
    values = [float(entry["value"]) for entry in entries if entry.get("value") is not None]
    seeds = f"{len(values)} of {len(runs)}"
    if not values:
        return PublishedLine(facts.name, score, f"{published:g}", "", "", "", "", "", seeds, facts.source, "no value")
    over = mean_over_seeds(np.array(values))
    decimals = decimals_for(over.low, over.high)
    better = str(entries[0].get("better", "higher"))
    ordered = sorted(values, reverse=better == "lower")
    return PublishedLine(
        facts.name,
        score,
        f"{published:g}",
        say(over.value, decimals),
        say_interval(over.low, over.high, decimals),
        say_signed(over.value - published, decimals),
        say(ordered[0], decimals),
        say(ordered[-1], decimals),
        seeds,
        facts.source,
        _verdict(over.value, over.low, over.high, published, better),
    )


def _verdict(value: float, low: float | None, high: float | None, published: float, better: str) -> str:
    """Say where the published value lies; without an interval, nothing is known of what other seeds would give."""
    if low is None or high is None:
        return "one seed: no interval"
    if low <= published <= high:
        return "the published value lies in the interval"
    if better == "neither":
        return "differs"
    return "better" if (value > published) == (better == "higher") else "worse"


def published_forms(lines: Sequence[PublishedLine]) -> Forms:
    """The section as files."""
    rows = [[getattr(line, heading) for heading in HEADINGS] for line in lines]
    return Forms.of("published", HEADINGS, rows, left=("entry", "score", "source"))
