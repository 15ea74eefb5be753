"""The scores of one subject as a table: value, 95 % interval, chance and ceiling of each.

The columns have fixed widths, so that the rows of a metric can be printed before the scores of others are known.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from disentangle_bench.evaluation.known_rows import COMPLETE
from disentangle_bench.evaluation.results import Results, ScoreEntry, reading_order
from disentangle_bench.reports.columns import align
from disentangle_bench.reports.heading import UNBROKEN, heading
from disentangle_bench.reports.numbers import decimals_for, is_count, say, say_optional
from disentangle_bench.reports.text_table import TextTable

HEADINGS = ("Score", "Value", "95 % interval", "Chance", "Ceiling")
FIELDS = (
    "metric", "component", "code", "value", "low", "high", "chance", "ceiling", "unit", "better", "version", "seconds",
    "reason",
)  # fmt: skip
NUMBERS = "   Value     95 % interval      Chance  Ceiling"
"""The headings of the columns of numbers; `-12.3456` has room in each."""
COMPONENT = 10
"""The room behind the longest name of a metric for the name of a component."""
LEAST_LABEL, MOST_LABEL = 20, 44
INDENT = "  "
DISTANCES = ("classifier-frechet-distance", "classifier-kernel-distance")
"""The metrics of how far generated images are from real ones, whose chance is images of shuffled pixels."""
FAR = 3
"""Standard errors beyond which a level is known to lie on its side of a value."""


class Said(NamedTuple):
    """A score's numbers as text, rounded to what its interval supports."""

    value: str
    unit: str
    low: str
    high: str
    chance: str
    ceiling: str

    @property
    def interval(self) -> str:
        """`[low, high]`, or nothing where there is none."""
        return f"[{self.low}, {self.high}]" if self.low else ""


def say_entry(entry: ScoreEntry) -> Said:
    """Write the numbers of a score."""
    count = is_count((entry.value, entry.low, entry.high, entry.ceiling))
    decimals = 0 if count else decimals_for(entry.low, entry.high)
    known = entry.low is not None and entry.high is not None
    return Said(
        say(entry.value, decimals),
        entry.unit if entry.value is not None else "",
        say(entry.low, decimals) if known else "",
        say(entry.high, decimals) if known else "",
        say_optional(entry.chance, max(decimals, 1) if count else decimals),
        say_optional(entry.ceiling, decimals),
    )


@dataclass(frozen=True)
class ScoreRows:
    """The layout of a table: how wide labels are, and whether every score has a row or the headline of each metric."""

    label: int
    every: bool = False

    @classmethod
    def of(cls, metrics: Iterable[str], width: int, *, every: bool = False) -> ScoreRows:
        """Choose the layout for metrics with these names, in lines of that width.

        A label that is too long for its column has a line of its own.
        """
        wanted = max((len(metric) for metric in metrics), default=0) + COMPONENT
        room = max(width - len(NUMBERS), 1)
        return cls(min(max(wanted, LEAST_LABEL), MOST_LABEL, room), every)

    def headings(self, rule: str = "─") -> Text:
        """Set the headings of the columns, and a rule below."""
        headings = Text(f"{'Score':{self.label}}{NUMBERS}\n", "bold", no_wrap=True, overflow="ignore")
        return headings.append(rule * (self.label + len(NUMBERS)), "not bold")

    def rows(self, scores: Mapping[str, ScoreEntry]) -> Text:
        """Set the rows of one metric, from its scores by name, the headline first."""
        lines: list[Text] = []
        shown = list(_shown(scores, self.every).values())
        nested = len(shown) > 1
        if nested and shown[0].part:
            lines.append(Text(shown[0].metric, "cyan"))
        for entry in shown:
            part = "" if _is_silent(scores) else entry.part
            said = say_entry(entry)
            label = row_label(entry.metric, part, said.unit, nested=nested)
            if label.cell_len > self.label:
                lines.append(label)
                label = Text()
            label.pad_right(self.label - label.cell_len)
            lines.append(label + _numbers(said))
        return Text("\n", no_wrap=True, overflow="ignore").join(lines)


def row_label(metric: str, part: str, unit: str, *, nested: bool) -> Text:
    """Label a row with the score's name or, nested below that of its metric, with code and component."""
    whole = Text(metric, "cyan").append(part and f".{part}", "default")
    label = Text(INDENT + part) if nested and part else whole
    return label.append(unit and f", {unit}", "dim")


def _numbers(said: Said) -> Text:
    """Set the numbers, each in its fixed place."""
    interval = align(f"[{said.low},", 5, 6) + align(f"{said.high}]", 3, 6) if said.low else " " * 20
    numbers = Text(align(said.value, 4, 5), "bold")
    numbers.append(interval + align(said.chance, 4, 5) + align(said.ceiling, 4, 5), "not bold")
    numbers.rstrip()
    return numbers


def _shown(scores: Mapping[str, ScoreEntry], every: bool) -> dict[str, ScoreEntry]:
    """Choose those of a metric's scores that have a row, by what notes call them.

    All that lack a value for one reason have one row together, by the metric's name.
    """
    headline = next(iter(scores))
    if _is_silent(scores):
        return {scores[headline].metric: scores[headline]}
    return dict(scores) if every else {headline: scores[headline]}


