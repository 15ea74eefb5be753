"""Write what is published of the suites into pages, and what recipes say of it: `python -m benchmarks.readme`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import obtained
from disentangle_bench.errors import DbenchError
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.reports.numbers import PLAIN_DECIMALS, say
from disentangle_bench.reports.suite_page import reached
from disentangle_bench.reports.suite_table import Column, SuiteTable
from disentangle_bench.storage import write_text
from disentangle_bench.suites.attempts import COLLAPSED
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.state import WAITING

ROOT = Path(__file__).parents[1]
RESULTS = Path("benchmarks") / "results"
SUITES = ("paper-mnist", "invariant-mnist", "invariant-fashion", "invariant-digits", "games-mnist", "smoke")
PAGES = {"README.md": ("invariant-mnist",), "docs/results.md": SUITES}
"""Page -> the suites that it shows."""
NOT_TRAINED = "\N{EN DASH}"
BEGIN, END = "<!-- results: python -m benchmarks.readme -->\n", "<!-- end of results -->\n"
ROWS = {
    "c1-accuracy.accuracy": "c1-to-digit accuracy, one-to-one, test split",
    "mutual-information.c1": "`L_I(c1)` under the model's own Q, of 2.303 nats",
    "mutual-information/fresh.c1": "the same bound with a posterior trained afresh",
    "traversal-consistency.overall": "traversal consistency",
}
BLOCK = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)


def results(page: str) -> str:
    """The Markdown of every suite that a page shows, if it is published, with the marks around it."""
    to_root = "../" * page.count("/")
    return BEGIN + "".join(section(name, to_root) for name in PAGES[page] if (ROOT / RESULTS / name).is_dir()) + END


def section(name: str, to_root: str) -> str:
    """One suite: how its results are made, the table, and how many seeds are as good as the source says."""
    bench = opened(name)
    table = bench.table(every=True)
    minutes = [round(cell.seconds / 60) for cell in table.cells if cell.seconds is not None]
    ends = " to ".join(dict.fromkeys(str(end) for end in (min(minutes), max(minutes))))
    page = to_root + (RESULTS / name / "README.md").as_posix()
    published = {cell.entry: cell.recipe.published for cell in bench.found() if cell.recipe is not None}
    said = reached(table, published)
    figure = to_root + (RESULTS / name / "figures" / "information.png").as_posix()
    return (
        f"*{bench.suite.title}* (`dbench bench run {name}`; {ends} minutes a run; [all scores]({page})):\n\n"
        f"{results_table(table)}\n" + (f"{said}\n" if said else "") + f"![L_I over training]({figure})\n\n"
    )


def opened(name: str) -> Bench:
    """A suite with what is published of it, of all seeds that are there."""
    bench = Bench.open(name, out=ROOT / RESULTS / name)
    return Bench(bench.suite.with_seeds(tuple(bench.folder.seeds())), bench.folder)


def results_table(table: SuiteTable) -> str:
    """The median over seeds, and then each, of entries that are published; the baseline first."""
    columns = {column.score: column for column in table.columns}
    scored = [entry for entry, of in table.entries.items() if any(of[score].known for score in ROWS)]
    entries = sorted(scored, key=lambda entry: entry not in table.baselines.values())
    rows = [
        [label, chance(columns[score]), *(every_seed(table, entry, score) for entry in entries)]
        for score, label in ROWS.items()
    ]
    return markdown_table(["", "chance", *entries], rows, left=["", "chance", *entries])


def chance(column: Column) -> str:
    return " to ".join(dict.fromkeys(say(end, 2) for end in column.chance))


def every_seed(table: SuiteTable, entry: str, score: str) -> str:
    """`0.402 (0.402, 0.382, 0.422†)`; n/a for a seed without a value, a dash for one that was not trained."""
    states = {cell.seed: cell.state for cell in table.cells if cell.entry == entry}
    marks = {COLLAPSED: "†"}
    summary = table.entries[entry][score]
    seeds = [
        NOT_TRAINED if states[seed] == WAITING else f"{say(value, PLAIN_DECIMALS)}{marks.get(states[seed], '')}"
        for seed, value in summary.values.items()
    ]
    return f"{say(summary.median, PLAIN_DECIMALS)} ({', '.join(seeds)})"


def rewrite(path: Path, block: re.Pattern[str], make: Callable[[], str]) -> int:
    """Write what lies between the marks of a page anew; 2 if what is published cannot be read."""
    try:
        made = make()
        write_text(path, block.sub(lambda _: made, path.read_text(encoding="utf-8")))
    except DbenchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    obtained.write()
    sys.exit(max([rewrite(ROOT / page, BLOCK, partial(results, page)) for page in PAGES]))
