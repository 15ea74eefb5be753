"""`python -m benchmarks.table`: print the published results as Markdown, every seed of every recipe.

Each cell holds the median and, in brackets, all seeds in order; a dagger marks those whose training collapsed.
"""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.published import Published, PublishedRun, Summary
from disentangle_bench.errors import DbenchError
from disentangle_bench.evaluation.comparison import compare_results
from disentangle_bench.evaluation.results import ScoreEntry
from disentangle_bench.metrics import METRICS, info_of
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.reports.numbers import MISSING, PLAIN_DECIMALS, decimals_for, is_count, say, say_optional
from disentangle_bench.reports.tables import to_markdown

RESULTS = Path(__file__).parent / "results"
SOUND = "ok"
COLLAPSED = "†"
PUBLISH = "python -m benchmarks.publish"
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
    "mutual-information/nonparametric.c1",
    "mutual-information/nonparametric.c2",
    "mutual-information/nonparametric.c3",
    "traversal-consistency.overall",
    "image-measures.named",
)

Recipes = Sequence[Published]


def read_all(folder: Path | None = None) -> dict[str, list[Published]]:
    """Everything published, here or in a folder, by dataset; within one in the order of names."""
    datasets: dict[str, list[Published]] = defaultdict(list)
    for path in sorted((folder or RESULTS).glob("*.json")):
        published = Published.load(path)
        datasets[published.recipe.dataset.name].append(published)
    return dict(sorted(datasets.items()))


def render(datasets: Mapping[str, Recipes], figures: Path | None = None) -> str:
    """The Markdown of everything published; with links to the figures of each dataset, if their folder is given."""
    if not datasets:
        return "No results are published yet.\n"
    return "\n".join(_section(dataset, recipes, figures) for dataset, recipes in datasets.items())


def _section(dataset: str, recipes: Recipes, figures: Path | None) -> str:
    made = f"```\n{commands(recipes)}```\n"
    parts = [f"## {dataset}\n", made, headline_table(recipes), notes(recipes), runs_table(recipes)]
    if figures is not None and (figures / dataset / "information.svg").is_file():
        parts.append(f"![L_I over training]({figures.name}/{dataset}/information.svg)\n")
    parts.append(_folded("Every score", every_score_table(recipes)))
    if len(recipes) > 1:
        compared = compare_results([published.results() for published in recipes], names=[p.name for p in recipes])
        parts.append(_folded("Differences", to_markdown(compared)))
    return "\n".join(parts)


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n</details>\n"


def commands(recipes: Recipes) -> str:
    """The commands that make these results, as the runs say how they were trained, with the minutes that each took."""
    lines = []
    for published in recipes:
        for (threads, precision), runs in _by_training(published).items():
            seeds = ",".join(str(run.seed) for run in runs)
            prefix = f"OMP_NUM_THREADS={threads} " if threads else ""
            train = f"{prefix}dbench train {published.name} --seed {seeds} --precision {precision}"
            lines.append(f"{train}  # {_minutes(runs)} each\n")
    folders = [f"runs/{published.name}" for published in recipes]
    return "".join([*lines, *(f"dbench eval {folder}\n" for folder in folders), f"{PUBLISH} {' '.join(folders)}\n"])


def _by_training(published: Published) -> dict[tuple[int | None, str], list[PublishedRun]]:
    groups: dict[tuple[int | None, str], list[PublishedRun]] = defaultdict(list)
    for run in published.runs:
        groups[run.provenance.get("threads"), run.precision.removesuffix("-true")].append(run)
    return groups


def _minutes(runs: Sequence[PublishedRun]) -> str:
    minutes = [round(run.seconds / 60) for run in runs]
    ends = dict.fromkeys((min(minutes), max(minutes)))
    return f"{' to '.join(map(str, ends))} minutes"


def headline_table(recipes: Recipes) -> str:
    """The scores that are read first, and `L_I` as training ended, in nats, beside chance and ceiling."""
    rows = [
        [
            f"L_I of {code} as training ended, nats",
            "",
            _entropy(code, recipes),
            *(_training_cell(p, code) for p in recipes),
        ]
        for code in dict.fromkeys(code for p in recipes for code in p.codes)
    ]
    rows += [
        [_label(score, recipes), *_bounds(score, recipes), *(_cell(p, score) for p in recipes)]
        for score in HEADLINES
        if any(score in p.summary for p in recipes)
    ]
    return markdown_table(["Score", "Chance", "Ceiling", *(p.name for p in recipes)], rows, left=["Score"])


def _entropy(code: str, recipes: Recipes) -> str:
    """`H(c)` where it is a ceiling."""
    codes = [p.codes[code] for p in recipes if code in p.codes]
    return _extent([code.entropy for code in codes if code.categories is not None])


def _training_cell(published: Published, code: str) -> str:
    if code not in published.codes:
        return ""
    values = [run.L_I[code].final if code in run.L_I else None for run in published.runs]
    known = [value for value in values if value is not None]
    return _listed(published.runs, values, statistics.median(known) if known else None, PLAIN_DECIMALS)


def _cell(published: Published, score: str) -> str:
    summary = published.summary.get(score)
    if summary is None:
        return ""
    values = [run.scores[score].value if score in run.scores else None for run in published.runs]
    return _listed(published.runs, values, summary.median, _decimals(values))


