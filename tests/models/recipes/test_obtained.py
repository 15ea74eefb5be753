"""Every recipe of the package says what its source reports and what was obtained here, or that nothing was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.obtained import obtained as from_results
from disentangle_bench.cli.kinds.models import Recipes
from disentangle_bench.metrics import METRICS
from disentangle_bench.models.recipes import find_recipe, recipe_names
from disentangle_bench.models.recipes.obtained import FILE, NOTHING, Obtained, obtained

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results"
EACH = Obtained("mine", "some", {}, 5000, [0, 3], ["cpu"], ["A", "B"], ["32-true"], ["2026-01-01", "2026-02-03"], {})


def test_every_recipe_says_both() -> None:
    for name in recipe_names():
        sheet, recipe, found = Recipes().sheet(name), find_recipe(name), obtained(name)
        assert sheet.published.keys() == (recipe.published or {"nothing": 0}).keys(), name
        for score in recipe.published:
            assert score.partition(".")[0] in METRICS, name
        if not found:
            assert sheet.obtained == {"nothing": NOTHING}, name
        for each in found:
            assert each.changed or each.steps != recipe.steps or f"{recipe.steps:,} steps, seed" in each.conditions
            assert sheet.obtained[f"{each.suite}, {each.entry}"] == each.conditions, name
            for score, of in each.scores.items():
                assert len(of["values"]) == len(each.seeds), name
                as_it_is = not each.changed and each.steps == recipe.steps
                assert ("reached" in of) == (score in recipe.published and as_it_is), name


def test_the_packages_file_is_what_the_published_results_are() -> None:
    """`python -m benchmarks.readme` writes it."""
    assert FILE.read_text(encoding="utf-8") == from_results()


def test_its_numbers_are_those_of_the_files() -> None:
    """Without any of the code that makes it."""
    files = sorted(RESULTS.glob("paper-mnist/cells/infogan/seed-*/run/results.json"))
    errors = [json.loads(path.read_text())["scores"]["c1-accuracy.error"]["value"] for path in files]
    [each] = obtained("infogan-mnist")
    assert each.scores["c1-accuracy.error"]["values"] == pytest.approx(errors, abs=1e-5)
    assert each.scores["c1-accuracy.error"]["reached"] == sum(error <= 0.05 for error in errors)
    assert sorted(each.seeds) == list(range(len(files)))


def test_conditions_and_values_are_said() -> None:
    assert EACH.conditions == "5,000 steps, seeds 0, 3, cpu (A, B), 32-true, 2026-01-01 to 2026-02-03"
    narrow = Obtained(**{**vars(EACH), "changed": {"networks.width": 0.5}})
    assert narrow.conditions.startswith("5,000 steps, networks.width = 0.5, seeds 0, 3, cpu")
    scores = {"mig": {"values": [0.25, None], "reached": 1}, "sap": {"values": [None, None]}, "dci": {"values": [1, 2]}}
    of = Obtained(**{**vars(EACH), "scores": scores})
    assert of.say("mig") == "0.25 (median of 0.25, n/a); 1 of 2 as good as published"
    assert of.say("sap") == "no seed has a value"
    assert of.say("dci") == "1.5 (median of 1, 2)"
