"""The three estimators on channels with a known answer: generators whose images carry a known number of nats."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Gaussian, Latents, LatentSpec, Uniform
from disentangle_bench.metrics.generator.fresh_posterior import EPOCHS, train_posterior
from disentangle_bench.metrics.generator.mutual_information import (
    fresh_posterior_bound,
    nonparametric,
    variational_bound,
)


@dataclass(frozen=True)
class SymmetricChannel:
    """A category painted as one bright pixel of `k`; with probability `flip`, another one, evenly."""

    k: int
    flip: float

    @property
    def latents(self) -> LatentSpec:
        return LatentSpec(2, (Categorical(self.k),))

    @property
    def information(self) -> float:
        """`I(c; image)`, in nats: `ln k - h(flip) - flip ln(k - 1)`."""
        return float(math.log(self.k) - stats.bernoulli(self.flip).entropy() - self.flip * math.log(self.k - 1))

    def generate(self, latents: Latents) -> Tensor:
        flipped = (latents.noise[:, 0] + 1) / 2 < self.flip
        shift = 1 + ((latents.noise[:, 1] + 1) / 2 * (self.k - 1)).long().clamp(max=self.k - 2)
        seen = (latents.codes[0] + flipped * shift) % self.k
        return Categorical(self.k).encode(seen)[:, None, None, :]

    def posterior(self, images: Tensor) -> tuple[Tensor]:
        """The true one: `ln p(c given image)`."""
        likely, unlikely = math.log(max(1 - self.flip, 1e-30)), math.log(max(self.flip / (self.k - 1), 1e-30))
        return (torch.where(images[:, 0, 0] > 0.5, likely, unlikely),)


@dataclass(frozen=True)
class GaussianChannel:
    """A normal code, correlated with the brightness of a grey 3x3 image that is otherwise noise."""

    correlation: float

    @property
    def latents(self) -> LatentSpec:
        return LatentSpec(1, (Gaussian(),), noise_prior="gaussian")

    @property
    def information(self) -> float:
        """`I(c; image) = -ln(1 - rho^2) / 2`, in nats."""
        return -0.5 * math.log(1 - self.correlation**2)

    def generate(self, latents: Latents) -> Tensor:
        noise = math.sqrt(1 - self.correlation**2) * latents.noise[:, 0]
        brightness = self.correlation * latents.codes[0] + noise
        return brightness[:, None, None, None].expand(-1, 1, 3, 3)

    def posterior(self, images: Tensor) -> tuple[Tensor]:
        """The true one: mean `rho y`, variance `1 - rho^2`."""
        mean = self.correlation * images[:, 0, 1, 1]
        log_sigma = torch.full_like(mean, 0.5 * math.log(1 - self.correlation**2))
        return (torch.stack([mean, log_sigma], dim=1),)


@dataclass(frozen=True)
class Pair:
    """Two channels side by side in one image: `c1` in the upper rows, `c2` in the lowest."""

    first: SymmetricChannel
    second: GaussianChannel

    @property
    def latents(self) -> LatentSpec:
        return LatentSpec(3, (Categorical(self.first.k), Gaussian()), noise_prior="gaussian")

    def generate(self, latents: Latents) -> Tensor:
        even = torch.special.ndtr(latents.noise[:, :2]) * 2 - 1  # uniform on [-1, 1]
        upper = self.first.generate(Latents(even, latents.codes[:1]))
        lower = self.second.generate(Latents(latents.noise[:, 2:], latents.codes[1:]))
        return torch.cat([upper, lower[:, :, :1, :1].expand(-1, 1, 1, self.first.k)], dim=2)

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        grey = images[:, :, 1:, :1].expand(-1, 1, 3, 3)
        return (*self.first.posterior(images[:, :, :1]), *self.second.posterior(grey))


NOISY, USELESS, EXACT = SymmetricChannel(5, 0.2), SymmetricChannel(4, 0.75), SymmetricChannel(10, 0.0)
SYMMETRIC = [NOISY, USELESS, EXACT, SymmetricChannel(2, 0.05)]
GAUSSIAN = [GaussianChannel(correlation) for correlation in (0.0, 0.3, 0.6, 0.9, 0.99)]
FRESH = {"samples": 4_000, "train_samples": 12_000, "validation_samples": 1_000}


def coverage(intervals, truth) -> float:
    return float(np.mean([score.low <= truth <= score.high for score in intervals]))


class TestChannels:
    """The channels are what they say."""

    @pytest.mark.parametrize("channel", SYMMETRIC)
    def test_symmetric_channels_flip_as_often_as_they_say(self, channel):
        latents = channel.latents.sample(20_000, torch.Generator().manual_seed(0))
        images = channel.generate(latents)
        seen = images[:, 0, 0].argmax(dim=1)
        wrong = seen[seen != latents.codes[0]] - latents.codes[0][seen != latents.codes[0]]
        shifts = np.bincount(wrong % channel.k, minlength=channel.k)
        evenly = channel.flip / (channel.k - 1)
        assert shifts / 20_000 == pytest.approx([0] + [evenly] * (channel.k - 1), abs=0.01)

    @pytest.mark.parametrize("channel", GAUSSIAN)
    def test_gaussian_channels_correlate_as_they_say(self, channel):
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
        assert list(scores) == ["c1", "c1.share", "c2", "c2.share"]
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
        entropy = Gaussian().entropy
        assert scores["c1"].ceiling is None
        assert scores["c1.share"].ceiling is None
        assert scores["c1.share"].value == pytest.approx(channel.information / entropy, abs=0.02)
        assert scores["c1.share"].value > 1  # which is why there is no ceiling
        assert scores["c1"].details["entropy_kind"] == "differential"

    def test_details_say_what_the_figure_is(self):
        details = variational_bound(NOISY.generate, NOISY.posterior, NOISY.latents, samples=50)["c1"].details
        assert details["bounds"] == "below"
        assert details["samples"] == 50
        assert "own Q" in details["estimator"]
        assert json.loads(json.dumps(details)) == details

    def test_chance_is_what_an_ignorant_posterior_gets(self):
        spec = LatentSpec(0, (Uniform(),))

        def ignorant(images: Tensor) -> tuple[Tensor]:
            return (torch.tensor([0.0, 0.5 * math.log(1 / 3)]).expand(len(images), 2),)

        score = variational_bound(lambda latents: torch.zeros(len(latents), 1, 2, 2), ignorant, spec)["c1"]
        assert score.chance == pytest.approx(-0.1765, abs=1e-4)
        assert score.low <= score.chance <= score.high

    def test_coverage_of_the_interval(self):
        for channel in (NOISY, GAUSSIAN[2]):
            scores = [
                variational_bound(channel.generate, channel.posterior, channel.latents, samples=300, seed=seed)["c1"]
                for seed in range(200)
            ]
            assert 0.91 <= coverage(scores, channel.information) <= 0.99

    def test_the_figure_does_not_depend_on_the_batches(self):
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


class TestNonparametric:
    @pytest.mark.parametrize("channel", SYMMETRIC)
    def test_symmetric_channels(self, channel):
        score = nonparametric(channel.generate, channel.posterior, channel.latents)["c1"]
        assert score.value == pytest.approx(channel.information, abs=0.02)
        assert score.value <= score.ceiling == channel.latents.codes[0].entropy
        assert score.samples.mean() == pytest.approx(score.value)

    def test_independence_gives_0_and_a_perfect_reading_the_entropy(self):
        assert nonparametric(USELESS.generate, USELESS.posterior, USELESS.latents)["c1"].value == pytest.approx(
            0, abs=0.002
        )
        exact = nonparametric(EXACT.generate, EXACT.posterior, EXACT.latents)["c1"]
        assert (exact.value, exact.low, exact.high) == pytest.approx((math.log(10),) * 3, abs=1e-12)

    @pytest.mark.parametrize("channel", GAUSSIAN[1:])
    def test_gaussian_channels(self, channel):
        score = nonparametric(channel.generate, channel.posterior, channel.latents)["c1"]
        assert score.value == pytest.approx(channel.information, abs=0.035)
        assert score.ceiling is None

    def test_a_posterior_mean_that_never_moves(self):
        channel = GAUSSIAN[0]
        assert nonparametric(channel.generate, channel.posterior, channel.latents)["c1"].value == pytest.approx(
            0, abs=0.03
        )

    def test_does_not_suffer_from_a_wrong_scale(self):
        channel = GAUSSIAN[3]

        def overconfident(images: Tensor) -> tuple[Tensor]:
            return (channel.posterior(images)[0] - torch.tensor([0.0, 3.0]),)

        bound = variational_bound(channel.generate, overconfident, channel.latents)["c1"].value
        assert bound < 0
        estimate = nonparametric(channel.generate, overconfident, channel.latents)["c1"].value
        assert estimate == pytest.approx(channel.information, abs=0.03)

    def test_coverage_of_the_interval_for_categories(self):
        scores = [
            nonparametric(NOISY.generate, NOISY.posterior, NOISY.latents, samples=600, bootstrap=200, seed=seed)["c1"]
            for seed in range(150)
        ]
        assert 0.9 <= coverage(scores, NOISY.information) <= 0.99

    @pytest.mark.slow
    def test_coverage_of_the_interval_for_continuous_codes(self):
        channel = GAUSSIAN[2]
        scores = [
            nonparametric(channel.generate, channel.posterior, channel.latents, samples=1_000, seed=seed)["c1"]
            for seed in range(100)
        ]
        assert 0.87 <= coverage(scores, channel.information) <= 0.99

    def test_too_few_samples_for_the_interval(self):
        with pytest.raises(MetricError, match=r"samples = 79.*\n.*80 or more"):
            nonparametric(NOISY.generate, NOISY.posterior, NOISY.latents, samples=79)


class TestFreshPosterior:
    @pytest.mark.slow
    @pytest.mark.parametrize("channel", [NOISY, EXACT, GAUSSIAN[2], GAUSSIAN[3]])
    def test_comes_near_the_information_and_not_above(self, channel):
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
    def test_shows_what_the_own_posterior_misses(self):
        pair = Pair(NOISY, GAUSSIAN[3])

        def dull(images: Tensor) -> tuple[Tensor, Tensor]:
            first, second = pair.posterior(images)
            return torch.zeros_like(first), second

        scores = fresh_posterior_bound(pair.generate, pair.latents, dull, **FRESH)
        assert list(scores) == ["c1", "c1.share", "c1.gap", "c2", "c2.share", "c2.gap"]
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

        scores = fresh_posterior_bound(paint, spec, lambda images: (images[:, 0, 0, :1],), **FRESH)
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

    def test_training_that_overfits_ends_early_and_falls_back(self):
        """Noise images, of which there are few: the best epoch is one before the network knew them by heart."""
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


SMALL = {"samples": 100, "batch_size": 40}
SMALL_FRESH = SMALL | {"train_samples": 200, "validation_samples": 100}
PAIR = Pair(NOISY, GAUSSIAN[2])


def every_estimator(generate, posterior, latents=PAIR.latents, seed=0):
    return {
        "own": variational_bound(generate, posterior, latents, seed=seed, **SMALL),
        "fresh": fresh_posterior_bound(generate, latents, posterior, seed=seed, **SMALL_FRESH),
        "nonparametric": nonparametric(generate, posterior, latents, seed=seed, bootstrap=20, **SMALL),
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
        for name, part in (("own", "c2"), ("own", "c2.share"), ("fresh", "c2.gap"), ("nonparametric", "c2")):
            assert scores[name][part].value is None
            assert "c2 is NaN or infinite on" in scores[name][part].reason
            assert "of 100 images" in scores[name][part].reason
        assert scores["own"]["c1"].value is not None
        assert scores["fresh"]["c2"].value is not None

    @pytest.mark.parametrize("estimate", [variational_bound, nonparametric])
    def test_a_posterior_of_other_codes(self, estimate):
        with pytest.raises(MetricError, match=r"shapes \[\(100, 5\)\]; the codes c1, c2 need"):
            estimate(PAIR.generate, lambda images: (torch.zeros(len(images), 5),), PAIR.latents, samples=100)

    def test_a_generator_that_gives_no_images(self):
        with pytest.raises(MetricError, match=r"shape \(40, 7\) for 40 latents"):
            every_estimator(lambda latents: torch.zeros(len(latents), 7), PAIR.posterior)

    @pytest.mark.parametrize("settings", [{"samples": 1}, {"samples": 100, "batch_size": 0}])
    def test_impossible_sizes(self, settings):
        for estimate in (variational_bound, nonparametric):
            with pytest.raises(MetricError, match="or more"):
                estimate(PAIR.generate, PAIR.posterior, PAIR.latents, **settings)
        with pytest.raises(MetricError, match="or more"):
            fresh_posterior_bound(PAIR.generate, PAIR.latents, **settings)

    @pytest.mark.parametrize("setting", ["train_samples", "validation_samples"])
    def test_nothing_to_train_on(self, setting):
        with pytest.raises(MetricError, match=f"{setting} = 0"):
            fresh_posterior_bound(PAIR.generate, PAIR.latents, **{setting: 0})

    def test_named_codes(self):
        spec = replace(PAIR.latents, codes=(Categorical(5, "digit"), Gaussian("slant")))
        scores = every_estimator(PAIR.generate, PAIR.posterior, spec)
        assert list(scores["own"]) == ["digit", "digit.share", "slant", "slant.share"]
