"""The page of response curves is drawn from the suite's results, and the published one is what they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import disentangle_bench as db
from benchmarks.response.curves import Curves, Point, curves_of, levels_of
from benchmarks.response.page import HEADINGS, PREFACE, moved, shown, write_page
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.engines.local import LocalEngine
from disentangle_bench.suites.find import find_suite
from disentangle_bench.suites.synthetic import Synthetic

ROOT = Path(__file__).parents[2]
SUITE = find_suite("metric-response")


def test_every_corruption_goes_from_perfect_codes_to_bad_ones() -> None:
    levels = levels_of(SUITE)
    assert list(levels) == list(HEADINGS)
    assert list(levels["mixing"]) == [0, 5, 10, 20, 30, 45]
    assert list(levels["spare"]) == [0, 1, 2, 4, 6]
    assert list(levels["warp"]) == [1, 2, 3, 5, 9]
    assert list(levels["bins"]) == [50, 20, 10, 5, 3, 2]
    assert [levels[name].get(level) for name, level in (("mixing", 0), ("spare", 2), ("warp", 1))] == ["perfect"] * 3
    assert "perfect" not in (*levels["rows"].values(), *levels["bins"].values())
    assert {entry for of in levels.values() for entry in of.values()} == set(SUITE.entries)


@pytest.mark.slow
def test_curves_are_the_scores_of_the_suite(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(
        """name = "small"\nversion = 1\nseeds = [0, 1]\nmetrics = ["mig"]\nbaseline = "perfect"\n
[evaluation]\nbootstrap = 0\n\n[entries]\nperfect = { synthetic = {} }\nmixing-45 = { synthetic = { mixing = 45 } }\n"""
    )
    bench = Bench.open(str(path), out=tmp_path / "results")
    bench.run(LocalEngine(bench.suite.training, jobs=1))
    [perfect, mixed] = curves_of(bench)["mig"]["mixing"]
    assert (perfect.level, mixed.level) == (0, 45)
    expected = [db.evaluate(Synthetic(mixing=45).draw(seed), "mig", bootstrap=0) for seed in (0, 1)]
    assert mixed.values == pytest.approx([of.scores["mig"].value for of in expected])
    assert (mixed.chance, mixed.ceiling) == (expected[0].scores["mig"].chance, expected[0].scores["mig"].ceiling)


def made_up(seeds: int, *scores: str) -> Curves:
    return {
        score: {
            corruption: [Point(level, 0.0, 1.0, (1 / (1 + abs(level)),) * seeds) for level in levels]
            for corruption, levels in levels_of(SUITE).items()
        }
        for score in scores
    }


def test_the_values_say_level_chance_ceiling_and_each_seed() -> None:
    first, *_, last = made_up(2, "mig")["mig"]["mixing"]
    assert first.row == [0.0, 0.0, 1.0, 1.0, 1.0]
    assert last.row == [45, 0.0, 1.0, 0.02174, 0.02174]


def test_a_move_is_a_share_of_the_way_from_ceiling_to_chance() -> None:
    first, last = Point(0, 0.1, 0.9, (0.9, 0.7)), Point(1, None, None, (0.5, 0.3))
    assert moved([first, last]) == "0.50"
    assert moved([last, first]) == ""
    assert moved([Point(0, 0.85, 0.9, (0.9,)), Point(1, None, None, (0.1,))]) == "", "chance and ceiling are one"
    assert moved([first, Point(1, None, None, (None, None)), last]) == ""


@pytest.mark.slow
def test_the_page_is_drawn_from_curves(tmp_path: Path) -> None:
    write_page(made_up(2, "mig", "infomec.infom", "infomec.infoc"), 2, tmp_path)
    page = (tmp_path / "docs" / "metric-response.md").read_text()
    assert "| mig | 0.98 |" in page
    assert "drawn 2 times" in page.replace("\n", " ")
    assert "![information](images/metric-response-information.svg)" in page
    assert (tmp_path / "docs" / "images" / "metric-response-information.svg").is_file()
    assert shown(made_up(1, "infomec.infoc", "mig", "sap")) == ["mig", "infomec.infoc", "sap"]


@pytest.mark.parametrize(
    ("metric", "corruption", "level"),
    [("mig", "mixing", 20), ("sap/regression", "noise", 1), ("modularity", "warp", 9)],
)
def test_the_published_values_are_what_the_functions_give(metric: str, corruption: str, level: float) -> None:
    published = json.loads((ROOT / "benchmarks" / "response" / "values.json").read_text())
    [values] = [of[3:] for of in published[metric][corruption] if of[0] == level]
    subjects = [Synthetic.model_validate({corruption: level}).draw(seed) for seed in range(len(values))]
    found = [db.evaluate(of, metric, bootstrap=0, levels=False).scores[metric].value for of in subjects]
    assert values == pytest.approx(found, rel=1e-3)


def test_the_published_page_begins_as_the_script_has_it() -> None:
    assert (ROOT / "docs" / "metric-response.md").read_text().startswith(PREFACE)
