"""Sampled scores agree with other programs' on the same grid, within the spread of both."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.metrics import METRICS

GOLDEN = Path(__file__).parents[1] / "golden" / "authors"
METRIC_NAMES = ("beta-vae-score", "factor-vae-score", "z-diff", "z-min-variance")
SEEDS = 4
STANDARD_ERRORS = 4


@pytest.mark.parametrize("case", ["grid_leaky", "grid_rotated"])
@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_agrees_with_the_public_program(case: str, metric: str) -> None:
    """They draw training and test trials from all rows, so here both splits hold the whole grid."""
    expected = json.loads((GOLDEN / f"{case}.json").read_text())[metric]
    with np.load(GOLDEN / f"{case}.npz") as arrays:
        codes, factors = (np.tile(arrays[name], (2 * expected["copies"], 1)) for name in ("codes", "factors"))
    train = np.arange(len(codes)) < len(codes) // 2
    values = [METRICS.get(metric)(codes, factors, train, seed=seed).value for seed in range(SEEDS)]
    error = expected["sd"] * math.sqrt(1 / SEEDS + 1 / expected["runs"])
    assert np.mean(values) == pytest.approx(expected["mean"], abs=STANDARD_ERRORS * error)
    assert max(values) - min(values) < 6 * expected["sd"]
