"""Pairwise information and active units on codes whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics import active_units, average_pairwise_information
from disentangle_bench.representation.variables import Variables


class TestAveragePairwiseInformation:
    def test_agrees_with_a_plain_computation(self):
        """As disentanglement_lib has it: 20 equal-width bins of each code, mean over ordered pairs."""
        codes = np.random.default_rng(0).standard_normal((400, 4)) @ np.triu(np.ones((4, 4)))
        bins = [np.digitize(code, np.histogram(code, 20)[1][:-1]) for code in codes.T]
        pairs = [mutual_info_score(a, b) for i, a in enumerate(bins) for j, b in enumerate(bins) if i != j]
        score = average_pairwise_information(codes)
        assert score.value == pytest.approx(np.mean(pairs), abs=1e-12)
        assert np.diag(score.details["matrix"]) == pytest.approx([mutual_info_score(a, a) for a in bins])

    def test_independent_categories_and_copies(self):
        grid = np.array([(a, b) for a in range(4) for b in range(5)])
        assert average_pairwise_information(grid).value == pytest.approx(0, abs=1e-12)
        copies = np.column_stack([grid[:, 0], (grid[:, 0] * 3 + 1) % 4])
        assert average_pairwise_information(copies).value == pytest.approx(math.log(4))

    def test_mixed_codes(self):
        labels = np.arange(300) % 3
        values = np.column_stack([labels, labels - 0.5])
        codes = Variables.wrap(values, kinds=["categorical", "continuous"])
        assert average_pairwise_information(codes).value == pytest.approx(math.log(3))

    def test_one_code(self):
        assert average_pairwise_information(np.arange(5.0)).reason == "there is only one code"


class TestActiveUnits:
    def test_counts_codes_by_their_variance(self):
        codes = np.random.default_rng(0).standard_normal((5_000, 5)) * np.sqrt([1, 0.02, 0.005, 0, 3])
        score = active_units(codes)
        assert score.value == 3
        assert score.ceiling == 5
        assert score.details["active_codes"] == ["c1", "c2", "c5"]
        assert score.details["dead_codes"] == ["c3", "c4"]
        assert score.details["variances"] == pytest.approx(codes.var(axis=0, ddof=1))
        assert active_units(codes, min_variance=0.001).value == 4

    def test_categories_and_angles(self):
        rng = np.random.default_rng(0)
        rare = (np.arange(1_000) == 0).astype(float)
        values = np.column_stack([rng.integers(0, 10, 1_000), rare, rng.uniform(0, 2 * np.pi, 1_000)])
        codes = Variables.wrap(values, kinds=["categorical", "categorical", "cyclic"])
        score = active_units(codes)
        assert score.details["dead_codes"] == ["c2"]
        assert score.details["variances"] == pytest.approx([0.45, 0.001, 2], abs=0.1)

    def test_all_dead_is_none_active(self):
        assert active_units(np.zeros((9, 2))).value == 0

    def test_one_sample(self):
        with pytest.raises(MetricError, match="only 1 sample"):
            active_units(np.ones((1, 2)))
