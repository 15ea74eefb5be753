"""Every metric's docstring has the same parts, in the same order, and every example in the package runs.

Name in the literature (ABBREVIATION): high when ... .        one line, which `dbench list metrics` shows

What it asks, in one to three sentences.

    formula = in an indented block

Does not see: what it is blind to.

Args: / Returns: / Raises: / References: / Example:           sections in Google's style
"""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

import disentangle_bench
from disentangle_bench.metrics import METRICS, Scores, info_of
from tests.common.test_metrics import EXTRAS

SUMMARY = re.compile(r"[A-Z0-9][^:]{2,80}: (high|higher) (when|where) .+\.")
SECTIONS = ("Does not see:", "Args:", "Returns:", "Raises:", "References:", "Example:")
CITATION = re.compile(r"arXiv:[\w./-]*\w|\(\d{4}\)")
PACKAGE = Path(disentangle_bench.__file__).parent


def faults(function: Callable[..., Scores]) -> Iterator[str]:
    """What a metric's docstring lacks."""
    text = inspect.getdoc(function) or ""
    if not SUMMARY.fullmatch(info_of(function).summary):
        yield f"the summary is not 'Name: high when ...': {info_of(function).summary!r}"
    starts = [text.find(f"\n{section}") for section in SECTIONS if section != "Raises:" or f"\n{section}" in text]
    if -1 in starts or any(before > after for before, after in pairwise(starts)):
        yield f"the sections are not {', '.join(SECTIONS)}, in this order"
    blocks = re.findall(r"(?:\n {4}.+)+", text.partition("\nDoes not see:")[0])
    if not any("=" in block for block in blocks):
        yield "there is no formula in an indented block"
    missing = set(CITATION.findall(info_of(function).source)) - set(CITATION.findall(text))
    if missing:
        yield f"the references lack {', '.join(sorted(missing))}"
    if not doctest.DocTestParser().get_examples(text):
        yield "there is no example"


@pytest.mark.parametrize("name", METRICS)
def test_a_metrics_docstring_has_every_part(name: str) -> None:
    assert list(faults(METRICS.get(name))) == []


def examples() -> Iterator[doctest.DocTest]:
    """Each docstring of the package that holds an example."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for path in sorted(PACKAGE.rglob("*.py")):
        if ">>> " in path.read_text():
            name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
            yield from (test for test in finder.find(import_module(name)) if test.examples)


@pytest.mark.parametrize("example", list(examples()), ids=lambda example: example.name)
def test_an_example_prints_what_it_shows(example: doctest.DocTest) -> None:
    function = example.globs.get(example.name.rpartition(".")[2])
    name = info_of(function).name if hasattr(function, "info") else ""
    if name in EXTRAS:
        pytest.importorskip(EXTRAS[name])
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=report.append)
    assert report == []
