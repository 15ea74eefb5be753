"""What all three estimators of mutual information have in common: seeds, devices, broken input."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Gaussian, Latents
from disentangle_bench.metrics.generator.mutual_information import fresh_posterior_bound, variational_bound
from disentangle_bench.metrics.generator.nonparametric_information import nonparametric_information
from tests.metrics.generator.channels import GAUSSIAN, NOISY, Pair

SMALL = {"samples": 100, "batch_size": 40}
SMALL_FRESH = SMALL | {"train_samples": 200, "validation_samples": 100}
PAIR = Pair(NOISY, GAUSSIAN[2])


def every_estimator(generate, posterior, latents=PAIR.latents, seed=0):
    return {
        "own": variational_bound(generate, posterior, latents, seed=seed, **SMALL),
        "fresh": fresh_posterior_bound(generate, latents, posterior, seed=seed, **SMALL_FRESH),
        "nonparametric": nonparametric_information(generate, posterior, latents, seed=seed, bootstrap=20, **SMALL),
    }


class TestEveryEstimator:
    def test_a_seed_gives_the_same_numbers_and_another_gives_others(self):
        first, second, other = (every_estimator(PAIR.generate, PAIR.posterior, seed=seed) for seed in (0, 0, 1))
        assert first == second
        for name in first:
            assert first[name]["c1"].value != other[name]["c1"].value

    def test_a_generator_that_draws_from_torchs_global_state_is_seeded_too(self):
        def restless(latents: Latents) -> Tensor:
            images = PAIR.generate(latents)
            return images + 0.1 * torch.randn_like(images)

        torch.manual_seed(1)
        first = every_estimator(restless, PAIR.posterior)
        torch.manual_seed(2)
        assert first == every_estimator(restless, PAIR.posterior)

    def test_torchs_global_state_is_left_as_it_was(self):
        before = torch.get_rng_state()
        every_estimator(PAIR.generate, PAIR.posterior)
        assert torch.equal(before, torch.get_rng_state())

    def test_the_fresh_posterior_trains_where_gradients_are_off(self):
        expected = every_estimator(PAIR.generate, PAIR.posterior)
        inference = torch.inference_mode()(PAIR.generate)
        assert every_estimator(inference, PAIR.posterior) == expected
        with torch.inference_mode():
            assert every_estimator(PAIR.generate, PAIR.posterior) == expected

    def test_a_posterior_in_half_precision(self):
        def half(images: Tensor) -> tuple[Tensor, ...]:
            return tuple(part.bfloat16() for part in PAIR.posterior(images))

        for scores in every_estimator(lambda latents: PAIR.generate(latents).double(), half).values():
            assert scores["c1"].samples is None or scores["c1"].samples.dtype == np.float64

    def test_a_posterior_that_is_not_a_number(self):
        def broken(images: Tensor) -> tuple[Tensor, Tensor]:
            first, second = PAIR.posterior(images)
            return first, torch.where(images[:, 0, 1, :1] > 0, math.nan, second)

        scores = every_estimator(PAIR.generate, broken)
        for name, part in (
            ("own", "c2"),
            ("own", "c2.r2"),
            ("own", "c2.sd"),
            ("fresh", "c2.gap"),
            ("nonparametric", "c2"),
        ):
            assert scores[name][part].value is None
            assert "c2 is NaN or infinite on" in scores[name][part].reason
            assert "of 100 images" in scores[name][part].reason
        assert scores["own"]["c1"].value is not None
        assert scores["fresh"]["c2"].value is not None

    @pytest.mark.parametrize("estimate", [variational_bound, nonparametric_information])
    def test_a_posterior_of_other_codes(self, estimate):
        with pytest.raises(MetricError, match=r"shapes \[\(100, 5\)\]; the codes c1, c2 need"):
            estimate(PAIR.generate, lambda images: (torch.zeros(len(images), 5),), PAIR.latents, samples=100)

    def test_a_generator_whose_output_is_not_images(self):
        with pytest.raises(MetricError, match=r"shape \(64, 7\) for 64 latents"):
            every_estimator(lambda latents: torch.zeros(len(latents), 7), PAIR.posterior)

    @pytest.mark.parametrize("settings", [{"samples": 1}, {"samples": 100, "batch_size": 0}])
    def test_invalid_sizes(self, settings):
        for estimate in (variational_bound, nonparametric_information):
            with pytest.raises(MetricError, match="or more"):
                estimate(PAIR.generate, PAIR.posterior, PAIR.latents, **settings)
        with pytest.raises(MetricError, match="or more"):
            fresh_posterior_bound(PAIR.generate, PAIR.latents, **settings)

    @pytest.mark.parametrize("setting", ["train_samples", "validation_samples"])
    def test_nothing_to_train_on(self, setting):
        with pytest.raises(MetricError, match=f"{setting} is 0"):
            fresh_posterior_bound(PAIR.generate, PAIR.latents, **{setting: 0})

    def test_named_codes(self):
        spec = replace(PAIR.latents, codes=(Categorical(5, "digit"), Gaussian("slant")))
        scores = every_estimator(PAIR.generate, PAIR.posterior, spec)
        assert list(scores["own"]) == ["digit", "digit.share", "slant", "slant.r2", "slant.sd"]
