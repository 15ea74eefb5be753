"""DCI-ES: explicitness of given curves in closed form, and of linear, curved and uninformative codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.predictor.dci_es import FEATURES, dci_es, explicitness
from disentangle_bench.representation.variables import Variables

N = 900
TRAIN = np.arange(N) % 3 > 0


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([0, 0, 0, 0], 1),
        ([0.3, 0.3, 0.3], 1),
        ([1, 0.5, 0], 0),
        ([1, 0.75, 0.5], 0),
        ([1, 0, 0], 0.5),
        ([1, 1, 0], -0.5),
        ([1, 0.5, 0, 7], 1 / 3),
        ([2, 0.5, 0], 0),
    ],
    ids=["exact", "linear", "even", "even to a half", "early", "late", "overfitted", "worse than the mean"],
)
def test_explicitness_of_a_curve(losses, expected):
    assert explicitness(losses) == pytest.approx(expected, abs=1e-12)


def test_a_factor_that_no_probe_predicts_scores_minus_1():
    assert explicitness([1, 1, 0.995]) == -1


def draw():
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (N, 2)), rng


def test_linear_and_rotated_codes_are_explicit():
    factors, _ = draw()
    for codes in (factors, factors @ [[0.6, 0.8], [-0.8, 0.6]]):
        assert dci_es(codes, factors, TRAIN)["explicitness"].value > 0.99


def test_a_curved_code_needs_capacity():
    factors, _ = draw()
    curled = np.column_stack([np.abs(factors[:, 0]) * 2 - 1, factors[:, 1]])
    angle = np.pi * factors[:, :1]
    rolled = np.concatenate(
        [np.cos(angle) * (1.5 + angle / 4), np.sin(angle) * (1.5 + angle / 4), factors[:, 1:]], axis=1
    )
    each = dci_es(rolled, factors, TRAIN)["explicitness"].details["each"]
    assert each["f1"] < 0.9
    assert each["f2"] > 0.99
    each = dci_es(factors, curled, TRAIN)["explicitness"].details["each"]
    assert each["f1"] < 0.5


def test_noise_is_not_explicit():
    factors, rng = draw()
    assert dci_es(rng.standard_normal((N, 3)), factors, TRAIN)["explicitness"].value == -1


def test_a_categorical_code_is_explicit():
    classes = np.random.default_rng(0).integers(0, 5, N)
    named = Variables.wrap((classes + 2) % 5, kinds=["categorical"])
    assert dci_es(named, classes, TRAIN)["explicitness"].value > 0.99
    assert dci_es((classes + 2.0) % 5, classes, TRAIN)["explicitness"].value < 0.8


def test_size_is_factors_over_codes():
    factors, rng = draw()
    assert dci_es(rng.standard_normal((N, 4)), factors, TRAIN)["size"].value == 0.5
    assert dci_es(factors[:, :1], factors, TRAIN)["size"].value == 2


def test_the_curves_are_in_the_details():
    factors, _ = draw()
    details = dci_es(factors, factors, TRAIN)["explicitness"].details
    assert details["features"] == list(FEATURES)
    assert len(details["losses"]["f1"]) == len(FEATURES)
    assert details["losses"]["f1"][0] < 1e-4


def test_scale_and_shift_of_a_code_do_not_matter():
    factors, _ = draw()
    codes = np.sinh(2 * factors)
    before, after = (dci_es(c, factors, TRAIN)["explicitness"].value for c in (codes, codes * [1e3, 0.1] + [5, -1]))
    assert after == pytest.approx(before, abs=1e-6)


def test_an_invalid_penalty():
    factors, _ = draw()
    with pytest.raises(MetricError, match="ridge is 0"):
        dci_es(factors, factors, TRAIN, ridge=0.0)


def of_eight_classes(noise: float) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    classes = rng.integers(8, size=(6 * N, 1))
    codes = classes + noise * classes.std() * rng.standard_normal((6 * N, 1))
    return {part: score.value for part, score in dci_es(codes, classes, np.arange(6 * N) % 3 > 0).items()}


def test_noise_raises_explicitness_and_lowers_informativeness():
    """Of K classes, a number explains 1 / (K - 1) linearly, and 1 / (1 + noise²) times that behind noise."""
    found = {noise: of_eight_classes(noise) for noise in (0.0, 0.3, 1.0, 2.0)}
    for noise, of in found.items():
        assert of["informativeness.linear"] == pytest.approx(1 / 7 / (1 + noise**2), abs=0.01)
    explicit, informative, linear = (
        [of[part] for of in found.values()] for part in ("explicitness", "informativeness", "informativeness.linear")
    )
    assert explicit == sorted(explicit)
    assert explicit[0] < 0.6
    assert explicit[-1] > 0.9
    assert informative == sorted(informative, reverse=True)
    assert linear == sorted(linear, reverse=True)
    assert informative[0] > 0.95


def test_explicitness_has_no_direction_and_informativeness_has():
    scores = dci_es(*[draw()[0]] * 2, TRAIN)
    assert dci_es.info.better == "neither"
    assert {part: score.better for part, score in scores.items()} == {
        "explicitness": None, "informativeness": "higher", "informativeness.linear": "higher", "size": None
    }  # fmt: skip


def test_indicators_of_the_classes_are_as_explicit_and_as_informative_as_can_be():
    classes = np.random.default_rng(0).integers(8, size=(N, 2))
    indicators = np.concatenate([column[:, None] == np.arange(8) for column in classes.T], axis=1).astype(float)
    scores = dci_es(indicators, classes, TRAIN)
    for part in ("explicitness", "informativeness", "informativeness.linear"):
        assert scores[part].value == pytest.approx(1, abs=1e-3)


def test_informativeness_is_one_minus_the_losses_of_the_curves():
    factors, rng = draw()
    scores = dci_es(np.sinh(3 * factors) + 0.1 * rng.standard_normal(factors.shape), factors, TRAIN)
    losses = np.array(list(scores["explicitness"].details["losses"].values()))
    assert scores["informativeness"].value == pytest.approx(1 - losses.min(axis=1).mean())
    assert scores["informativeness.linear"].value == pytest.approx(1 - losses[:, 0].mean())
