"""The table of a suite: what it holds, and how it is set for terminals, in Markdown, as CSV and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from string import ascii_letters
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from disentangle_bench.evaluation.seeds import SeedInterval
from disentangle_bench.reports.checked_gate import CheckedGate
from disentangle_bench.reports.numbers import PLAIN_DECIMALS, decimals_for, say, say_interval, say_p, say_signed
from disentangle_bench.reports.text_table import TextTable

COLLAPSED = "collapsed"
NO_VALUE = "no value"
FEWEST_DECIMALS = 2
LETTERS = ascii_letters
"""Of tie groups; further ones have numbers."""


@dataclass(frozen=True)
class Column:
    """One score.

    Attributes:
        score, metric: its name, and the metric's.
        unit, better: of the score.
        chance, ceiling: the lowest and the highest over all cells; empty if there is none.
        version: of the metric, in all cells that count.
        installed: the metric's version today.
        tested: whether its differences are tested.
    """

    score: str
    metric: str
    unit: str
    better: str
    chance: tuple[float, ...]
    ceiling: tuple[float, ...]
    version: int
    installed: int
    tested: bool = True

    @property
    def title(self) -> str:
        """The score, with its unit if it has one."""
        return f"{self.score}, {self.unit}" if self.unit else self.score


@dataclass(frozen=True)
class Difference:
    """What an entry differs by from the baseline, in one score.

    Attributes:
        value, low, high: entry minus baseline, over seeds.
        p: corrected for all differences of the table that are tested (Holm).
        verdict: better, worse, no difference shown, or why there is no verdict; empty if it is not tested,
            or one of the two has a single run.
        detectable: the true difference that so many seeds with this spread would have shown in 80 of 100 cases.
        improvement: the probability that a run of the entry is better than a run of the baseline, with its interval.
    """

    value: float
    low: float | None
    high: float | None
    p: float | None
    verdict: str
    detectable: float | None
    improvement: SeedInterval


@dataclass(frozen=True)
class Summary:
    """What one score of one entry comes to over seeds.

    Attributes:
        values: seed -> value; None where there is none.
        mean, low, high: over the seeds that have a value, with Student's 95 % interval.
        sd, median, worst, interquartile_mean: of these values.
        collapsed: the seeds among these whose training collapsed.
        groups: the tie groups that the entry is in, 1 for the best: entries of one group are not told apart.
        ranks: the best and the worst rank that the entry may have.
        difference: to the baseline.
    """

    values: Mapping[int, float | None]
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    sd: float | None = None
    median: float | None = None
    worst: float | None = None
    interquartile_mean: float | None = None
    collapsed: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    ranks: tuple[int, int] | None = None
    difference: Difference | None = None

    @property
    def known(self) -> list[float]:
        """The values of the seeds that have one."""
        return [value for value in self.values.values() if value is not None]

    @property
    def count(self) -> str:
        """`3 of 3, 1 collapsed`: how many seeds have a value, and how many of these collapsed."""
        collapsed = f", {len(self.collapsed)} collapsed" if self.collapsed else ""
        return f"{len(self.known)} of {len(self.values)}{collapsed}"

    @property
    def letters(self) -> str:
        """The tie groups, `a` for the best."""
        return "".join(LETTERS[group - 1] if group <= len(LETTERS) else f"({group})" for group in self.groups)


@dataclass(frozen=True)
class CellRow:
    """What has become of one cell."""

    entry: str
    seed: int
    state: str
    reason: str
    seconds: float | None
    attempts: int


@dataclass(frozen=True)
class SuiteTable:
    """The results of a suite.

    Attributes:
        name, version, variant: of the suite; the version of runs that are in no suite is 0.
        baselines: entry -> the one that its differences are to.
        columns: the scores.
        entries: entry -> score -> summary.
        cells: every cell.
        notes: what a reader has to know besides.
        gates: conditions that were checked, for JSON; the other forms show the scores alone.
    """

    name: str
    version: int
    variant: Mapping[str, Any]
    baselines: Mapping[str, str]
    columns: tuple[Column, ...]
    entries: Mapping[str, Mapping[str, Summary]]
    cells: tuple[CellRow, ...]
    notes: tuple[str, ...] = ()
    gates: tuple[CheckedGate, ...] = ()

    @property
    def title(self) -> str:
        """What the table is of."""
        changed = ", ".join(f"{key} = {value}" for key, value in self.variant.items())
        version = f", version {self.version}" if self.version else ""
        name = self.name + version + (f", changed: {changed}" if changed else "")
        seeds = sorted({cell.seed for cell in self.cells})
        return f"{name}: {_count(len(self.entries), 'entry', 'entries')}, {_count(len(seeds), 'seed', 'seeds')}"

    def to_values(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"schema_version": 1, **asdict(self)}

    def role(self, entry: str) -> str:
        """What stands behind the name of a baseline."""
        return " (baseline)" if entry in self.baselines.values() else ""

    def states(self, entry: str) -> str:
        """How the cells of an entry stand, such as `2 done, 1 collapsed`."""
        counts = Counter(cell.state for cell in self.cells if cell.entry == entry)
        return ", ".join(f"{number} {state}" for state, number in counts.items())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self.title, "bold")
        for columns in _blocks(self, options.max_width):
            yield Text()
            yield _block(self, columns)
        if notes := footer(self):
            yield Text()
            yield from (Text(note, "dim") for note in notes)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def heading_lines(column: Column) -> list[str]:
    """The score with its unit, then chance and ceiling."""
    levels = [
        f"{name} {_ends(ends)}" for name, ends in (("chance", column.chance), ("ceiling", column.ceiling)) if ends
    ]
    older = f"version {column.version} of {column.installed}" if column.version < column.installed else ""
    return [column.title, *levels, *([older] if older else [])]


def _ends(ends: Sequence[float]) -> str:
    return " to ".join(dict.fromkeys(say(end, PLAIN_DECIMALS) for end in ends))


def cell_lines(summary: Summary) -> list[str]:
    """Mean and interval; the difference with its verdict; the worst seed."""
    difference = difference_line(summary.difference) if summary.difference else ""
    worst = f"worst seed {worst}" if (worst := worst_line(summary)) else ""
    return [line for line in (mean_line(summary), difference, worst) if line]


def mean_line(summary: Summary) -> str:
    """`0.91 [0.87, 0.95] a (3 of 3, 1 collapsed)`: the mean, its interval, its tie groups, and what it is over."""
    if summary.mean is None:
        return NO_VALUE
    decimals = _decimals(summary.low, summary.high)
    interval = say_interval(summary.low, summary.high, decimals)
    return " ".join(filter(None, (say(summary.mean, decimals), interval, summary.letters, f"({summary.count})")))


def worst_line(summary: Summary) -> str:
    """The worst seed's value; empty of a single seed, and where neither direction is better."""
    return "" if summary.worst is None or len(summary.known) < 2 else say(summary.worst, PLAIN_DECIMALS)


