"""The variational bound, under the model's own Q, on channels with a known answer."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from disentangle_bench.latents import Gaussian, LatentSpec, Uniform
from disentangle_bench.metrics.generator.mutual_information import variational_bound
from tests.metrics.generator.channels import EXACT, GAUSSIAN, NOISY, SYMMETRIC, Pair, SymmetricChannel, coverage


class TestChannels:
    """The channels carry the information that they declare."""

    @pytest.mark.parametrize("channel", SYMMETRIC)
    def test_symmetric_channels_flip_as_often_as_declared(self, channel):
        latents = channel.latents.sample(20_000, torch.Generator().manual_seed(0))
        images = channel.generate(latents)
        seen = images[:, 0, 0].argmax(dim=1)
        wrong = seen[seen != latents.codes[0]] - latents.codes[0][seen != latents.codes[0]]
        shifts = np.bincount(wrong % channel.k, minlength=channel.k)
        evenly = channel.flip / (channel.k - 1)
        assert shifts / 20_000 == pytest.approx([0] + [evenly] * (channel.k - 1), abs=0.01)

    @pytest.mark.parametrize("channel", GAUSSIAN)
    def test_gaussian_channels_correlate_as_declared(self, channel):
        latents = channel.latents.sample(20_000, torch.Generator().manual_seed(0))
        brightness = channel.generate(latents)[:, 0, 0, 0]
        assert np.corrcoef(latents.codes[0], brightness)[0, 1] == pytest.approx(channel.correlation, abs=0.02)


class TestVariationalBound:
    @pytest.mark.parametrize("channel", SYMMETRIC + GAUSSIAN)
    def test_the_true_posterior_reaches_the_information(self, channel):
        score = variational_bound(channel.generate, channel.posterior, channel.latents)["c1"]
        error = score.samples.std() / math.sqrt(10_000)
        assert score.value == pytest.approx(channel.information, abs=3 * error + 1e-5)
        assert score.low <= score.value <= score.high
        assert score.unit == "nats"

    @pytest.mark.parametrize("channel", [NOISY, EXACT, *GAUSSIAN[1:]])
    @pytest.mark.parametrize("fault", [lambda p: 0.3 * p, lambda p: 3 * p, lambda p: p.roll(1, dims=0)])
    def test_no_other_posterior_exceeds_it(self, channel, fault):
        def wrong(images: Tensor) -> tuple[Tensor]:
            return (fault(channel.posterior(images)[0]),)

        score = variational_bound(channel.generate, wrong, channel.latents, samples=4_000)["c1"]
        assert score.value <= channel.information + 3 * score.samples.std() / math.sqrt(4_000) + 1e-5

    def test_two_codes(self):
        pair = Pair(NOISY, GAUSSIAN[3])
        scores = variational_bound(pair.generate, pair.posterior, pair.latents)
        assert list(scores) == ["c1", "c1.share", "c2", "c2.r2", "c2.sd"]
        assert scores["c1"].value == pytest.approx(NOISY.information, abs=0.03)
        assert scores["c2"].value == pytest.approx(GAUSSIAN[3].information, abs=0.03)

    def test_a_categorical_code_has_its_entropy_as_the_ceiling(self):
        scores = variational_bound(EXACT.generate, EXACT.posterior, EXACT.latents)
        assert scores["c1"].ceiling == math.log(10)
        assert scores["c1"].high <= math.log(10)
        assert scores["c1"].chance == 0
        share = scores["c1.share"]
        assert (share.value, share.ceiling, share.unit) == (pytest.approx(1), 1, "")
        assert scores["c1"].details["entropy"] == math.log(10)
        assert scores["c1"].details["entropy_kind"] == "discrete"

    def test_a_continuous_code_has_none(self):
        channel = GAUSSIAN[4]
        scores = variational_bound(channel.generate, channel.posterior, channel.latents)
        assert scores["c1"].ceiling is None
        assert scores["c1"].value > Gaussian().entropy  # which is why there is no ceiling, nor a share
        assert "c1.share" not in scores
        assert scores["c1"].details["entropy_kind"] == "differential"

    def test_details_describe_the_estimate(self):
        details = variational_bound(NOISY.generate, NOISY.posterior, NOISY.latents, samples=50)["c1"].details
        assert details["bounds"] == "below"
        assert details["samples"] == 50
        assert "own Q" in details["estimator"]
        assert json.loads(json.dumps(details)) == details

    def test_chance_is_the_bound_of_an_uninformed_posterior(self):
        spec = LatentSpec(0, (Uniform(),))

        def uninformed(images: Tensor) -> tuple[Tensor]:
            return (torch.tensor([0.0, 0.5 * math.log(1 / 3)]).expand(len(images), 2),)

        score = variational_bound(lambda latents: torch.zeros(len(latents), 1, 2, 2), uninformed, spec)["c1"]
        assert score.chance == pytest.approx(-0.1765, abs=1e-4)
        assert score.low <= score.chance <= score.high

    def test_coverage_of_the_interval(self):
        for channel in (NOISY, GAUSSIAN[2]):
            scores = [
                variational_bound(channel.generate, channel.posterior, channel.latents, samples=300, seed=seed)["c1"]
                for seed in range(200)
            ]
            assert 0.91 <= coverage(scores, channel.information) <= 0.99

    def test_the_bound_does_not_depend_on_the_batch_size(self):
        bounds = [
            variational_bound(NOISY.generate, NOISY.posterior, NOISY.latents, samples=100, batch_size=size)["c1"].value
            for size in (7, 100, 1_000)
        ]
        assert bounds == pytest.approx([bounds[0]] * 3, abs=1e-6)

    def test_subjects_with_the_same_latents_can_be_paired(self):
        first, second, third = (
            variational_bound(channel.generate, channel.posterior, channel.latents, samples=50, seed=seed)["c1"]
            for channel, seed in ((NOISY, 0), (SymmetricChannel(5, 0.5), 0), (NOISY, 1))
        )
        assert first.pairing == second.pairing
        assert first.pairing != third.pairing
        assert len(first.samples) == 50
        assert first.samples.mean() == pytest.approx(first.value)
