"""Models that stop early are fitted without a warning."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

from disentangle_bench.metrics.learners.fitting import fit_quietly


def test_a_model_that_has_not_converged_does_not_warn():
    values, labels = np.random.default_rng(0).normal(size=(60, 5)), np.arange(60) % 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fit_quietly(LogisticRegression(max_iter=1), values, labels)
    assert model.n_iter_.max() == 1
