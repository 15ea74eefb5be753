"""The nonparametric estimates on channels with a known answer."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics import Score
from disentangle_bench.metrics.generator.mutual_information import variational_bound
from disentangle_bench.metrics.generator.nonparametric_information import nonparametric_information
from tests.metrics.generator.channels import (
    EXACT,
    GAUSSIAN,
    NOISY,
    SYMMETRIC,
    USELESS,
    GaussianChannel,
    SymmetricChannel,
    coverage,
)


def estimate(channel: SymmetricChannel | GaussianChannel, **settings: int) -> Score:
    return nonparametric_information(channel.generate, channel.posterior, channel.latents, **settings)["c1"]


class TestNonparametric:
    @pytest.mark.parametrize("channel", SYMMETRIC)
    def test_symmetric_channels(self, channel):
        score = estimate(channel)
        assert score.value == pytest.approx(channel.information, abs=0.02)
        assert score.value <= score.ceiling == channel.latents.codes[0].entropy
        assert score.samples.mean() == pytest.approx(score.value)

    def test_independence_gives_0_and_a_perfect_reading_the_entropy(self):
        assert estimate(USELESS).value == pytest.approx(0, abs=0.002)
        exact = estimate(EXACT)
        assert (exact.value, exact.low, exact.high) == pytest.approx((math.log(10),) * 3, abs=1e-12)

    @pytest.mark.parametrize("channel", GAUSSIAN[1:])
    def test_gaussian_channels(self, channel):
        score = estimate(channel)
        assert score.value == pytest.approx(channel.information, abs=0.035)
        assert score.ceiling is None

    def test_a_posterior_mean_that_never_moves(self):
        channel = GAUSSIAN[0]
        assert estimate(channel).value == pytest.approx(0, abs=0.03)

    def test_does_not_suffer_from_a_wrong_scale(self):
        channel = GAUSSIAN[3]

        def overconfident(images: Tensor) -> tuple[Tensor]:
            return (channel.posterior(images)[0] - torch.tensor([0.0, 3.0]),)

        bound = variational_bound(channel.generate, overconfident, channel.latents)["c1"].value
        assert bound < 0
        score = nonparametric_information(channel.generate, overconfident, channel.latents)["c1"]
        assert score.value == pytest.approx(channel.information, abs=0.03)

    def test_coverage_of_the_interval_for_categories(self):
        scores = [estimate(NOISY, samples=600, bootstrap=200, seed=seed) for seed in range(150)]
        assert 0.9 <= coverage(scores, NOISY.information) <= 0.99

    @pytest.mark.slow
    def test_coverage_of_the_interval_for_continuous_codes(self):
        channel = GAUSSIAN[2]
        scores = [estimate(channel, samples=1_000, seed=seed) for seed in range(100)]
        assert 0.87 <= coverage(scores, channel.information) <= 0.99

    def test_too_few_samples_for_the_interval(self):
        with pytest.raises(MetricError, match=r"samples is 79.*\n.*80 or more"):
            estimate(NOISY, samples=79)
