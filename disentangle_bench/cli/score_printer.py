"""Print the scores of one subject or of several, in each form of `--format`."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from disentangle_bench.cli.output import import_printing, print_report, print_result

if TYPE_CHECKING:
    from disentangle_bench.cli.live_table import LiveTable
    from disentangle_bench.evaluation.results import Results
    from disentangle_bench.reports.tables import Form

HEADINGS = {"markdown": "### {}\n\n", "latex": "% {}\n"}
"""Above the table of each of several subjects."""


@contextmanager
def score_printer(
    form: Form, *, several: bool, every: bool = False, table: LiveTable | None = None
) -> Iterator[Callable[[Path, Results], None]]:
    """Print the scores of subjects: tables as soon as they are done, JSON and CSV of several as one document.

    Args:
        form: one of the forms of `--format`.
        several: whether there is more than one subject.
        every: tables have a row for every score, instead of for the headline of each metric.
        table: whose rows have been printed already.

    Yields:
        What to call with the path of each subject and its results.
    """
    import_printing()
    done: dict[Path, Results] = {}
    joined = several and form in ("json", "csv")

    def show(path: Path, results: Results) -> None:
        if not results.scores and form not in ("json", "csv"):
            return  # interrupted before a metric was done: a table would have no rows
        if table is not None:
            table.finish(results)
        elif not joined:
            if several and form in HEADINGS:
                print_result(HEADINGS[form].format(path))
            elif done:
                sys.stdout.write("\n")
            print_report(results, form, every=every)
            sys.stdout.flush()
        done[path] = results

    try:
        yield show
    finally:
        if joined:
            values = [results.to_values() for results in done.values()]
            text = json.dumps(values, indent=2, ensure_ascii=False) + "\n" if form == "json" else _joined_csv(done)
            print_result(text)


def _joined_csv(done: Mapping[Path, Results]) -> str:
    from disentangle_bench.reports.tables import to_csv

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, (path, results) in enumerate(done.items()):
        heading, *rows = csv.reader(io.StringIO(to_csv(results)))
        if number == 0:
            writer.writerow(["subject", *heading])
        writer.writerows([str(path), *row] for row in rows)
    return text.getvalue()
