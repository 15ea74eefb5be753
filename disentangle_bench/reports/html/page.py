"""The whole page, from templates in which every text is escaped."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from disentangle_bench.provenance import installed_version
from disentangle_bench.reports.html.anchors import anchors
from disentangle_bench.reports.html.content import ReportContent
from disentangle_bench.reports.html.dark import variables
from disentangle_bench.reports.html.published_values import published_forms, published_lines
from disentangle_bench.reports.html.relations import against_settings, agreement
from disentangle_bench.reports.html.runs import run_views
from disentangle_bench.reports.html.score_cells import score_table
from disentangle_bench.reports.html.seed_strips import seed_strips
from disentangle_bench.reports.html.templating import asset, digest, environment
from disentangle_bench.reports.html.what_ran import what_ran

PACKAGE = "disentangle_bench.reports.html"


def render(content: ReportContent, *, on_progress: Callable[[str], object] = lambda _event: None) -> str:
    """Write a report as one HTML page, which needs nothing beside itself.

    Args:
        content: what it is made of.
        on_progress: called with what is being drawn.
    """
    templates = environment(PACKAGE)
    script, sheet = asset(PACKAGE, "report.js"), asset(PACKAGE, "report.css")
    places = anchors("run", [f"{run.entry} seed {run.seed}" for run in content.runs])
    on_progress("the strips of seeds")
    published = published_lines(content)
    return templates.get_template("report.html.j2").render(
        content=content,
        version=installed_version("disentangle-bench") or "",
        what=what_ran(content, places),
        scores=score_table(content),
        strips=seed_strips(content, places) if len(content.runs) > 1 else [],
        views=run_views(content, places, templates, on_progress),
        relations=agreement(content),
        against=against_settings(content, places),
        published=published,
        published_forms=published_forms(published),
        script=script,
        sheet=sheet,
        dark_plots=Markup(variables()),
        script_hash=digest(script),
    )
