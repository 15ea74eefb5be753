"""DCI against disentanglement_lib and scikit-learn; kinds of codes and factors; undefined scores."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from disentangle_bench.metrics.predictor.dci import COMPONENTS, dci
from disentangle_bench.metrics.predictor.importance import completeness, disentanglement
from disentangle_bench.representation.variables import Variables

GOLDEN = Path(__file__).parents[1] / "golden"
N = 600
TRAIN = np.arange(N) % 3 > 0
KEYS = dict(
    zip(COMPONENTS, ("disentanglement", "completeness", "informativeness_test", "informativeness_train"), strict=True)
)
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz"))
SPREAD = {"duplicated": {"completeness": 0.002}, "noise": 0.008, "noisy_linear": 0.003, "rotated": 0.001}
"""Roughly how much scikit-learn's values vary with `random_state`, which the references do not set."""


def load(case):
    with np.load(GOLDEN / f"{case}.npz") as arrays:
        return arrays["codes"], arrays["factors"], arrays["train"]


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_disentanglement_lib(case):
    scores = dci(*load(case))
    expected = json.loads((GOLDEN / f"{case}.json").read_text())["dci"]
    for part, score in scores.items():
        spread = SPREAD.get(case, 1e-6)
        reach = spread.get(part, 1e-6) if isinstance(spread, dict) else spread
        assert score.value == pytest.approx(expected[KEYS[part]], abs=reach), part


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_agrees_with_scikit_learn_for_a_seed(case):
    """Except for nearly dead codes, which are rescaled here: one case has two, of almost no importance."""
    codes, factors, train = load(case)
    models = [GradientBoostingClassifier(random_state=7).fit(codes[train], factor[train]) for factor in factors.T]
    scores = dci(codes, factors, train, seed=7)
    importances = np.stack([model.feature_importances_ for model in models], axis=1)
    assert np.array(scores["disentanglement"].details["importances"]) == pytest.approx(importances, abs=1e-9)
    for part, rows in (("informativeness", ~train), ("informativeness.train", train)):
        accuracy = [model.score(codes[rows], factor[rows]) for model, factor in zip(models, factors.T, strict=True)]
        assert scores[part].value == pytest.approx(np.mean(accuracy), abs=1e-9)
    assert scores["disentanglement"].value == pytest.approx(disentanglement(importances), abs=1e-9)
    assert scores["completeness"].value == pytest.approx(completeness(importances), abs=1e-9)


def draw(seed=0):
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, [3, 4], (N, 2))
    return factors + 0.2 * rng.standard_normal((N, 2)), factors


def test_perfect_codes_score_1():
    codes, factors = draw()
    scores = dci(factors + 1e-3 * codes, factors, TRAIN)
    assert [score.value for score in scores.values()] == pytest.approx([1, 1, 1, 1], abs=1e-6)


def test_noise_scores_low():
    _, factors = draw()
    scores = dci(np.random.default_rng(1).standard_normal((N, 3)), factors, TRAIN)
    assert all(scores[part].value < 0.1 for part in ("disentanglement", "completeness"))
    assert scores["informativeness"].value == pytest.approx((1 / 3 + 1 / 4) / 2, abs=0.05)


def test_a_dead_code_changes_nothing():
    codes, factors = draw()
    alive = dci(codes, factors, TRAIN)
    dead = dci(np.insert(codes, 0, 0.5, axis=1), factors, TRAIN)
    assert dead["disentanglement"].value == pytest.approx(alive["disentanglement"].value, abs=0.01)
    assert dead["disentanglement"].details["each"]["c1"] is None


@pytest.mark.parametrize("scale", [[4.0, 0.25], [1e-9, 1e12], [1e-40, 1e60]], ids=["usual", "unusual", "extreme"])
def test_the_scale_of_a_code_does_not_matter(scale):
    codes, factors = draw()
    before = dci(codes, factors, TRAIN)
    after = dci(codes * scale, factors, TRAIN)
    for part, score in before.items():
        assert after[part].value == pytest.approx(score.value, abs=0.01)


def test_a_categorical_code_is_one_code():
    codes, factors = draw()
    mixed = Variables.wrap(np.column_stack([factors[:, 0], codes[:, 1]]), kinds=["categorical", "continuous"])
    scores = dci(mixed, factors, TRAIN)
    assert np.array(scores["disentanglement"].details["importances"]).shape == (2, 2)
    assert scores["completeness"].details["each"]["f1"] == pytest.approx(1, abs=1e-6)
    assert scores["informativeness"].details["each"]["f1"] == 1


def test_regression_agrees_with_scikit_learn():
    codes, _ = draw()
    number = np.sin(codes[:, 0]) + codes[:, 1]
    scores = dci(codes, number, TRAIN)
    expected = GradientBoostingRegressor(random_state=0).fit(codes[TRAIN], number[TRAIN])
    found = np.array(scores["completeness"].details["importances"])[:, 0]
    assert found == pytest.approx(expected.feature_importances_, abs=1e-12)
    assert scores["informativeness"].value == pytest.approx(expected.score(codes[~TRAIN], number[~TRAIN]), abs=1e-12)


def test_a_cyclic_factor_is_predicted_as_two_numbers():
    angle = np.random.default_rng(0).uniform(-np.pi, np.pi, N)
    codes = np.column_stack([np.cos(angle), np.sin(angle), np.random.default_rng(1).standard_normal(N)])
    scores = dci(codes, Variables.wrap(angle, kinds=["cyclic"]), TRAIN)
    assert scores["informativeness"].value > 0.99
    assert np.array(scores["completeness"].details["importances"])[:, 0] == pytest.approx([0.5, 0.5, 0], abs=0.02)


def test_undefined_scores_have_a_reason():
    codes, factors = draw()
    assert "one factor" in dci(codes, factors[:, 0], TRAIN)["disentanglement"].reason
    assert "one code" in dci(codes[:, 0], factors, TRAIN)["completeness"].reason
    assert "no code helps to predict a factor" in dci(np.ones((N, 2)), factors, TRAIN)["disentanglement"].reason
    assert dci(np.ones((N, 2)), factors, TRAIN)["informativeness"].value is not None


def test_a_factor_that_is_constant_on_the_train_rows():
    codes, factors = draw()
    late = np.where(TRAIN, 0, factors[:, 0])
    scores = dci(codes, np.column_stack([late, factors[:, 1]]), TRAIN)
    assert scores["informativeness"].details["each"]["f1"] == (late[~TRAIN] == 0).mean()


def test_scores_are_reproducible():
    codes, factors = draw()
    assert dci(codes, factors, seed=1) == dci(codes, factors, seed=1)
