"""`dbench check`: what the author of a metric sees."""

from __future__ import annotations

import json
import sys
import textwrap

import pytest


def test_a_metric_that_keeps_the_rules(dbench):
    outcome = dbench("check", "c1-accuracy", "--set", "bootstrap=20")
    assert outcome.code == 0
    assert len(outcome.out.splitlines()) > 30
    *lines, blank, summary = outcome.out.splitlines()
    assert all(line.startswith("PASS  ") for line in lines)
    assert (blank, summary) == ("", f"{len(lines)} rules: {len(lines)} passed, 0 failed.")


def test_a_metric_in_a_file_that_breaks_one(dbench, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "my_metric_of_this_test.py").write_text(
        textwrap.dedent(
            """
            import numpy as np
            from disentangle_bench.metrics import Score, metric
            from disentangle_bench.metrics.inputs import Observations

            @metric("spread", version=1, bounds=(0, None), better="neither", source="defined here")
            def spread(codes, factors):
                \"\"\"How far the first code spreads, as a standard deviation.

                Args:
                    codes: `(n, d)`.
                    factors: `(n, k)`.
                \"\"\"
                return Score(float(Observations.of(codes, factors).codes.values[:, 0].std()))
            """
        )
    )
    outcome = dbench("check", "my_metric_of_this_test.spread")
    assert outcome.code == 1
    failed = [line for line in outcome.out.splitlines() if line.startswith("FAIL  ")]
    assert any("stretching and shifting the codes changes the score from" in line for line in failed)
    assert any("another order of the codes changes the score from" in line for line in failed)


def test_a_place_that_there_is_not(dbench):
    outcome = dbench("check", "nowhere.metric")
    assert (outcome.code, outcome.out) == (2, "")
    assert "The module 'nowhere' cannot be imported" in outcome.err
    assert "package.module.function" in outcome.err


def test_as_json(dbench):
    outcome = dbench("check", "mig", "--format", "json")
    assert outcome.code == 0
    rules = json.loads(outcome.out)
    assert {rule["result"] for rule in rules} == {"PASS"}
    assert {tuple(rule) for rule in rules} == {("result", "kind", "rule", "fault")}


def test_a_dataset_and_networks_of_one_name(dbench):
    outcome = dbench("check", "digits", "--format", "json")
    assert outcome.code == 0
    assert {rule["kind"] for rule in json.loads(outcome.out)} == {"dataset", "networks"}
    assert "networks: " not in dbench("check", "digits", "--kind", "dataset").out


def test_a_dataset_that_breaks_a_rule(dbench, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "my_data_of_this_test.py").write_text(
        textwrap.dedent(
            """
            import numpy as np
            from disentangle_bench.datasets import Dataset, DatasetInfo

            class Dark:
                info = DatasetInfo("dark", "Dark", 50, (1, 8, 8), (), "MIT", "none")

                def load(self, data_dir=None):
                    return Dataset(self.info, np.zeros((50, 1, 8, 8), np.uint8), None, np.arange(50) > 5)

            dark = Dark()
            """
        )
    )
    outcome = dbench("check", "my_data_of_this_test.dark")
    assert outcome.code == 1
    [failed] = [line for line in outcome.out.splitlines() if line.startswith("FAIL")]
    assert failed.endswith("use the range of a byte: all images that were looked at are equal")
    told = dbench("check", "my_data_of_this_test.Dark")
    assert (told.code, told.out) == (2, "")
    assert "is a class: let the entry point name an instance" in told.err


def test_a_model_on_the_recipe_of_another_dataset(dbench):
    outcome = dbench("check", "infogan", "--dataset", "chairs", "--set", "networks.width=0.05", "--set", "batch_size=4")
    assert outcome.code == 0, outcome.out
    assert "PASS  model: resumes to the same bits" in outcome.out
    assert dbench("check", "infogan", "--dataset", "nowhere").code == 2


FAULTY = """
from disentangle_bench.metrics import Score, metric

{declaration}
def my_metric({parameters}):
    \"\"\"How far codes spread, somehow.

    Args:
        codes: `(n, d)`.
        factors: `(n, k)`.
    \"\"\"
    return {answer}
"""
DECLARATION = '@metric("mine", version=1, bounds=(0, None), better="neither", source="defined here")'


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"answer": "0.5"}, "The metric 'mine' returned float instead of a score. Return `Score(value)` of a float"),
        ({"answer": "{'a': Score(1.0), 'b': 1}"}, "returned int for 'b' instead of a score."),
        ({"answer": "{}"}, "The metric 'mine' returned no score. Return"),
        ({"answer": "Score('high')"}, "The metric 'mine' returned a score of str instead of a number."),
        ({"answer": "{'a': Score(1, low='x')}"}, "returned a score for 'a' of str instead of a number."),
        ({"answer": "1 / 0"}, "returns scores: ZeroDivisionError: division by zero (in my_metric, mine"),
    ],
)
def test_a_metric_that_returns_no_score_is_told_so_once(dbench, tmp_path, monkeypatch, changes, says):
    module = f"mine{abs(hash(says))}"
    values = {"declaration": DECLARATION, "parameters": "codes, factors", "answer": "Score(1.0)", **changes}
    (tmp_path / f"{module}.py").write_text(FAULTY.format(**values))
    monkeypatch.setattr(sys, "path", [*sys.path])
    outcome = dbench("check", f"{module}.my_metric")
    assert outcome.code == 1
    assert outcome.out.count(says) == 1
    assert outcome.out.count("FAIL") == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"parameters": "codes, fctors"}, "The metric 'mine' asks for 'fctors', which no subject has."),
        ({"declaration": ""}, "my_metric is not a metric.\nDecorate its function"),
        ({"declaration": "@metrc"}, "cannot be imported: NameError: name 'metrc' is not defined"),
    ],
)
def test_a_metric_that_cannot_be_tried(dbench, tmp_path, monkeypatch, changes, says):
    module = f"mine{abs(hash(says))}"
    values = {"declaration": DECLARATION, "parameters": "codes, factors", "answer": "Score(1.0)", **changes}
    (tmp_path / f"{module}.py").write_text(FAULTY.format(**values))
    monkeypatch.setattr(sys, "path", [*sys.path])
    outcome = dbench("check", f"{module}.my_metric")
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err
