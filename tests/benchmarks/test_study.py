"""The page of the study shows what is published, and its correlations are over models."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from benchmarks import study
from disentangle_bench.suites.find import find_suite


@dataclass(frozen=True)
class Place:
    """As much of a cell as a correlation needs."""

    entry: str
    seed: int


@pytest.mark.parametrize("dataset", study.SUITES)
def test_the_page_shows_what_is_published(dataset):
    """`python -m benchmarks.study` writes it."""
    assert study.section(dataset) in study.PAGE.read_text(encoding="utf-8")


def test_both_suites_train_the_same_field():
    first, second = (find_suite(name) for name in study.SUITES.values())
    assert list(first.entries) == list(second.entries)
    assert [entry.recipe for entry in first.entries.values()] == [entry.recipe for entry in second.entries.values()]


def values(models: int, seeds: int) -> study.Values:
    """Two scores that the model decides, and a little noise of each seed."""
    rng = np.random.default_rng(0)
    made = {}
    for model, quality in enumerate(rng.normal(size=models)):
        for seed in range(seeds):
            one, other = quality + 0.05 * rng.normal(size=2)
            made[Place(f"m{model}", seed)] = {"mig": one, "downstream": other}
    return made  # type: ignore[return-value]


def test_the_correlation_is_spearmans():
    given = values(8, 3)
    found, _, count = study.correlation(given, "mig", "downstream")
    expected = stats.spearmanr([of["mig"] for of in given.values()], [of["downstream"] for of in given.values()])
    assert found == f"{expected.statistic:.2f}"
    assert count == "24 (8)"


def test_more_seeds_of_the_same_models_do_not_make_it_surer():
    def width(given: study.Values) -> float:
        low, high = map(float, study.correlation(given, "mig", "downstream")[1].strip("[]").split(","))
        return high - low

    rng = np.random.default_rng(1)
    unrelated = [(rng.normal(), rng.normal()) for _ in range(8)]
    few, many = (
        {Place(f"m{model}", seed): {"mig": one, "downstream": other}
         for model, (one, other) in enumerate(unrelated) for seed in range(seeds)}
        for seeds in (1, 20)
    )  # fmt: skip
    assert width(many) > 0.8 * width(few) > 0.5


def test_few_models_have_no_interval_and_none_no_correlation():
    assert study.correlation(values(3, 4), "mig", "downstream")[1] == ""
    assert study.correlation(values(3, 4), "mig", "elbo") == ("", "", "")


def test_rankings_are_found_by_entry_and_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(study, "ROOT", tmp_path)
    folder = tmp_path / study.RESULTS / "some"
    folder.mkdir(parents=True)
    ranking = {
        "criteria": ["udr/lasso", "model-centrality"],
        "models": [{"name": "cells/vae/seed-2-abc/run", "places": [{"score": 0.5}, {"score": None}]}],
    }
    (folder / "ranking.json").write_text(json.dumps(ranking))
    assert study.rankings("some") == {("vae", 2): {"udr/lasso": 0.5}}
