"""DCI by lasso, forest and LightGBM: perfect codes, noise, scikit-learn's values, a missing package."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LassoCV

from disentangle_bench import schedule
from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.predictor.dci_variants import dci_by_forest, dci_by_lasso, dci_by_lightgbm
from disentangle_bench.representation.variables import Variables

N = 600
TRAIN = np.arange(N) % 3 > 0
VARIANTS = [dci_by_lasso, dci_by_forest, dci_by_lightgbm]


def draw(seed=0):
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, [2, 3], (N, 2))
    return factors + 0.05 * rng.standard_normal((N, 2)), factors, rng


def scores_of(variant, *parts):
    if variant is dci_by_lightgbm:
        pytest.importorskip("lightgbm")
    return {part: score.value for part, score in variant(*parts, TRAIN).items()}


@pytest.mark.parametrize("variant", VARIANTS)
def test_perfect_codes_and_noise(variant):
    codes, factors, rng = draw()
    perfect, noise = scores_of(variant, codes, factors), scores_of(variant, rng.standard_normal((N, 2)), factors)
    assert perfect["disentanglement"] > 0.7
    assert perfect["completeness"] > 0.7
    assert noise["informativeness"] < 0.6
    assert perfect["informativeness"] > 0.8
    if variant is not dci_by_lasso:  # which may leave all but one code out
        assert noise["disentanglement"] < 0.1


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_categorical_code_is_one_code(variant):
    codes, factors, _ = draw()
    mixed = Variables.wrap(np.column_stack([factors[:, 1], codes[:, 0]]), kinds=["categorical", "continuous"])
    scores = scores_of(variant, mixed, factors)
    assert scores["disentanglement"] > 0.9
    assert scores["informativeness"] == 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_scores_are_reproducible_and_scale_invariant(variant):
    codes, factors, _ = draw()
    first, second = (scores_of(variant, c, factors) for c in (codes, codes))
    assert first == second
    assert scores_of(variant, codes * [4, 0.5] + 1, factors) == pytest.approx(first, abs=0.05)


def test_the_lasso_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((N, 3)) * [1, 5, 0.2]
    number = codes @ [2, 0.1, 0] + 0.1 * rng.standard_normal(N)
    scores = dci_by_lasso(codes, number, TRAIN)
    standardized = (codes - codes[TRAIN].mean(axis=0)) / codes[TRAIN].std(axis=0)
    expected = LassoCV(cv=5).fit(standardized[TRAIN], number[TRAIN] / number[TRAIN].std())
    found = np.array(scores["completeness"].details["importances"])[:, 0]
    assert found == pytest.approx(np.abs(expected.coef_), abs=0.01)
    assert scores["informativeness"].value == pytest.approx(0.99, abs=0.01)


def test_the_forest_agrees_with_scikit_learn():
    codes, factors, _ = draw()
    scores = dci_by_forest(codes, factors, TRAIN, trees=10, seed=3)
    expected = RandomForestClassifier(10, random_state=3).fit(codes[TRAIN], factors[TRAIN, 0]).feature_importances_
    assert np.array(scores["disentanglement"].details["importances"])[:, 0] == pytest.approx(expected, abs=1e-9)


def test_lightgbm_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    codes, factors, _ = draw()
    with pytest.raises(MetricError, match=r"disentangle-bench\[lightgbm\]"):
        dci_by_lightgbm(codes, factors, TRAIN)


def test_a_forest_without_trees():
    codes, factors, _ = draw()
    with pytest.raises(MetricError, match="trees is 0"):
        dci_by_forest(codes, factors, TRAIN, trees=0)


THREADS = """
from pathlib import Path
import lightgbm, numpy as np
from disentangle_bench.metrics import dci_by_lightgbm

def threads():
    return int(Path("/proc/self/status").read_text().split("Threads:")[1].split()[0])

factors = np.arange(200)[:, None] % 2
before = threads()
dci_by_lightgbm(factors, factors, np.arange(200) < 120)
print(threads() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_lightgbm_starts_no_threads():
    """They spin while they wait for each other: on busy processors hours instead of seconds."""
    pytest.importorskip("lightgbm")
    environment = {**os.environ, "OMP_NUM_THREADS": "4"}
    done = subprocess.run([sys.executable, "-c", THREADS], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_lightgbm_fits_factors_in_processes_with_the_same_result(monkeypatch):
    pytest.importorskip("lightgbm")
    codes, factors, _ = draw()
    alone = scores_of(dci_by_lightgbm, codes, factors)
    spread = []
    monkeypatch.setattr(schedule, "PAYS", 0.0)
    monkeypatch.setattr(schedule, "cpu_count", lambda: 2)
    in_processes = schedule.in_processes
    monkeypatch.setattr(schedule, "in_processes", lambda *given: spread.append(given[2]) or in_processes(*given))
    assert scores_of(dci_by_lightgbm, codes, factors) == alone
    assert spread == [2]
