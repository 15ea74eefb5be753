"""The whole page, from templates in which every text is escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from disentangle_bench.provenance import installed_version
from disentangle_bench.reports.html.anchors import anchors
from disentangle_bench.reports.html.content import ReportContent
from disentangle_bench.reports.html.published_values import published_forms, published_lines
from disentangle_bench.reports.html.relations import against_settings, agreement
from disentangle_bench.reports.html.runs import run_views
from disentangle_bench.reports.html.score_cells import score_table
from disentangle_bench.reports.html.seed_strips import seed_strips
from disentangle_bench.reports.html.what_ran import what_ran

PACKAGE = "disentangle_bench.reports.html"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def render(content: ReportContent, *, on_progress: Callable[[str], object] = lambda _event: None) -> str:
    """Write a report as one HTML page, which needs nothing beside itself.

    Args:
        content: what it is made of.
        on_progress: called with what is being drawn.
    """
    environment = Environment(
        loader=PackageLoader(PACKAGE),
        autoescape=True,  # names in files are anybody's
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script, sheet = _asset("report.js"), _asset("report.css")
    places = anchors("run", [f"{run.entry} seed {run.seed}" for run in content.runs])
    on_progress("the strips of seeds")
    published = published_lines(content)
    return environment.get_template("report.html.j2").render(
        content=content,
        version=installed_version("disentangle-bench") or "",
        what=what_ran(content, places),
        scores=score_table(content),
        strips=seed_strips(content, places) if len(content.runs) > 1 else [],
        views=run_views(content, places, environment, on_progress),
        relations=agreement(content),
        against=against_settings(content, places),
        published=published,
        published_forms=published_forms(published),
        script=script,
        sheet=sheet,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _printable(value: object) -> object:
    """Put a replacement character in place of each control character: HTML has none."""
    if isinstance(value, str) and _CONTROL.search(value):
        return type(value)(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", value))
    return value


def _asset(name: str) -> Markup:
    """Read a file of our own, which needs no escaping."""
    return Markup(files(PACKAGE).joinpath("assets", name).read_text(encoding="utf-8"))
