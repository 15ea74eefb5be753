"""A newly trained posterior, and the variational bound under it, on channels with a known answer."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch import Tensor

from disentangle_bench.latents import Categorical, Latents, LatentSpec, Uniform
from disentangle_bench.metrics.generator.fresh_posterior import EPOCHS, train_posterior
from disentangle_bench.metrics.generator.mutual_information import fresh_posterior_bound, variational_bound
from tests.metrics.generator.channels import EXACT, GAUSSIAN, NOISY, Pair

FRESH = {"samples": 4_000, "train_samples": 12_000, "validation_samples": 1_000}


class TestFreshPosterior:
    @pytest.mark.slow
    @pytest.mark.parametrize("channel", [NOISY, EXACT, GAUSSIAN[2], GAUSSIAN[3]])
    def test_comes_close_to_the_information_and_does_not_exceed_it(self, channel):
        score = fresh_posterior_bound(channel.generate, channel.latents, **FRESH)["c1"]
        error = score.samples.std() / math.sqrt(FRESH["samples"])
        assert score.value <= channel.information + 3 * error + 1e-5
        assert score.value >= channel.information - 3 * error - 0.03

    def test_an_image_without_the_code_gives_the_uninformed_bound(self):
        spec = LatentSpec(4, (Categorical(5), Uniform()), noise_prior="gaussian")
        scores = fresh_posterior_bound(
            lambda latents: latents.noise.reshape(-1, 1, 2, 2), spec, **FRESH | {"train_samples": 2_000}
        )
        for name in ("c1", "c2"):
            assert scores[name].chance - 0.02 <= scores[name].value <= scores[name].chance + 0.02

    @pytest.mark.slow
    def test_the_gap_is_what_the_models_own_posterior_misses(self):
        pair = Pair(NOISY, GAUSSIAN[3])

        def dull(images: Tensor) -> tuple[Tensor, Tensor]:
            first, second = pair.posterior(images)
            return torch.zeros_like(first), second

        scores = fresh_posterior_bound(pair.generate, pair.latents, dull, **FRESH)
        assert list(scores) == ["c1", "c1.share", "c1.gap", "c2", "c2.r2", "c2.sd", "c2.gap"]
        own = variational_bound(pair.generate, dull, pair.latents, samples=FRESH["samples"])
        for name in ("c1", "c2"):
            gap = scores[f"{name}.gap"]
            assert gap.value == pytest.approx(scores[name].value - own[name].value, abs=1e-6)
            assert scores[name].pairing == own[name].pairing == gap.pairing
            assert gap.better == "neither"
        assert scores["c1.gap"].low > 0.5
        assert scores["c2.gap"].value == pytest.approx(0, abs=0.04)

    @pytest.mark.slow
    def test_learns_sigma_where_the_model_has_a_fixed_one(self):
        spec = LatentSpec(0, (Uniform(sigma=1.0),))

        def paint(latents: Latents) -> Tensor:
            return latents.codes[0][:, None, None, None].expand(-1, 1, 2, 2)

        scores = fresh_posterior_bound(paint, spec, lambda images: (images[:, 0, 0, :1],), noise=0, **FRESH)
        assert scores["c1.gap"].details["own"] == pytest.approx(math.log(2) - 0.5 * math.log(2 * math.pi), abs=1e-4)
        assert scores["c1"].value > 1

    def test_without_a_posterior_there_is_no_gap(self):
        scores = fresh_posterior_bound(
            NOISY.generate, NOISY.latents, samples=50, train_samples=100, validation_samples=50
        )
        assert list(scores) == ["c1", "c1.share"]
        details = scores["c1"].details
        assert details["train_samples"] == 100
        assert 1 <= details["epochs"] <= EPOCHS
        assert json.loads(json.dumps(details)) == details

    @pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (1, 9, 13)])
    def test_reads_images_of_any_size(self, shape):
        spec = LatentSpec(math.prod(shape), (Categorical(2),), noise_prior="gaussian")

        def paint(latents: Latents) -> Tensor:
            """Noise, and the left half brighter for one category."""
            images = 0.1 * latents.noise.reshape(-1, *shape)
            images[..., : shape[2] // 2] += 0.5 * latents.codes[0][:, None, None, None]
            return images

        scores = fresh_posterior_bound(paint, spec, samples=200, train_samples=600, validation_samples=100)
        assert scores["c1.share"].value > 0.9

    def test_overfitting_stops_training_early_and_restores_an_earlier_epoch(self):
        """A few noise images: the best epoch is before the network has memorized them."""
        spec = LatentSpec(64, (Categorical(2),))
        posterior = train_posterior(
            lambda latents: latents.noise.reshape(-1, 1, 8, 8),
            spec,
            samples=200,
            validation=200,
            batch_size=100,
            seed=0,
        )
        assert posterior.epochs < EPOCHS
        assert posterior.best_epochs[0] <= posterior.epochs - 2