def _listed(runs: Sequence[PublishedRun], values: Sequence[float | None], median: float | None, decimals: int) -> str:
    marks = (COLLAPSED if run.status != SOUND else "" for run in runs)
    every = ", ".join(f"{say(value, decimals)}{mark}" for value, mark in zip(values, marks, strict=True))
    half = decimals == 0 and median is not None and median != int(median)
    return f"{say(median, 1 if half else decimals)} ({every})"


def _decimals(values: Iterable[float | None]) -> int:
    return 0 if is_count(values) else PLAIN_DECIMALS


def _label(score: str, recipes: Recipes) -> str:
    entries = [run.scores[score] for p in recipes for run in p.runs if score in run.scores]
    units = {entry.unit for entry in entries if entry.unit}
    return (f"{score}, {units.pop()}" if units else score) + _old_version(entries[0])


def _old_version(entry: ScoreEntry) -> str:
    """Name the version of the metric that a score was measured with, if it is not today's."""
    return "" if entry.version == _current(entry.metric) else f" (version {entry.version})"


def _current(metric: str) -> int | None:
    """Today's version of a metric; None if there is none of the name."""
    return info_of(METRICS.get(metric)).version if metric in METRICS else None


def _bounds(score: str, recipes: Recipes) -> tuple[str, str]:
    """Chance and ceiling over all runs: one number, or from the lowest to the highest."""
    entries = [run.scores[score] for p in recipes for run in p.runs if score in run.scores]
    return _extent([entry.chance for entry in entries]), _extent([entry.ceiling for entry in entries])


def _extent(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    ends = dict.fromkeys(say(end, _decimals(known)) for end in (min(known), max(known))) if known else {}
    return " to ".join(ends)


def notes(recipes: Recipes) -> str:
    """How to read the table, the entropies, who collapsed and why, and who reached the paper's numbers."""
    entropies = dict.fromkeys(f"H({name}) = {code.entropy:.3f}" for p in recipes for name, code in p.codes.items())
    codes = ", ".join(entropies)
    lines = [f"Median, then every seed in order. {codes} nats; that of a continuous code is differential, no ceiling."]
    lines += _versions(recipes)
    for published in recipes:
        for run in published.runs:
            if run.status != SOUND:
                lines.append(f"{COLLAPSED} {published.name}, seed {run.seed}: {run.status}.")
        for score, summary in published.summary.items():
            if summary.published is not None and summary.reached is not None:
                lines.append(_reached(published, score, summary))
    return "".join(f"- {line}\n" for line in lines)


def _versions(recipes: Recipes) -> list[str]:
    """Which metrics have changed since these scores were measured."""
    entries = [entry for published in recipes for run in published.runs for entry in run.scores.values()]
    changed = {entry.metric: entry.version for entry in entries if _old_version(entry)}
    said = ", ".join(f"{metric} {version} (now {_current(metric)})" for metric, version in changed.items())
    return [f"Measured with an older version of the metric, whose values are not comparable: {said}."] if said else []


def _reached(published: Published, score: str, summary: Summary) -> str:
    count, of = round((summary.reached or 0) * len(published.runs)), len(published.runs)
    median = say(summary.median, PLAIN_DECIMALS)
    return (
        f"{published.name}: {score} is {summary.published:g} in the paper, {median} here; "
        f"{count} of {of} {'seeds are' if of > 1 else 'seed is'} at least as good."
    )


def runs_table(recipes: Recipes) -> str:
    """How each run was trained, and how it ended."""
    rows = [
        [
            p.name,
            str(run.seed),
            run.status,
            f"{run.steps:,}",
            run.precision,
            str(run.provenance.get("threads", "")),
            f"{run.seconds / 60:.0f}",
        ]
        for p in recipes
        for run in p.runs
    ]
    headings = ["Recipe", "Seed", "Status", "Steps", "Precision", "Threads", "Minutes"]
    return markdown_table(headings, rows, left=["Recipe", "Status", "Precision"])


def every_score_table(recipes: Recipes) -> str:
    """Every score of every recipe: all seeds with their intervals, and what they come to."""
    headings = ["Score", "Recipe", "Median", "Mean", "SD", "Worst", "Every seed, with its 95 % interval"]
    names = dict.fromkeys(score for p in recipes for score in p.summary)
    rows = [_full_row(p, score) for score in names for p in recipes if score in p.summary]
    return markdown_table(headings, rows, left=["Score", "Recipe", headings[-1]])


def _full_row(published: Published, score: str) -> list[str]:
    summary = published.summary[score]
    entries = [run.scores.get(score) for run in published.runs]
    decimals = _decimals([entry.value if entry else None for entry in entries])
    spread = [summary.mean, summary.sd]
    return [
        score + "".join({_old_version(entry) for entry in entries if entry}),
        published.name,
        say_optional(summary.median, max(decimals, 1)),
        *(say_optional(value, PLAIN_DECIMALS) for value in spread),
        say_optional(summary.worst, decimals),
        "; ".join(_with_interval(run, score) for run in published.runs),
    ]


def _with_interval(run: PublishedRun, score: str) -> str:
    entry = run.scores.get(score)
    mark = COLLAPSED if run.status != SOUND else ""
    if entry is None or entry.value is None:
        return f"{MISSING}{mark}"
    if entry.low is None or entry.high is None:
        return f"{say(entry.value, _decimals([entry.value]))}{mark}"
    decimals = decimals_for(entry.low, entry.high)
    return f"{say(entry.value, decimals)}{mark} [{say(entry.low, decimals)}, {say(entry.high, decimals)}]"


def main() -> int:
    """Print the table; 2 if a published file is damaged."""
    try:
        sys.stdout.write(render(read_all()))
    except DbenchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
