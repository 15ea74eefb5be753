"""`dbench rank`: a table of models, best first, in every form."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from disentangle_bench.representation import Representation

FILES = ("one.npz", "two.npz", "mix.npz", "dead.npz")


@pytest.fixture(autouse=True)
def files(tmp_path):
    sources = np.random.default_rng(0).uniform(-1, 1, (400, 3))
    mixing = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    for name, codes in zip(FILES, (sources, -sources[:, ::-1], sources @ mixing, 0 * sources), strict=True):
        Representation.of(codes, np.arange(400) % 3).save(tmp_path / name)


def rank(dbench, *words):
    return dbench("rank", *FILES, "--metrics", "udr/lasso,udr/spearman", *words)


def test_the_table_fits_80_columns_and_explains_itself(dbench):
    outcome = rank(dbench)
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["one.npz", "two.npz", "mix.npz", "dead.npz"]
    assert lines[0].split() == ["Model", "Mean", "rank", "udr/lasso", "udr/spearman"]
    assert "(1)" in lines[1]
    assert "no labels were used" in outcome.out
    assert "fewer than 5 models" in outcome.out
    assert "No udr/lasso for dead.npz: no code varies enough" in outcome.out
    assert all(line == line.rstrip() for line in lines)
    assert "Scoring udr/lasso" in outcome.err


def test_json(dbench):
    values = json.loads(rank(dbench, "--format", "json").out)
    assert values["criteria"] == ["udr/lasso", "udr/spearman"]
    assert values["models"][3] == {
        "name": "dead.npz",
        "mean_rank": None,
        "places": [{"score": None, "rank": None, "reason": values["models"][3]["places"][0]["reason"]}] * 2,
    }


def test_csv(dbench):
    rows = list(csv.DictReader(io.StringIO(rank(dbench, "--format", "csv").out)))
    assert [row["model"] for row in rows] == ["one.npz", "two.npz", "mix.npz", "dead.npz"]
    assert float(rows[0]["udr/lasso"]) > float(rows[2]["udr/lasso"])
    assert rows[2]["udr/spearman: rank"] == "3"


def test_markdown(dbench):
    out = rank(dbench, "--format", "markdown").out
    assert out.startswith(
        "| Model | Mean rank | udr/lasso | udr/spearman |\n| :--- | ---: | ---: | ---: |\n| one.npz |"
    )


def test_too_few_models(dbench):
    outcome = dbench("rank", "one.npz", "two.npz")
    assert outcome.code == 2
    assert "There are 2 models to rank" in outcome.err
