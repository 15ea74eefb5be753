"""The pages that are made of what the code declares: one for each metric and model, the Python API, results."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import disentangle_bench
from disentangle_bench.cli.kinds import KINDS
from disentangle_bench.metrics import METRICS
from disentangle_bench.metrics.groups import group_of
from disentangle_bench.models import MODELS
from disentangle_bench.models.recipes import find_recipe, recipe_names
from disentangle_bench.models.recipes.obtained import NOTHING, obtained
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.settings import settings_of
from disentangle_bench.suites.find import find_suite

FURTHER = (
    "disentangle_bench.run.Run",
    "disentangle_bench.models.loaded.LoadedModel",
    "disentangle_bench.evaluation.results.Results",
)
"""What the functions of the API give."""
MODEL_OPTIONS = textwrap.indent("options:\n  members: false\n  docstring_options:\n    warnings: false", "    ")
"""Of a model's docstring, whose `recipe, shape, seed` are those of another class."""


@dataclass(frozen=True)
class GeneratedPage:
    """A page of the site that is not a file.

    Attributes:
        path: on the site.
        title: in the navigation.
        section: of the navigation to which it is added, perhaps with one below it; empty if it is named there.
        text: in Markdown.
        origin: the file of the repository that its links are relative to.
    """

    path: str
    title: str
    section: str
    text: str
    origin: Path


def generated(root: Path) -> Iterator[GeneratedPage]:
    """All of them."""
    for name in METRICS:
        group = group_of(METRICS.get(name))
        yield _page(f"metrics/{slug(name)}.md", name, f"Metrics/{group}", metric_page(root, name, group))
    for name in MODELS:
        yield _page(f"models/{name}.md", name, "Models", model_page(name))
    yield _page("published.md", "Obtained and published", "Results", published_page())
    for path in sorted((root / "benchmarks" / "results").glob("*/README.md")):
        text = path.read_text()
        title = text.splitlines()[0].removeprefix("# ")
        yield GeneratedPage(f"results/{path.parent.name}.md", title, "Results", text, path.relative_to(root))
    yield _page("api.md", "Python API", "", api_page())
    for file, title in {"CONTRIBUTING.md": "Contributing", "CHANGELOG.md": "Changes"}.items():
        path = f"{title.lower()}.md" if title == "Contributing" else "changelog.md"
        yield GeneratedPage(path, title, "Reference", (root / file).read_text(), Path(file))


def _page(path: str, title: str, section: str, text: str) -> GeneratedPage:
    return GeneratedPage(path, title, section, text, Path("docs") / path)


def slug(name: str) -> str:
    """A metric's name as the name of a file."""
    return name.replace("/", "-")


def row_with_link(row: str, name: str) -> str:
    """The first cell of a metric's row, with a link to its page."""
    return f"| [{name}](metrics/{slug(name)}.md) |" if name in METRICS else row


def metric_page(root: Path, name: str, group: str) -> str:
    """A metric's docstring, what it declares, and its curves under corruption."""
    function = METRICS.get(name)
    sheet = KINDS["metrics"].sheet(name)
    title = function.info.summary.partition(":")[0]  # what it is called in the literature
    parts = [f"# {title}", f"::: {function.__module__}.{function.__qualname__}"]
    settings = {f"setting `{key}`": f"{value!r}" for key, value in sheet.settings.items()}
    parts += ["## What it declares", _facts({**sheet.info, **settings})]
    parts += ["## Response to corruption", *response_of(root, name, group)]
    parts.append("[All metrics](../metrics.md) has how to read a score, and what related metrics have in common.")
    return "\n\n".join(parts)


def response_of(root: Path, name: str, group: str) -> list[str]:
    """A metric's curves under corruption and what it loses; of one that has none, whose to look at, or why."""
    drawn, base = find_suite("metric-response").metrics, name.partition("/")[0]
    if name not in drawn and base in drawn:
        return [f"No curves were drawn of this variant; see those of [{base}]({slug(base)}.md)."]
    if name not in drawn:
        return ["It has no [response curves](../metric-response.md): these are of metrics of codes and their factors."]
    response = (root / "docs" / "metric-response.md").read_text().splitlines()
    rows = [line for line in response if re.match(rf"\| {re.escape(name)}(\.[a-z]+)? \|", line)]
    heading = [line for line in response if line.startswith(("| Score |", "| :--- | ---:"))]
    said = "What a score loses as codes are corrupted, as a share of its range; [see there](../metric-response.md)."
    figure = f"![Response of the metrics of this group](../images/metric-response-{group}.svg)"
    return [said, "\n".join([*heading, *rows]), figure] if rows else [figure]