def difference_line(difference: Difference) -> str:
    """`+0.52, p 0.012: better`, or the difference alone if it is not tested."""
    decimals = _decimals(difference.low, difference.high)
    p = f", p {say_p(difference.p)}" if difference.p is not None else ""
    verdict = f": {difference.verdict}" if difference.verdict else ""
    return f"{say_signed(difference.value, decimals)}{p}{verdict}"


def _decimals(low: float | None, high: float | None) -> int:
    """As many as the interval supports, but two: that of few seeds may be wider than all values there can be."""
    return max(decimals_for(low, high), FEWEST_DECIMALS)


def _blocks(table: SuiteTable, width: int) -> list[list[Column]]:
    """Divide the columns into tables that fit into lines of that width."""
    labels = (line for entry in table.entries for line in (entry + table.role(entry), table.states(entry)))
    first = max(map(len, labels), default=0) + 2
    blocks: list[list[Column]] = []
    room = 0
    for column in table.columns:
        cells = (line for scores in table.entries.values() for line in cell_lines(scores[column.score]))
        wide = max(map(len, [*heading_lines(column), *cells])) + 2
        if not blocks or room < wide:
            blocks.append([])
            room = width - first
        blocks[-1].append(column)
        room -= wide
    return blocks


def _block(table: SuiteTable, columns: Sequence[Column]) -> Table:
    block = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    block.add_column("", no_wrap=True)
    for column in columns:
        name, *rest = heading_lines(column)
        block.add_column(Text.assemble(name, ("\n" + "\n".join(rest) if rest else "", "dim not bold")), no_wrap=True)
    for entry, scores in table.entries.items():
        label = Text.assemble((entry, "cyan"), table.role(entry), (f"\n{table.states(entry)}", "dim"))
        block.add_row(label, *(Text("\n".join(cell_lines(scores[column.score]))) for column in columns))
    return block


def footer(table: SuiteTable) -> list[str]:
    """Say what is not done, and how to read the table. How many cells wait is said in the rows, if there are any."""
    unsaid = {"done", "waiting"} if table.columns else {"done"}
    lines = [
        f"{'† ' if cell.state == COLLAPSED else ''}{cell.entry}, seed {cell.seed}: {cell.state}"
        + (f", {cell.reason.rstrip('.')}" if cell.reason else "")
        + "."
        for cell in table.cells
        if cell.state not in unsaid or cell.reason
    ]
    return [*lines, *table.notes]


def text_table(table: SuiteTable) -> TextTable:
    """Write the table as texts: chance and ceiling, then each entry, its worst seed, and its difference."""
    rows = [
        ["chance", *(_ends(column.chance) for column in table.columns)],
        ["ceiling", *(_ends(column.ceiling) for column in table.columns)],
    ]
    for entry, scores in table.entries.items():
        summaries = [scores[column.score] for column in table.columns]
        rows.append([f"{entry}{table.role(entry)}: {table.states(entry)}", *map(mean_line, summaries)])
        if any(worst := [worst_line(summary) for summary in summaries]):
            rows.append([f"{entry}, worst seed", *worst])
        if any(summary.difference for summary in summaries):
            differences = [difference_line(of.difference) if of.difference else "" for of in summaries]
            rows.append([f"{entry} - {table.baselines[entry]}", *differences])
    headings = ["Entry", *(column.title for column in table.columns)]
    return TextTable(headings, rows, left=headings, legend=[table.title], notes=footer(table))


def records(table: SuiteTable) -> list[dict[str, Any]]:
    """Make one plain record for each score of each cell, unrounded, for CSV."""
    return [
        {
            "entry": cell.entry,
            "seed": cell.seed,
            "state": cell.state,
            "score": column.score,
            "value": summary.values.get(cell.seed),
            "mean": summary.mean,
            "low": summary.low,
            "high": summary.high,
            "mean_over": summary.count,
            "unit": column.unit,
            "version": column.version,
        }
        for column in table.columns
        for cell in table.cells
        for summary in [table.entries[cell.entry][column.score]]
    ]
