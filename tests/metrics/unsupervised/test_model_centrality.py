"""ModelCentrality of models with known agreement."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.metrics import factor_vae_score, model_centrality

GRID = np.array(list(product(range(5), repeat=3)) * 8)
CODES = (GRID - GRID.mean(axis=0)) / GRID.std(axis=0)


def rotated(seed: int) -> np.ndarray:
    return CODES @ np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0]


def test_models_that_agree_are_central():
    noise = 3 * np.random.default_rng(0).standard_normal((2, *CODES.shape))
    models = {"a": CODES, "b": -CODES[:, ::-1], "c": 2 * CODES, "d": CODES + noise[0], "e": CODES + noise[1]}
    scores = {name: score.value for name, score in model_centrality(models).items()}
    assert min(scores[name] for name in "abc") > max(scores[name] for name in "de") + 0.1
    pairs = model_centrality(models)["a"].details["pairs"]
    assert pairs["b"] == pairs["c"] == 1


def test_a_pair_is_the_mean_of_both_factor_vae_scores():
    other = CODES + 0.8 * rotated(1)
    settings = {"batch_size": 64, "min_variance": 0.02, "seed": 3}
    forth = factor_vae_score(other, CODES, train_votes=500, test_votes=500, **settings).value
    back = factor_vae_score(CODES, other, train_votes=500, test_votes=500, **settings).value
    first, second = model_centrality({"a": CODES, "b": other}, votes=500, **settings).values()
    assert first.value == second.value == pytest.approx((forth + back) / 2, abs=1e-12)


def test_a_collapsed_model_takes_no_part():
    scores = model_centrality({"a": CODES, "b": CODES, "dead": np.zeros_like(CODES)})
    assert scores["dead"].value is None
    assert list(scores["a"].details["pairs"]) == ["b"]


def test_a_seed_draws_the_trials():
    models = {"a": CODES, "b": rotated(1), "c": rotated(2)}
    assert model_centrality(models) == model_centrality(models)


def test_agrees_with_the_authors_program():
    """Each row many times, so that both splits are alike: the program scores the votes that it learned from."""
    golden = Path(__file__).parents[1] / "golden" / "authors"
    expected = json.loads((golden / "models.json").read_text())["model-centrality"]
    with np.load(golden / "models.npz") as arrays:
        models = {name: np.tile(codes, (12, 1)) for name, codes in zip(expected, arrays["central"], strict=True)}
    runs = [model_centrality(models, seed=seed) for seed in range(3)]
    values = {name: np.mean([run[name].value for run in runs]) for name in models}
    assert values == pytest.approx({name: entry["mean"] for name, entry in expected.items()}, abs=0.02)
    assert sorted(values, key=values.get) == sorted(expected, key=lambda name: expected[name]["mean"])
