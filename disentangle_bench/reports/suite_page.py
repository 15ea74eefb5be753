"""The page of a published suite: its table, every seed, how each cell was made, and the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.reports.numbers import PLAIN_DECIMALS, is_count, say, say_optional
from disentangle_bench.reports.suite_table import COLLAPSED, SuiteTable, Summary
from disentangle_bench.reports.tables import to_markdown

LEFT_OUT = """\
Left out are models, checkpoints, representations, samples and the logs of workers; numbers in the logs of training have
five significant digits. Scores of other metrics need the models: they are trained again by the first command.
"""
CHOICE = "Traversals are of the first seed of each entry, which nobody chose.\n"


@dataclass(frozen=True)
class Made:
    """How one cell was made.

    Attributes:
        entry, seed, state: of the cell.
        seconds: what its attempts took together: training and scoring.
        attempts: how many there were.
        run: the provenance of its run; empty for a file of codes.
    """

    entry: str
    seed: int
    state: str
    seconds: float | None
    attempts: int
    run: Mapping[str, Any]


@dataclass(frozen=True)
class SuitePage:
    """What the page shows.

    Attributes:
        title: of the suite, one line.
        table: its headlines.
        every: with every score.
        commands: that make, publish and print the results.
        gates: a line each.
        made: how each cell was made.
        published: entry -> score -> the value that the source of its recipe reports.
        figures: title -> path relative to the page.
    """

    title: str
    table: SuiteTable
    every: SuiteTable
    commands: Sequence[str]
    gates: Sequence[str] = ()
    made: Sequence[Made] = ()
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    figures: Mapping[str, str] = field(default_factory=dict)

    def to_markdown(self) -> str:
        """Write the page."""
        commands = "".join(f"{command}\n" for command in self.commands)
        gates = "".join(f"- {gate}\n" for gate in self.gates)
        figures = "".join(f"\n![{title}]({path})\n" for title, path in self.figures.items())
        parts = [
            f"# {self.table.name}\n\n{self.title}.\n\n{to_markdown(self.table)}",
            f"## Gates\n\n{gates}" if gates else "",
            f"## Every seed\n\n{every_seed(self.table)}",
            reached(self.every, self.published),
            f"<details><summary>Every score</summary>\n\n{every_seed(self.every)}\n</details>\n",
            f"## How it was made\n\n```\n{commands}```\n\n{made_table(self.made)}\n{machines(self.made)}\n{LEFT_OUT}",
            f"## Figures\n\n{CHOICE}{figures}" if figures else "",
        ]
        return "\n".join(filter(None, parts))


def every_seed(table: SuiteTable) -> str:
    """A row for each score of each entry: every seed in order, and what they come to."""
    seeds = sorted({cell.seed for cell in table.cells})
    collapsed = {(cell.entry, cell.seed) for cell in table.cells if cell.state == COLLAPSED}
    headings = ["Score", "Entry", "Median", "Mean", "SD", *(f"seed {seed}" for seed in seeds)]
    rows = []
    for column in table.columns:
        for entry, scores in table.entries.items():
            summary = scores[column.score]
            decimals = 0 if is_count(summary.values.values()) else PLAIN_DECIMALS
            middle = say_optional(summary.median, max(decimals, 1))
            spread = [say_optional(value, PLAIN_DECIMALS) for value in (summary.mean, summary.sd)]
            each = [
                say_optional(summary.values.get(seed), decimals) + ("†" if (entry, seed) in collapsed else "")
                for seed in seeds
            ]
            rows.append([column.title, entry, middle, *spread, *each])
    return markdown_table(headings, rows, left=headings[:2])


def reached(table: SuiteTable, published: Mapping[str, Mapping[str, float]]) -> str:
    """Say how many seeds are at least as good as the value that a recipe's source reports."""
    better = {column.score: column.better for column in table.columns}
    lines = [
        _reached(entry, score, value, table.entries[entry][score], better[score])
        for entry, values in published.items()
        for score, value in values.items()
        if better.get(score, "neither") != "neither" and table.entries[entry][score].known
    ]
    return "".join(f"{line}\n" for line in lines)


def _reached(entry: str, score: str, value: float, summary: Summary, better: str) -> str:
    sign = 1 if better == "higher" else -1
    count, of = sum(sign * seed >= sign * value for seed in summary.known), len(summary.known)
    as_good = f"{count} of {of} {'seeds are' if of > 1 else 'seed is'} at least as good"
    return f"{entry}: the source of its recipe reports {score} {value:g}; {as_good} (median {say(summary.median, 3)})."


def made_table(made: Sequence[Made]) -> str:
    """How each cell was made, and how it ended."""
    headings = ["Entry", "Seed", "State", "Steps", "Device", "Precision", "Threads", "Minutes", "Attempts"]
    rows = [
        [
            cell.entry,
            str(cell.seed),
            cell.state,
            f"{cell.run['steps']:,}" if "steps" in cell.run else "",
            *(str(cell.run.get(key, "")) for key in ("device", "precision", "threads")),
            "" if cell.seconds is None else f"{cell.seconds / 60:.0f}",
            str(cell.attempts),
        ]
        for cell in made
    ]
    return markdown_table(headings, rows, left=["Entry", "State", "Device", "Precision"])


def machines(made: Sequence[Made]) -> str:
    """The processors and the versions, each once, with how many cells were made there."""
    lines = Counter(_machine(cell.run) for cell in made if cell.run)
    return "".join(f"- {count} cell{'s' if count > 1 else ''}: {line}\n" for line, count in lines.items())


def _machine(run: Mapping[str, Any]) -> str:
    processor, count = run.get("processor", "a processor that is not on record"), run.get("processors")
    packages = {"Python": run.get("python"), **run.get("packages", {})}
    versions = ", ".join(f"{name} {version}" for name, version in packages.items() if version)
    return f"{processor}{f', {count} processors' if count else ''}; {versions}"
