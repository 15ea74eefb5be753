"""A dry check is small whatever the suite asks for, and says what could not be computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.metrics import METRICS, info_of
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.dry import MOST, small_form, small_settings
from disentangle_bench.suites.find import find_suite, suite_names
from tests.suites.conftest import Inline

Open = Callable[..., Bench]
PAYS = {"samples", "draws", "pairs", "points", "votes", "trees", "repeats", "subsets", "bootstrap"}
"""Words of settings that say how much is computed."""


def test_few_images_are_generated() -> None:
    given = {"mutual-information": {"samples": 90, "noise": 0.1}, "traversal-consistency": {"steps": 5}}
    settings = small_settings(find_suite("smoke").model_copy(update={"metric_settings": given}))
    assert settings == {
        "c1-accuracy": {"bootstrap": 50},
        "mutual-information": {"samples": 90, "noise": 0.1},
        "mutual-information/fresh": {"samples": 500, "train_samples": 500, "validation_samples": 200},
        "traversal-consistency": {"steps": 5, "draws": 4, "bootstrap": 50},
    }


def test_every_metric_of_a_set_computes_little() -> None:
    for metrics in ("all", "default"):
        settings = small_settings(find_suite("smoke").model_copy(update={"metrics": metrics}))
        for name in METRICS:
            info = info_of(METRICS.get(name))
            much = {key for key in info.settings if PAYS & set(key.split("_"))}
            assert much <= MOST.keys(), f"{name}: limit {much - MOST.keys()}, too"
            asked = metrics == "all" or info.default
            assert settings.get(name, {}).keys() == (much if asked else set()), name


@pytest.mark.parametrize("name", suite_names())
def test_rows_and_steps_are_few(name: str) -> None:
    small = small_form(find_suite(name))
    assert dict(small.variant) == {"steps": 3, "batch_size": 16}
    assert (small.evaluation.rows, small.evaluation.levels) == (200, False)


def test_the_first_file_of_each_entry_is_tried(opened: Open, engine: Inline, suite_file: Path) -> None:
    for name in ("clean", "noisy"):
        (suite_file.parent / name / "seed-0.npz").unlink()
    assert not opened().dry_run(engine)
    assert engine.worked == ["clean/seed-1", "noisy/seed-1"]


def test_settings_of_metrics_that_do_not_apply_are_left_aside(opened: Open, engine: Inline, suite_file: Path) -> None:
    """Of a set of metrics, an entry is scored by those that apply, and what it lacks is said."""
    np.savez(suite_file.parent / "noisy" / "seed-0.npz", codes=np.random.default_rng(0).normal(size=(300, 2)))
    bench = opened()
    every = replace(bench, suite=bench.suite.with_metrics(("all",)))
    said: list[str] = []
    assert not every.dry_run(engine, on_event=lambda event: said.append(str(event)))
    assert "[2/2] noisy/seed-0: done" in "\n".join(said)
    assert [line for line in said if line.startswith("No value of c1-accuracy in clean: ")]
