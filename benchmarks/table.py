"""Print the published results, `benchmarks/results/RECIPE/seed-N.json`, as Markdown: every seed, then the differences.

Each file is the `results.json` of one run. Nothing is left out: collapsed runs stand in the table like all others.
"""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from pathlib import Path

from disentangle_bench.evaluation.comparison import compare
from disentangle_bench.evaluation.results import Results
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.reports.numbers import MISSING, say
from disentangle_bench.reports.tables import to_markdown

RESULTS = Path(__file__).parent / "results"
HEADLINES = (
    "c1-accuracy.accuracy",
    "c1-accuracy.error",
    "c1-accuracy.many-to-one",
    "c1-accuracy.nmi",
    "c1-accuracy.ari",
    "c1-accuracy.categories-used",
    "mutual-information.c1",
    "mutual-information.c2",
    "mutual-information.c3",
    "mutual-information/fresh.c1",
    "mutual-information/fresh.c2",
    "mutual-information/fresh.c3",
    "traversal-consistency.overall",
)

Runs = list[Results]


def main() -> None:
    """Print one section per dataset."""
    datasets: dict[str, dict[str, Runs]] = defaultdict(dict)
    for folder in sorted(path for path in RESULTS.iterdir() if path.is_dir()):
        runs = [Results.load(path) for path in sorted(folder.glob("seed-*.json"))]
        if runs:
            datasets[str(runs[0].subject["dataset"])][folder.name] = runs
    if not datasets:
        sys.stdout.write("No results are published yet.\n")
    for dataset, recipes in datasets.items():
        sys.stdout.write(section(dataset, recipes))


def section(dataset: str, recipes: dict[str, Runs]) -> str:
    """The table of one dataset, and the differences between its recipes."""
    names = list(recipes)
    rows = [(score, *(every_seed(score, runs) for runs in recipes.values())) for score in HEADLINES]
    table = markdown_table(["Score", *names], [row for row in rows if any(row[1:])], left=["Score"])
    seeds = "; ".join(f"{name}: {', '.join(map(describe, runs))}" for name, runs in recipes.items())
    text = f"## {dataset}\n\n{table}\nMedian, then every seed. Seeds of {seeds}.\n"
    if len(recipes) > 1:
        differences = to_markdown(compare(list(recipes.values()), names=names))
        text += f"\n<details><summary>Every score, and the differences</summary>\n\n{differences}\n</details>\n"
    return f"{text}\n"


def every_seed(score: str, runs: Runs) -> str:
    """The median and all values of a score, or nothing where no run has it."""
    if not any(score in run.scores for run in runs):
        return ""
    values = [run.scores[score].value if score in run.scores else None for run in runs]
    known = [value for value in values if value is not None]
    median = say(statistics.median(known), 3) if known else MISSING
    return f"{median} ({', '.join(say(value, 3) for value in values)})"


def describe(run: Results) -> str:
    """A run's seed and, unless it is sound, its status."""
    status = str(run.subject.get("status", "ok"))
    return f"{run.subject['seed']}" + ("" if status == "ok" else f" ({status})")


if __name__ == "__main__":
    main()
