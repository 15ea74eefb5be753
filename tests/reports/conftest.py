"""Results as an evaluation of two runs would give them; a browser, and what finds violations of accessibility in it."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from disentangle_bench.evaluation.results import Results, Samples, ScoreEntry

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = "axe-core@4.10.3"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The checks of accessibility, from the npm registry."""
    folder = tmp_path_factory.mktemp("axe")
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    try:
        done = subprocess.run(["npm", "pack", AXE], cwd=folder, capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry does not answer")
    if done.returncode != 0:
        pytest.skip("the npm registry cannot be reached")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()


def entry(metric: str, component: str, value: float | None, **info: object) -> ScoreEntry:
    return ScoreEntry(metric=metric, component=component, value=value, **info)


def make_results(name: str, accuracy: float, seed: int = 0, status: str = "ok") -> Results:
    correct = (np.arange(10_000) < 10_000 * accuracy).astype(float)
    value, half = float(correct.mean()), 1.96 * float(correct.std()) / 100
    unlabeled = {"reason": "the dataset has no | labels", "unit": "nats"}
    scores = {
        "c1-accuracy.accuracy": entry(
            "c1-accuracy", "accuracy", value, low=value - half, high=value + half, chance=0.1462, ceiling=1
        ),
        "c1-accuracy.error": entry(
            "c1-accuracy",
            "error",
            1 - value,
            low=1 - value - half,
            high=1 - value + half,
            chance=0.8538,
            ceiling=0,
            better="lower",
        ),
        "c1-accuracy.categories-used": entry("c1-accuracy", "categories-used", 10, ceiling=10, better="higher"),
        "mutual-information/fresh.c1": entry(
            "mutual-information/fresh",
            "",
            2.2691 * accuracy,
            code="c1",
            low=2.25 * accuracy,
            high=2.2882 * accuracy,
            chance=0,
            ceiling=2.302585,
            unit="nats",
        ),
        "traversal-consistency.c2.monotonicity": entry(
            "traversal-consistency", "monotonicity", accuracy, code="c2", low=accuracy - 0.05, high=accuracy + 0.05
        ),
        "traversal-consistency.c2.content": entry("traversal-consistency", "content", None, code="c2", **unlabeled),
        "traversal-consistency.c3.content": entry("traversal-consistency", "content", None, code="c3", **unlabeled),
        "overall": entry("overall", "", -0.00001, low=-0.2, high=0.2, better="neither"),
    }
    subject = {"name": f"{name} seed {seed}", "recipe": name, "dataset": "mnist", "seed": seed, "status": status}
    samples = {
        "c1-accuracy.accuracy": Samples(correct, "test images"),
        "c1-accuracy.error": Samples(1 - correct, "test images"),
    }
    return Results(subject=subject, scores=scores, samples=samples)


@pytest.fixture
def first() -> Results:
    return make_results("infogan-mnist", 0.96)


@pytest.fixture
def second() -> Results:
    return make_results("gan-with-q-mnist", 0.38)


@pytest.fixture
def groups() -> list[list[Results]]:
    return [
        [make_results("infogan-mnist", accuracy, seed) for seed, accuracy in enumerate((0.96, 0.94, 0.97))],
        [
            make_results("gan-with-q-mnist", accuracy, seed, "collapsed: sigma")
            for seed, accuracy in enumerate((0.4, 0.38, 0.33))
        ],
    ]