def _facts(facts: Any) -> str:
    rows = [[key, f"`{value}`" if key == "code" else str(value)] for key, value in facts.items()]
    return markdown_table(("", ""), rows, left=("", ""))


def model_page(name: str) -> str:
    """A model's equation beside its update, what it declares, its settings and its recipes."""
    model = MODELS.get(name)
    place = f"{model.__module__}.{model.__qualname__}"
    parts = [f"# {name}", str(model.summary), f"::: {place}\n{MODEL_OPTIONS}"]
    owner = next(base for base in model.__mro__ if "update" in vars(base))
    if not getattr(owner.update, "__isabstractmethod__", False):
        whose = "its own" if owner is model else f"that of `{owner.__name__}`"
        parts.append(f"## The update\n\nIt is {whose}, in `{owner.__module__}`.")
        parts.append(_code(owner.update))
        parts += [_code(vars(model)[method]) for method in ("regularizer", "fit") if method in vars(model)]
    facts = {"source": str(model.source), "code": place}
    facts |= {f"setting `model.{key}`": repr(of.default) for key, of in settings_of(model).items()}
    facts["recipes"] = ", ".join(recipe_names(name)) or "none"
    parts += ["## What it declares", _facts(facts), "[All models](../models.md), and [recipes](../recipes.md)."]
    return "\n\n".join(parts)


def _code(function: Any) -> str:
    return f"```python\n{textwrap.dedent(inspect.getsource(function))}```"


def published_page() -> str:
    """What the sources of recipes report, and what was obtained with them, recipe by recipe."""
    rows, nothing = [], 0
    for name in recipe_names():
        recipe, found = find_recipe(name), obtained(name)
        nothing += not recipe.published and not found
        for score in dict.fromkeys((*recipe.published, *(score for each in found for score in each.scores))):
            said = [f"{each.say(score)}: {each.conditions}" for each in found if score in each.scores]
            published = f"{recipe.published[score]:g}" if score in recipe.published else ""
            rows.append([f"`{name}`", score, published, "; ".join(said) or NOTHING, recipe.source])
    heading = ("Recipe", "Score", "Published", "Obtained", "Source")
    return "\n\n".join(
        [
            "# Obtained and published",
            "What the source of each recipe reports, under the names of the scores here, and what was obtained with "
            "it, over all seeds that were trained; settings that were changed are named. Versions and times are on the "
            "pages of the "
            f"results. Of the other {nothing} recipes nothing was obtained, and their sources report no such number.",
            markdown_table(heading, rows, left=heading),
        ]
    )


def api_page() -> str:
    """Every public name and its docstring.

    Raises:
        ValueError: a name without one.
    """
    parts = [
        "# Python API",
        "`import disentangle_bench as db` imports nothing heavy: each name is loaded when it is used.",
    ]
    places = []
    for name in disentangle_bench.__all__:
        thing = getattr(disentangle_bench, name)
        if isinstance(thing, str):
            continue
        undocumented = [each for each in _public(name, thing) if not inspect.getdoc(each[1])]
        if undocumented:
            raise ValueError(f"no docstring: {', '.join(each[0] for each in undocumented)}")
        module = thing.__name__ if inspect.ismodule(thing) else f"{thing.__module__}.{thing.__qualname__}"
        if not inspect.ismodule(thing):
            places.append(module)
        elif name == "figures":
            places.append(f"{module}.traversal")
        else:
            parts.append("`db.metrics` has every metric as a function; [each has a page](metrics.md).")
    return "\n\n".join([*parts, *(f"::: {place}" for place in dict.fromkeys((*places, *FURTHER)))])


def _public(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """A name, and the public methods of a class or the public functions of a module, with where they are."""
    yield name, thing
    if inspect.isclass(thing):
        members = {key: value for key, value in vars(thing).items() if key[0] != "_"}
        yield from ((f"{name}.{key}", value) for key, value in members.items() if callable(value))
    elif inspect.ismodule(thing):
        yield from ((f"{name}.{key}", getattr(thing, key)) for key in getattr(thing, "__all__", ()))
