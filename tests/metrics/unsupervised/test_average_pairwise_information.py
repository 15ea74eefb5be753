"""Average pairwise information of codes with a known answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from disentangle_bench.metrics import average_pairwise_information
from disentangle_bench.representation.variables import Variables


def test_agrees_with_a_plain_computation():
    """As in disentanglement_lib: 20 equal-width bins of each code, mean over ordered pairs."""
    codes = np.random.default_rng(0).standard_normal((400, 4)) @ np.triu(np.ones((4, 4)))
    bins = [np.digitize(code, np.histogram(code, 20)[1][:-1]) for code in codes.T]
    pairs = [mutual_info_score(a, b) for i, a in enumerate(bins) for j, b in enumerate(bins) if i != j]
    score = average_pairwise_information(codes)
    assert score.value == pytest.approx(np.mean(pairs), abs=1e-12)
    assert np.diag(score.details["matrix"]) == pytest.approx([mutual_info_score(a, a) for a in bins])


def test_independent_categories_and_copies():
    grid = np.array([(a, b) for a in range(4) for b in range(5)])
    assert average_pairwise_information(grid).value == pytest.approx(0, abs=1e-12)
    copies = np.column_stack([grid[:, 0], (grid[:, 0] * 3 + 1) % 4])
    assert average_pairwise_information(copies).value == pytest.approx(math.log(4))


def test_mixed_codes():
    labels = np.arange(300) % 3
    values = np.column_stack([labels, labels - 0.5])
    codes = Variables.wrap(values, kinds=["categorical", "continuous"])
    assert average_pairwise_information(codes).value == pytest.approx(math.log(3))


def test_one_code():
    assert average_pairwise_information(np.arange(5.0)).reason == "there is only one code"
