"""`dbench eval` of codes of one's own: what is asked, what stands beside the scores, and what is said meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from disentangle_bench.metrics import METRICS, info_of

from .conftest import Dbench


@pytest.fixture(autouse=True)
def _file(surroundings: None) -> None:
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(size, size=300) for size in (3, 4)], axis=1)
    codes = np.concatenate([factors + rng.normal(size=(300, 2)), rng.normal(size=(300, 1))], axis=1)
    np.savez("mine.npz", codes=codes, factors=factors, train=np.arange(300) < 200)


def scores(dbench: Dbench, *words: object) -> dict[str, Any]:
    outcome = dbench("eval", "mine.npz", "--format", "json", *words)
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)["scores"]


def test_every_score_stands_beside_interval_chance_and_ceiling(dbench: Dbench) -> None:
    score = scores(dbench, "--metrics", "mig")["mig"]
    assert score["chance"] < score["low"] < score["value"] < score["high"] < score["ceiling"] <= 1
    assert score["details"]["interval"]["resamples"] == 100
    assert score["details"]["levels"]["rows"] == 300


def test_the_number_of_resamples_is_as_asked_for(dbench: Dbench) -> None:
    assert scores(dbench, "--metrics", "mig", "--bootstrap", 40)["mig"]["details"]["interval"]["resamples"] == 40
    none = scores(dbench, "--metrics", "mig", "--bootstrap", 0, "--no-levels")["mig"]
    assert none["low"] is none["high"] is none["chance"] is none["ceiling"] is None
    assert none["value"] is not None


def test_the_same_seed_gives_the_same_figures_and_the_cache_changes_none(dbench: Dbench) -> None:
    first, cached, other = (scores(dbench, "--metrics", "mig,sap", "--seed", seed) for seed in (0, 0, 1))
    for name in first:
        fields = [
            {key: each[name][key] for key in ("value", "low", "high", "chance", "ceiling")} for each in (first, cached)
        ]
        assert fields[0] == fields[1]
        assert other[name]["chance"] == first[name]["chance"]
    assert other["mig"]["low"] != first["mig"]["low"]


@pytest.mark.parametrize("resamples", ["3", "-1", "many"])
def test_impossible_numbers_of_resamples_are_refused(dbench: Dbench, resamples: str) -> None:
    outcome = dbench("eval", "mine.npz", "--metrics", "mig", "--bootstrap", resamples)
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    assert "mig" not in outcome.out


def test_a_cache_that_cannot_be_used_is_no_hindrance(dbench: Dbench, monkeypatch: pytest.MonkeyPatch) -> None:
    with_cache = scores(dbench, "--metrics", "mig")
    Path("in-the-way").write_text("a file")
    monkeypatch.setenv("DBENCH_CACHE", "in-the-way")
    without = scores(dbench, "--metrics", "mig")
    assert (without["mig"]["chance"], without["mig"]["ceiling"]) == (
        with_cache["mig"]["chance"],
        with_cache["mig"]["ceiling"],
    )


@pytest.mark.slow
def test_all_metrics_of_codes_and_factors_are_asked_of_a_file(real_dbench: Dbench, tmp_path: Path) -> None:
    words = ("eval", "mine.npz", "--metrics", "all", "--bootstrap", 20, "--no-levels", "--format", "json")
    outcome = real_dbench(*words)
    assert outcome.code == 0, outcome.err
    found = json.loads(outcome.out)["scores"]
    resamplable = [name for name in METRICS if info_of(METRICS.get(name)).resamplable]
    assert {*resamplable} <= {name.partition(".")[0] for name in found}
    for name in resamplable:
        assert f"Scoring {name}" in outcome.err
    assert "Traceback" not in outcome.err
    assert "Warning" not in outcome.err
    assert {path.name for path in tmp_path.iterdir()} == {"mine.npz"}


class TestSeveralSubjects:
    def test_are_printed_in_every_form(self, dbench: Dbench) -> None:
        Path("other.npz").write_bytes(Path("mine.npz").read_bytes())
        words = ("eval", "mine.npz", "other.npz", "--metrics", "mig", "--bootstrap", "0", "--no-levels")
        table = dbench(*words).out
        assert table.index("mine.npz") < table.index("other.npz")
        assert dbench(*words, "--format", "markdown").out.count("### ") == 2
        lines = dbench(*words, "--format", "csv").out.splitlines()
        assert lines[0].startswith("subject,score,")
        assert [line.split(",")[0] for line in lines[1:]] == ["mine.npz", "other.npz"]

    def test_cannot_share_one_file_of_scores(self, dbench: Dbench) -> None:
        outcome = dbench("eval", "mine.npz", "other.npz", "--out", "scores.json")
        assert outcome.code == 2
        assert "--out takes the scores of one subject" in outcome.err

    def test_are_not_tried_one_by_one_if_the_command_is_wrong(self, dbench: Dbench) -> None:
        outcome = dbench("eval", "mine.npz", Path("mine.npz").resolve(), "--metrics", "migg")
        assert outcome.code == 2
        assert outcome.err.count("There is no metric named 'migg'") == 1


def test_the_same_command_computes_only_what_is_missing(dbench: Dbench) -> None:
    words = ("eval", "mine.npz", "--out", "scores.json", "--format", "json", "--bootstrap", "0", "--no-levels")
    first = dbench(*words, "--metrics", "mig")
    second = dbench(*words, "--metrics", "mig,sap")
    assert "1 metric to compute, about 1 s; 1 kept from before" in second.err
    assert "Scoring mig" not in second.err
    assert json.loads(second.out)["scores"]["mig"] == json.loads(first.out)["scores"]["mig"]
    assert json.loads(second.out) == json.loads(Path("scores.json").read_text())
    assert "2 metrics to compute" in dbench(*words, "--metrics", "mig,sap", "--again").err


def test_some_rows_are_the_same_for_all_models(dbench: Dbench) -> None:
    with np.load("mine.npz") as arrays:
        np.savez("other.npz", **{**arrays, "codes": -arrays["codes"]})
    words = ("--metrics", "mig", "--rows", "100", "--format", "json", "--bootstrap", "0", "--no-levels")
    results = json.loads(dbench("eval", "mine.npz", "other.npz", *words).out)
    assert [each["subject"]["samples"] for each in results] == [100, 100]
    assert [each["subject"]["drawn_from"] for each in results] == [300, 300]
    # MIG does not depend on the sign of a code; on other rows it would differ
    assert results[0]["scores"]["mig"]["value"] == pytest.approx(results[1]["scores"]["mig"]["value"], abs=1e-12)
    assert dbench("eval", "mine.npz", "--rows", "3").code == 2


@pytest.mark.parametrize("file", ["scores.npz", "mine.npz", "pyproject.json"])
def test_a_file_of_something_else_is_never_replaced_by_scores(dbench: Dbench, file: str) -> None:
    Path("pyproject.json").write_text('{"name": "precious"}')
    before = {path: path.read_bytes() for path in Path().iterdir() if path.name[0] != "."}
    outcome = dbench("eval", "mine.npz", "--metrics", "mig", "--out", file, "--again")
    assert outcome.code == 2
    assert file in outcome.err
    assert {path: path.read_bytes() for path in Path().iterdir() if path.name[0] != "."} == before


def test_codes_and_factors_are_chosen(dbench: Dbench) -> None:
    rng = np.random.default_rng(0)
    factors = rng.integers(-1, 4, (200, 2))
    codes = np.c_[np.cos(factors[:, 0]), np.sin(factors[:, 0]), factors[:, 1]] + 0.01 * rng.standard_normal((200, 3))
    np.savez("chosen.npz", codes=codes, factors=factors, factor_names=["shape", "size"])
    options = ["--missing", "-1", "--merge", "c1+c2=pose", "--kinds", "size=ordinal", "--factors", "size,0"]
    outcome = dbench("eval", "chosen.npz", "--metrics", "mig", "--bootstrap", "0", "--no-levels", *options)
    assert outcome.code == 0, outcome.err
    said = " ".join(outcome.out.split())
    assert "2 continuous codes of 3 columns" in said
    assert f"size ordinal (4) known in {(factors[:, 1] >= 0).sum()}, shape categorical (4) known in" in said
    for wrong in (["--merge", "c1=pose"], ["--kinds", "size"], ["--codes", "c7"]):
        assert dbench("eval", "chosen.npz", *wrong).code == 2
    for twice in ("--factors", "size,1"), ("--factors", "size,size"), ("--codes", "c1,c1"), ("--merge", "c1+c1=pose"):
        refused = dbench("eval", "chosen.npz", *twice)
        assert (refused.code, refused.out) == (2, "")
        assert "is named twice.\nName each once." in refused.err


@pytest.mark.parametrize(
    "other", [(), ("--factors", "0"), ("--factors", "1", "--codes", "0"), ("--factors", "1", "--kinds", "size=ordinal")]
)
def test_scores_of_another_choice_are_not_taken_for_what_is_asked(dbench: Dbench, other: tuple[str, ...]) -> None:
    rng = np.random.default_rng(0)
    np.savez(
        "both.npz",
        codes=rng.normal(size=(90, 2)),
        factors=np.arange(180).reshape(90, 2) % 5,
        factor_names=["shape", "size"],
    )
    words = ("eval", "both.npz", "--metrics", "mig", "--bootstrap", "0", "--no-levels", "--out", "both.json")
    first = dbench(*words, "--factors", "1").out
    refused = dbench(*words, *other)
    assert (refused.code, refused.out) == (2, "")
    assert "both.json holds scores of other data" in refused.err
    assert dbench(*words, "--factors", "size").out == first  # the same by name
    again = dbench(*words, *other, "--again")
    assert again.code == 0, again.err
    assert again.out != first
