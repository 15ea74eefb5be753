"""UDR against closed forms and a direct implementation of the paper."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import Lasso

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics import udr_lasso, udr_spearman
from disentangle_bench.metrics.unsupervised.udr import pair_score
from disentangle_bench.representation.variables import Variables

RNG = np.random.default_rng(0)
SOURCES = RNG.standard_normal((2_000, 3))
both = pytest.mark.parametrize("score", [udr_lasso, udr_spearman], ids=lambda score: score.info.name)


def rotated(seed: int) -> np.ndarray:
    return SOURCES @ np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0]


def white() -> np.ndarray:
    """Codes that are uncorrelated to the last digit."""
    return np.linalg.qr(SOURCES - SOURCES.mean(axis=0))[0] * np.sqrt(len(SOURCES))


class TestPairs:
    def test_one_counterpart_each(self):
        assert pair_score(np.eye(4)[[2, 0, 3, 1]]) == 1

    def test_evenly_spread(self):
        """r^2 / sum = r / 4 for four equal r."""
        assert pair_score(np.full((4, 4), 0.5)) == pytest.approx(0.125)

    def test_each_code_counts_once(self):
        """As in the paper: over 2 + 3 codes; the public program averages rows and columns separately."""
        likeness = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
        assert pair_score(likeness) == pytest.approx((1 + 1 + 1 + 1 + 1 / 2) / 5)

    def test_a_code_without_a_counterpart(self):
        assert pair_score(np.array([[1.0, 0.0], [0.0, 0.0]])) == pytest.approx(0.5)


@both
class TestModels:
    def test_models_that_agree_but_for_order_sign_and_scale(self, score):
        codes = white()
        scores = score({"a": codes, "b": -codes[:, [2, 0, 1]], "c": 3 * codes + 1})
        perfect = 1 if score is udr_spearman else 0.9
        assert [scores[name].value for name in "abc"] == pytest.approx([perfect] * 3, abs=0.06)

    def test_rotated_models_score_less(self, score):
        models = {"a": SOURCES, "b": SOURCES[:, ::-1], "c": SOURCES, "d": rotated(1), "e": rotated(2)}
        scores = {name: entry.value for name, entry in score(models).items()}
        assert min(scores[name] for name in "abc") > max(scores[name] for name in "de") + 0.1

    def test_noise_scores_near_zero(self, score):
        models = {str(seed): np.random.default_rng(seed).standard_normal((2_000, 3)) for seed in range(4)}
        assert all(entry.value < 0.05 for entry in score(models).values())

    def test_dead_codes_are_left_out_and_named(self, score):
        with_dead = np.column_stack([SOURCES, np.zeros(2_000), 0.01 * SOURCES[:, 0]])
        plain = score({"a": SOURCES, "b": SOURCES, "c": rotated(1)})
        scores = score({"a": with_dead, "b": SOURCES, "c": rotated(1)})
        assert [entry.value for entry in scores.values()] == pytest.approx([e.value for e in plain.values()])
        assert scores["a"].details["inactive_codes"] == ["c4", "c5"]

    def test_a_collapsed_model_has_no_score_and_takes_no_part(self, score):
        scores = score({"a": SOURCES, "b": rotated(1), "collapsed": np.zeros((2_000, 3))})
        assert scores["collapsed"].value is None
        assert "no code varies enough" in scores["collapsed"].reason
        assert list(scores["a"].details["pairs"]) == ["b"]

    def test_no_other_active_model(self, score):
        scores = score({"a": SOURCES, "collapsed": np.zeros((2_000, 3))})
        assert scores["a"].reason == "no other model has a code that varies enough"

    def test_models_of_different_width(self, score):
        scores = score({"a": SOURCES, "b": SOURCES[:, :2], "c": SOURCES[:, [0, 1, 2, 2]]})
        assert all(0 < entry.value <= 1 for entry in scores.values())

    def test_a_categorical_code_is_one_code(self, score):
        labels = RNG.integers(0, 4, 2_000)
        values = np.column_stack([labels, SOURCES[:, 0]])
        codes = Variables.wrap(values, kinds=["categorical", "continuous"])
        renamed = Variables.wrap(np.column_stack([(labels * 3 + 1) % 4, SOURCES[:, 0]]), kinds=codes.kinds)
        first, second = score({"a": codes, "b": renamed}).values()
        assert first.value == pytest.approx(second.value, abs=1e-6)
        assert first.value > 0.75

    @pytest.mark.parametrize(
        ("models", "message"),
        [({"a": SOURCES}, "there is 1"), ({"a": SOURCES, "b": SOURCES[:5]}, "a for 2000, b for 5")],
    )
    def test_models_that_cannot_be_compared(self, score, models, message):
        with pytest.raises(MetricError, match=message):
            score(models)


def plain_udr(likeness: list[list[np.ndarray | None]]) -> list[float]:
    """Equation by equation: the median over the others of the score of each pair."""
    models = range(len(likeness))
    scores = []
    for i in models:
        pairs = []
        for j in models:
            if i != j:
                r = likeness[j][i]
                columns = [max(r[:, a]) ** 2 / sum(r[:, a]) for a in range(r.shape[1])]
                rows = [max(r[b]) ** 2 / sum(r[b]) for b in range(r.shape[0])]
                pairs.append((sum(columns) + sum(rows)) / sum(r.shape))
        scores.append(float(np.median(pairs)))
    return scores


MODELS = {"a": SOURCES, "b": rotated(1), "c": rotated(2) ** 3, "d": SOURCES + rotated(3)}


def test_spearman_agrees_with_a_direct_computation():
    likeness = [[np.abs(spearmanr(b, a).statistic[:3, 3:]) for a in MODELS.values()] for b in MODELS.values()]
    scores = [entry.value for entry in udr_spearman(MODELS).values()]
    assert scores == pytest.approx(plain_udr(likeness), abs=1e-9)


def test_lasso_agrees_with_a_direct_computation():
    """As in disentanglement_lib: standardized codes, penalty 0.1, each model predicted from each other."""
    standard = [(codes - codes.mean(axis=0)) / codes.std(axis=0) for codes in MODELS.values()]
    likeness = [[np.abs(Lasso(alpha=0.1).fit(b, a).coef_).T for a in standard] for b in standard]
    scores = [entry.value for entry in udr_lasso(MODELS).values()]
    assert scores == pytest.approx(plain_udr(likeness), abs=1e-6)


@both
def test_agrees_with_the_authors_program(score):
    """Where all codes are active and the models have equally many."""
    golden = Path(__file__).parents[1] / "golden" / "authors"
    expected = json.loads((golden / "models.json").read_text())[score.info.name]
    with np.load(golden / "models.npz") as arrays:
        models = dict(zip(expected, arrays["udr"], strict=True))
    values = {name: entry.value for name, entry in score(models).items()}
    assert values == pytest.approx(expected, abs=1e-9)
