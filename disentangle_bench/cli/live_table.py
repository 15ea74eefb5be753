"""The table of an evaluation on a terminal, printed row by row as its metrics are done."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from disentangle_bench.cli.output import pictured, printable, standard_output

if TYPE_CHECKING:
    from disentangle_bench.evaluation.progress import Planned
    from disentangle_bench.evaluation.results import Results, ScoreEntry
    from disentangle_bench.reports.tables import Form


def live_table(form: Form, *, every: bool) -> LiveTable | None:
    """Make a table for `watch`; None where results or progress do not go to a terminal, or are of another form.

    Args:
        form: of the output.
        every: print a row for every score, instead of for the headline of each metric.
    """
    console = standard_output()
    is_live = form == "table" and console.is_terminal and sys.stderr.isatty()
    return LiveTable(console, every=every) if is_live else None


class LiveTable:
    """Prints the lines of a `ScoreTable`: the heading, the rows of each metric, and last what stands below them.

    Args:
        console: a terminal.
        every: print a row for every score, instead of for the headline of each metric.
    """

    def __init__(self, console: Console, *, every: bool) -> None:
        self.console, self.every = console, every
        self._printed: set[str] | None = None  # the metrics that have their rows; None before the heading
        self._tables = 0

    def begin(self, planned: Planned) -> None:
        """Print what is to be done, what is scored, and the headings of the columns."""
        from disentangle_bench.reports.score_table import ScoreRows, title

        names = (*planned.metrics, *planned.kept)
        self._layout = ScoreRows.of(names, self.console.width, every=self.every)
        self._printed = set()
        self._planned = planned
        self._separate()
        self._print(Text(str(planned), "dim"), Text(), title(planned.subject, self.console.width), Text())
        self._print(self._layout.headings())

    def add(self, metric: str, scores: Mapping[str, ScoreEntry]) -> None:
        """Print the rows of a metric, unless it is one of those that have none."""
        from disentangle_bench.evaluation.results import Results

        if self._printed is None:
            return
        alone = Results(subject=dict(self._planned.subject), scores=dict(scores), named=self._planned.named)
        if self.every or not alone.inapplicable(metric):
            self._printed.add(metric)
            self._print(self._layout.rows(scores))

    def finish(self, results: Results) -> None:
        """Print the rows of metrics that have none yet, and the notes; the whole table if nothing was printed."""
        from disentangle_bench.reports.score_table import ScoreTable, footer, inapplicable, warnings

        if self._printed is None:
            self._separate()
            with self.console.capture() as captured:
                self.console.print(ScoreTable(results, self.every), highlight=False)
            self.console.file.write(printable(captured.get(), colored=True))
            return
        folded = () if self.every else inapplicable(results)
        for metric, scores in results.by_metric().items():
            if metric not in self._printed and metric not in folded:
                self._print(self._layout.rows(scores))
        notes = [Text(warning, "yellow") for warning in warnings(results)]  # unknown when the heading was printed
        notes += [Text(note, "dim") for note in footer(results, every=self.every)]
        self._print(*([Text(), *notes] if notes else []))
        self._printed = None

    def _separate(self) -> None:
        """Leave a blank line between two tables."""
        if self._tables:
            self._print(Text())
        self._tables += 1

    def _print(self, *lines: Text) -> None:
        for line in lines:
            self.console.print(pictured(line), highlight=False)