def _is_silent(scores: Mapping[str, ScoreEntry]) -> bool:
    entries = list(scores.values())
    return all(entry.value is None and entry.reason == entries[0].reason for entry in entries)


@dataclass(frozen=True)
class ScoreTable:
    """For the terminal: what was scored, the rows, and what stands below them."""

    results: Results
    every: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        metrics = self.results.by_metric()
        layout = ScoreRows.of(metrics, options.max_width, every=self.every)
        yield title(self.results.subject, options.max_width)
        yield from (Text(warning, "yellow") for warning in warnings(self.results))
        yield Text()
        yield layout.headings("-" if options.ascii_only else "─")
        folded = () if self.every else inapplicable(self.results)
        for metric in reading_order(metrics, self.results.kind):
            if metric not in folded:
                yield layout.rows(metrics[metric])
        notes = footer(self.results, every=self.every)
        if notes:
            yield Text()
        yield from (Text(note, "dim") for note in notes)


def title(subject: Mapping[str, Any], width: int) -> Text:
    """Say what was scored, in lines of that width."""
    name, said = heading(subject)
    lines = textwrap.wrap(f"{name}: {said}" if said else name, width, break_on_hyphens=False)
    text = Text("\n".join(lines).replace(UNBROKEN, " "), no_wrap=True, overflow="ignore")
    text.stylize("bold", 0, len(name))
    return text


def warnings(results: Results) -> list[str]:
    """Say so where generated images are farther from real ones than chance: their other scores then mean little."""
    worse = []
    for name, entry in results.headlines().items():
        if entry.metric not in DISTANCES or entry.value is None or entry.chance is None:
            continue
        if entry.value > entry.chance:
            said = say_entry(entry)
            worse.append(f"{name} {said.value}, chance {said.chance}")
    if not worse:
        return []
    return [f"Generated images are farther from real ones than images of shuffled pixels: {'; '.join(worse)}."]


def inapplicable(results: Results) -> list[str]:
    """List the metrics that have one line together below the table, unless that is all of them."""
    metrics = list(results.by_metric())
    found = [metric for metric in metrics if results.inapplicable(metric)]
    return found if len(found) < len(metrics) else []


def footer(results: Results, *, every: bool = False) -> list[str]:
    """Say which scores are of fewer samples or lack a value or levels, how uncertain levels are, and what is hidden."""
    complete: dict[int, list[str]] = {}
    values: dict[str, list[str]] = {}
    levels: dict[tuple[str, str], list[str]] = {}
    errors: list[str] = []
    hidden = 0
    folded = () if every else inapplicable(results)
    for scores in (of for metric, of in results.by_metric().items() if metric not in folded):
        shown = _shown(scores, every)
        hidden += len(_shown(scores, every=True)) - len(shown)
        for name, entry in shown.items():
            simulated = entry.details.get("levels", {})
            if rows := entry.details.get(COMPLETE):
                complete.setdefault(rows, []).append(name)
            if entry.value is None:
                values.setdefault(entry.reason, []).append(name)
            elif "reason" in simulated:
                missing = " and ".join(level for level in ("chance", "ceiling") if getattr(entry, level) is None)
                levels.setdefault((missing, simulated["reason"]), []).append(name)
            errors += [f"{level} of {name} by {error:.2g}" for level, error in _uncertain(entry, simulated)]
    notes = [
        f"On the {rows:,} samples of which every factor is known: {', '.join(of)}." for rows, of in complete.items()
    ]
    notes += [f"No value ({reason}): {', '.join(of)}." for reason, of in values.items()]
    notes += [f"Without a value for this subject: {', '.join(folded)}; --all says why."] if folded else []
    notes += [f"No {missing} ({reason}): {', '.join(of)}." for (missing, reason), of in levels.items() if missing]
    notes += [f"Levels are simulated, with standard errors: {'; '.join(errors)}."] if errors else []
    return [*notes, *([f"{hidden} more score{'s' if hidden > 1 else ''} with --all."] if hidden else [])]


def _uncertain(entry: ScoreEntry, simulated: Mapping[str, Any]) -> Iterable[tuple[str, float]]:
    """Give the levels of a score that are so uncertain that they may lie on the other side of its value."""
    for level, error in simulated.get("errors", {}).items():
        stands = getattr(entry, level)
        if stands is not None and entry.value is not None and 0 < abs(entry.value - stands) <= FAR * error:
            yield level, error


def text_table(results: Results) -> TextTable:
    """Lay out every score in texts."""
    rows = []
    for name, entry in results.scores.items():
        said = say_entry(entry)
        rows.append((name, f"{said.value} {said.unit}".strip(), said.interval, said.chance, said.ceiling))
    return TextTable(HEADINGS, rows, left=HEADINGS[:1], legend=warnings(results), notes=footer(results, every=True))


def records(results: Results) -> list[dict[str, Any]]:
    """Make one plain record per score, unrounded, for CSV."""
    return [
        {"score": name, **{field: getattr(entry, field) for field in FIELDS}} for name, entry in results.scores.items()
    ]
