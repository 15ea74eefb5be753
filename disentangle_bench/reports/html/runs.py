"""The fourth section: every run, with its scores and, of as many as one page can hold, its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment

from disentangle_bench.evaluation.results import Results, reading_order
from disentangle_bench.reports.html.anchors import anchors
from disentangle_bench.reports.html.content import ReportContent, RunFacts
from disentangle_bench.reports.html.forms import Forms
from disentangle_bench.reports.html.picture import Picture
from disentangle_bench.reports.html.run_figures import Drawn, run_figures
from disentangle_bench.reports.html.sprites import sprite
from disentangle_bench.reports.html.traversal_picture import traversal_picture
from disentangle_bench.reports.html.what_ran import OTHER_SIGN, SIGNS, Cell
from disentangle_bench.reports.score_table import Said, say_entry
from disentangle_bench.reports.tables import to_csv, to_latex, to_markdown
from disentangle_bench.reports.traversals import Traversal, load_traversals
from disentangle_bench.run import Run

MOST_DRAWN = 50
"""Runs; of a report of more, only so many are drawn as one glance can take in."""
MOST_OF_MANY = 8
MOST_BYTES, MOST_OF_ONE = 6_000_000, 400_000
"""Of the images of all traversals together, and of one."""


@dataclass(frozen=True)
class ScoreLine:
    """One score of a run as text, in the order in which they are read."""

    name: str
    said: Said
    reason: str


@dataclass(frozen=True)
class RunView:
    """One run on the page.

    Attributes:
        facts, cell: what it is, and how it stands.
        drawn: whether it was to be drawn.
        scores, forms: its headlines, and all its scores as files.
        traversals, figures: what is drawn.
        missing: what is not drawn, and what to do about it.
    """

    facts: RunFacts
    cell: Cell
    drawn: bool = False
    scores: Sequence[ScoreLine] = ()
    forms: Forms | None = None
    traversals: Sequence[Picture] = ()
    figures: Sequence[Picture] = ()
    missing: Sequence[str] = field(default=())


def run_views(
    content: ReportContent,
    places: Sequence[str],
    environment: Environment,
    on_progress: Callable[[str], object] = lambda _event: None,
) -> list[RunView]:
    """Collect every run.

    Args:
        content: of the report.
        places: the anchor of each run.
        environment: of the page's templates.
        on_progress: called with the name of each run that is drawn.
    """
    chosen = chosen_to_draw(content.runs)
    traversals = {place: load_traversals(Run(content.runs[place].folder).traversals_file) for place in chosen}
    room = MOST_BYTES // max(sum(map(len, traversals.values())), 1)
    views = []
    for number, (facts, place) in enumerate(zip(content.runs, places, strict=True)):
        cell = Cell(facts.seed, facts.state, SIGNS.get(facts.state, OTHER_SIGN), facts.reason, place)
        if number not in chosen:
            views.append(RunView(facts, cell))
            continue
        on_progress(f"{facts.entry}, seed {facts.seed}")
        drawn = Drawn.of(place, facts.folder, _baseline(content, facts))
        views.append(_view(facts, cell, drawn, _pictures(traversals[number], place, room, environment)))
    return views


def chosen_to_draw(runs: Sequence[RunFacts]) -> list[int]:
    """Choose runs by their places in the list: all up to 50; of more, the first seed of each entry, up to 8."""
    present = [place for place, run in enumerate(runs) if run.provenance or run.scores]
    if len(present) <= MOST_DRAWN:
        return present
    first: dict[str, int] = {}
    for place in present:
        first.setdefault(runs[place].entry, place)
    return sorted(first.values())[:MOST_OF_MANY]


def _baseline(content: ReportContent, facts: RunFacts) -> Path | None:
    """The folder of the baseline's run at the same seed."""
    name = content.table.baselines.get(facts.entry)
    same = (run.folder for run in content.runs if name is not None and (run.entry, run.seed) == (name, facts.seed))
    return next(same, None)


def _pictures(traversals: Sequence[Traversal], place: str, room: int, environment: Environment) -> list[Picture]:
    names = anchors(f"{place}-traversal", [of.code for of in traversals])
    made = [(of, name, sprite(of.pixels(), min(room, MOST_OF_ONE))) for of, name in zip(traversals, names, strict=True)]
    return [traversal_picture(environment, of, images, name) for of, name, images in made if images is not None]


def _view(facts: RunFacts, cell: Cell, drawn: Drawn, traversals: Sequence[Picture]) -> RunView:
    results = drawn.results
    figures = list(run_figures(drawn))
    lines = [] if results is None else _lines(results)
    forms = None
    if results is not None:
        forms = Forms(f"{cell.anchor}-scores", to_csv(results), to_markdown(results), to_latex(results))
    missing = _missing(facts, results, [figure.name for figure in figures], bool(traversals))
    return RunView(facts, cell, True, lines, forms, traversals, figures, missing)


def _lines(results: Results) -> list[ScoreLine]:
    metrics = results.by_metric()
    ordered = reading_order([metric for metric in metrics if not results.inapplicable(metric)], results.kind)
    headlines = [next(iter(metrics[metric].items())) for metric in ordered]
    return [ScoreLine(name, say_entry(entry), entry.reason) for name, entry in headlines]


def _missing(facts: RunFacts, results: Results | None, drawn: Sequence[str], traversed: bool) -> list[str]:
    """Say what a reader may look for in vain."""
    if results is None:
        return ["It has no scores: `dbench eval` of its folder computes them."] if facts.provenance else []
    asked: Mapping[str, str] = {"importances": "dci"}
    lacking = [
        f"No {figure}: `dbench eval` of its folder with --metrics {metric} computes them."
        for figure, metric in asked.items()
        if not any(name.endswith(figure) for name in drawn) and results.scores.get(f"{metric}.disentanglement") is None
    ]
    if not traversed and results.kind == "run":
        lacking.append("No traversals: they are kept by `dbench eval` of its folder, if it has a generator.")
    return lacking
