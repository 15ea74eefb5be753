"""`dbench check`: what the author of a metric sees."""

from __future__ import annotations

import sys
import textwrap


def test_a_metric_that_keeps_the_rules(dbench):
    outcome = dbench("check", "c1-accuracy", "--set", "bootstrap=20")
    assert outcome.code == 0
    assert len(outcome.out.splitlines()) > 30
    assert all(line.startswith("PASS  ") for line in outcome.out.splitlines())


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
