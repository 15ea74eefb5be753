"""The documentation's site: links lead on, every public name is documented, and strict means strict."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import disentangle_bench as db
from disentangle_bench.metrics import METRICS
from disentangle_bench.models import MODELS

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs" / "site")
    yield
    for name in ("pages", "links", "layers"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("origin", "page", "target", "rewritten"),
    [
        ("docs/suites.md", "suites.md", "metrics.md#mig", "metrics.md#mig"),
        ("docs/tutorials/gate-in-ci.md", "tutorials/gate-in-ci.md", "../suites.md", "../suites.md"),
        ("docs/tutorials/add-a-dataset.md", "tutorials/a.md", "../../CONTRIBUTING.md", "../contributing.md"),
        ("CONTRIBUTING.md", "contributing.md", "docs/recipes.md#two-halves", "recipes.md#two-halves"),
        ("docs/metrics.md", "metrics.md", "../benchmarks/readme.py", "files/benchmarks/readme.py"),
        ("benchmarks/results/smoke/README.md", "results/smoke.md", "../paper-mnist/README.md", "paper-mnist.md"),
        ("docs/metrics.md", "metrics.md", "https://arxiv.org/abs/1606.03657", "https://arxiv.org/abs/1606.03657"),
        ("docs/metrics.md", "metrics.md", "#here", "#here"),
        ("docs/metrics.md", "metrics.md", "no-such.md", "no-such.md"),
    ],
)
def test_links_lead_to_where_things_are_on_the_site(origin, page, target, rewritten):
    import links

    for label in ("[a `b` c]", "![a]"):
        made = links.rewritten(ROOT, Path(origin), Path(page), f"See {label}({target}).")
        assert made == f"See {label}({rewritten})."


def test_links_to_folders_become_text():
    import links

    text = "[the halves](../disentangle_bench/models/recipes)"
    assert links.rewritten(ROOT, Path("docs/recipes.md"), Path("recipes.md"), text) == "the halves"


def test_a_public_name_without_a_docstring_is_an_error(monkeypatch):
    import pages

    assert "::: disentangle_bench.workflow.subject.subject" in pages.api_page()
    monkeypatch.setattr(db, "bare", lambda: None, raising=False)
    monkeypatch.setattr(db, "__all__", [*db.__all__, "bare"])
    with pytest.raises(ValueError, match="no docstring: bare"):
        pages.api_page()


def test_every_metric_and_model_has_a_page_with_what_it_declares():
    import pages

    texts = {page.path: page.text for page in pages.generated(ROOT)}
    for name in METRICS:
        assert "## What it declares" in texts[f"metrics/{pages.slug(name)}.md"]
    for name in MODELS:
        assert str(MODELS.get(name).source) in texts[f"models/{name}.md"]
    assert "play.minimise" in texts["models/infogan.md"]
    assert "| `infogan-mnist` | c1-accuracy.error | 0.05 | 0." in texts["published.md"]
    assert "metric-response-information.svg" in texts["metrics/mig.md"]
    assert "[mig](mig.md)" in texts["metrics/mig-chen.md"]
    assert "no [response curves]" in texts["metrics/inception-fid.md"]


def test_the_picture_of_the_layers_is_that_of_the_contract():
    import layers

    assert layers.PICTURE.read_text() == layers.drawing(layers.layers(ROOT)), "run python docs/site/layers.py"


@pytest.mark.slow
def test_the_site_is_built_strictly(tmp_path):
    pytest.importorskip("mkdocstrings")
    pytest.importorskip("material")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"]
    built = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    for page in ("", "api/", "metrics/mig-chen/", "models/beta-vae/", "published/", "tutorials/gate-in-ci/"):
        assert (tmp_path / "site" / page / "index.html").is_file()
    example = (tmp_path / "site" / "metrics" / "mig" / "index.html").read_text()
    assert "mutual_information_gap" in example
    assert "&gt;&gt;&gt;" in example
    assert '<p class="admonition-title">Does not see</p>' in example
