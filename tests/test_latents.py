"""Code priors against scipy's distributions, and the layout of the generator's input."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import log_softmax

from disentangle_bench.errors import SettingError
from disentangle_bench.latents import MIN_LOG_SIGMA, Categorical, Gaussian, Latents, LatentSpec, Uniform

MNIST = LatentSpec(62, (Categorical(10), Uniform(), Uniform()))
MIXED = LatentSpec(3, (Categorical(4), Uniform(), Gaussian(), Categorical(2)))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class TestEntropies:
    @pytest.mark.parametrize("k", [2, 3, 10, 20])
    def test_categorical(self, k):
        assert Categorical(k).entropy == pytest.approx(stats.randint(0, k).entropy(), abs=1e-12)

    def test_uniform(self):
        assert Uniform().entropy == pytest.approx(stats.uniform(-1, 2).entropy(), abs=1e-12)

    def test_gaussian(self):
        assert Gaussian().entropy == pytest.approx(stats.norm().entropy(), abs=1e-12)

    def test_variances(self):
        assert Uniform().variance == pytest.approx(stats.uniform(-1, 2).var())
        assert Gaussian().variance == stats.norm().var()


class TestLogLikelihoods:
    def test_softmax(self):
        logits = torch.randn(50, 7, generator=seeded(0)) * 5
        values = Categorical(7).sample(50, seeded(1))
        expected = log_softmax(logits.double().numpy(), axis=1)[np.arange(50), values.numpy()]
        assert Categorical(7).log_likelihood(values, logits).numpy() == pytest.approx(expected, abs=1e-5)

    def test_softmax_of_huge_logits_is_finite(self):
        logits = torch.tensor([[1e4, -1e4]])
        assert Categorical(2).log_likelihood(torch.tensor([1]), logits).item() == -2e4
        assert Categorical(2).log_likelihood(torch.tensor([0]), logits).item() == 0

    @pytest.mark.parametrize("code", [Uniform(), Gaussian()])
    def test_learned_sigma(self, code):
        raw = torch.randn(50, 2, generator=seeded(0))
        values = code.sample(50, seeded(1))
        expected = stats.norm(raw[:, 0].double(), raw[:, 1].double().exp()).logpdf(values.double())
        assert code.log_likelihood(values, raw).numpy() == pytest.approx(expected, rel=1e-5, abs=1e-5)

    @pytest.mark.parametrize("sigma", [0.1, 1.0, 3.0])
    @pytest.mark.parametrize("prior", [Uniform, Gaussian])
    def test_fixed_sigma(self, prior, sigma):
        code = prior(sigma=sigma)
        mean = torch.randn(50, 1, generator=seeded(0))
        values = code.sample(50, seeded(1))
        expected = stats.norm(mean[:, 0].double(), sigma).logpdf(values.double())
        assert code.log_likelihood(values, mean).numpy() == pytest.approx(expected, rel=1e-5, abs=1e-5)

    def test_a_sigma_that_runs_to_0_stops_at_the_smallest(self):
        raw = torch.tensor([[0.0, -50.0]])
        assert Uniform().log_sigma(raw).item() == MIN_LOG_SIGMA
        assert Uniform().log_likelihood(torch.zeros(1), raw).item() == pytest.approx(
            stats.norm(0, math.exp(MIN_LOG_SIGMA)).logpdf(0)
        )

    def test_half_precision_outputs_are_read_in_single(self):
        logits = torch.randn(4, 3, generator=seeded(0)).bfloat16()
        assert Categorical(3).log_likelihood(torch.tensor([0, 1, 2, 0]), logits).dtype == torch.float32
        assert Uniform().log_likelihood(torch.zeros(4), logits[:, :2]).dtype == torch.float32
        assert Uniform(sigma=1.0).log_likelihood(torch.zeros(4), logits[:, :1]).dtype == torch.float32

    def test_estimates(self):
        assert Categorical(3).estimate(torch.tensor([[0.0, 2.0, 1.0], [3.0, 2.0, 1.0]])).tolist() == [1, 0]
        assert Uniform().estimate(torch.tensor([[0.25, -1.0], [-0.5, 2.0]])).tolist() == [0.25, -0.5]


class TestSamples:
    """Statistics of the samples at fixed seeds; a wrong prior gives p-values of 0."""

    @pytest.mark.parametrize("k", [2, 10])
    def test_categories_are_equally_likely(self, k):
        values = Categorical(k).sample(20_000, seeded(k))
        assert values.dtype == torch.int64
        assert stats.chisquare(np.bincount(values.numpy(), minlength=k)).pvalue > 0.01

    @pytest.mark.parametrize(
        ("code", "prior"), [(Uniform(), stats.uniform(-1, 2)), (Gaussian(), stats.norm())], ids=["uniform", "gaussian"]
    )
    def test_continuous_codes_follow_their_prior(self, code, prior):
        values = code.sample(20_000, seeded(3))
        assert values.dtype == torch.float32
        assert stats.kstest(values.numpy(), prior.cdf).pvalue > 0.01

    @pytest.mark.parametrize(("name", "prior"), [("uniform", stats.uniform(-1, 2)), ("gaussian", stats.norm())])
    def test_noise_follows_its_prior(self, name, prior):
        noise = LatentSpec(8, (Uniform(),), noise_prior=name).sample(2_000, seeded(4)).noise
        assert noise.shape == (2_000, 8)
        assert stats.kstest(noise.flatten().numpy(), prior.cdf).pvalue > 0.01

    def test_the_parts_are_independent(self):
        latents = MNIST.sample(20_000, seeded(5))
        columns = torch.stack([latents.noise[:, 0], *(c.float() for c in latents.codes)]).numpy()
        off_diagonal = np.corrcoef(columns) - np.eye(4)
        assert np.abs(off_diagonal).max() < 4 / math.sqrt(20_000)

    def test_a_seed_gives_the_same_latents(self):
        first, second, other = (MIXED.pack(MIXED.sample(100, seeded(seed))) for seed in (7, 7, 8))
        assert torch.equal(first, second)
        assert not torch.equal(first, other)

    def test_a_generator_leaves_the_global_state_alone(self):
        before = torch.get_rng_state()
        MIXED.sample(100, seeded(0))
        assert torch.equal(before, torch.get_rng_state())


class TestLayout:
    def test_noise_then_each_code_in_order(self):
        latents = Latents(
            torch.tensor([[0.1, 0.2, 0.3]]),
            (torch.tensor([2]), torch.tensor([-0.5]), torch.tensor([1.5]), torch.tensor([0])),
        )
        expected = [0.1, 0.2, 0.3, 0, 0, 1, 0, -0.5, 1.5, 1, 0]
        assert MIXED.pack(latents).tolist() == [pytest.approx(expected)]

    def test_widths(self):
        assert MNIST.width == 62 + 10 + 1 + 1
        assert MNIST.pack(MNIST.sample(5)).shape == (5, 74)
        assert MNIST.parameters == (10, 2, 2)
        assert LatentSpec(0, (Uniform(sigma=1.0),)).parameters == (1,)

    def test_without_noise(self):
        spec = LatentSpec(0, (Categorical(3),))
        assert spec.pack(spec.sample(4)).shape == (4, 3)

    def test_split_gives_each_code_its_parameters(self):
        output = torch.arange(2 * 10.0).reshape(2, 10)
        parts = MIXED.split(output)
        assert [part.shape[1] for part in parts] == [4, 2, 2, 2]
        assert torch.equal(torch.cat(parts, dim=1), output)

    @given(
        st.lists(
            st.sampled_from([Categorical(2), Categorical(5), Uniform(), Gaussian(), Uniform(sigma=1.0)]),
            min_size=1,
            max_size=5,
        )
    )
    def test_any_spec_packs_to_its_width(self, codes):
        spec = LatentSpec(2, tuple(codes))
        assert spec.pack(spec.sample(3)).shape == (3, spec.width)
        assert len(spec.split(torch.zeros(3, sum(spec.parameters)))) == len(codes)

    def test_replace_changes_one_code_only(self):
        latents = MNIST.sample(4, seeded(0))
        swept = latents.replace(1, torch.full((4,), 2.0))
        assert swept.codes[1].tolist() == [2.0] * 4
        assert torch.equal(swept.noise, latents.noise)
        assert torch.equal(swept.codes[0], latents.codes[0])
        assert torch.equal(swept.codes[2], latents.codes[2])
        assert not torch.equal(latents.codes[1], swept.codes[1])

    @pytest.mark.parametrize("index", [slice(1, 3), torch.tensor([1, 2])])
    def test_rows(self, index):
        latents = MIXED.sample(5, seeded(0))
        some = latents.rows(index)
        assert len(some) == 2
        assert torch.equal(MIXED.pack(some), MIXED.pack(latents)[1:3])

    def test_to_a_device_keeps_every_value(self):
        latents = MIXED.sample(5, seeded(0))
        assert torch.equal(MIXED.pack(latents.to("cpu")), MIXED.pack(latents))


class TestNames:
    def test_codes_are_named_by_their_place(self):
        assert MIXED.names == ("c1", "c2", "c3", "c4")
        assert [code.name for code in MIXED.codes] == ["c1", "c2", "c3", "c4"]

    def test_given_names_stay(self):
        assert LatentSpec(0, (Categorical(3, "shape"), Uniform())).names == ("shape", "c2")


class TestBounds:
    def test_a_perfect_posterior_reaches_the_entropy_of_a_categorical_code(self):
        latents = MNIST.sample(500, seeded(0))
        certain = 100 * Categorical(10).encode(latents.codes[0])
        bound = MNIST.mutual_information_bounds(latents, (certain, torch.zeros(500, 2), torch.zeros(500, 2)))[0]
        assert bound.item() == pytest.approx(math.log(10), abs=1e-5)

    def test_the_prior_as_the_posterior_gives_0(self):
        spec = LatentSpec(0, (Categorical(10), Gaussian()))
        latents = spec.sample(200_000, seeded(0))
        ignorant = (torch.zeros(200_000, 10), torch.zeros(200_000, 2))
        categorical, gaussian = spec.mutual_information_bounds(latents, ignorant)
        assert categorical.item() == pytest.approx(0, abs=1e-5)
        assert gaussian.item() == pytest.approx(0, abs=4 * math.sqrt(0.5 / 200_000))

    def test_the_bound_of_a_gaussian_channel_is_its_mutual_information(self):
        correlation = 0.9
        values = Gaussian().sample(200_000, seeded(0))
        noise = torch.randn(200_000, generator=seeded(1)) * math.sqrt(1 - correlation**2)
        seen = correlation * values + noise
        sigma = torch.full_like(seen, math.log(math.sqrt(1 - correlation**2)))
        spec = LatentSpec(0, (Gaussian(),))
        parameters = torch.stack([correlation * seen, sigma], dim=1)
        (bound,) = spec.mutual_information_bounds(Latents(torch.zeros(200_000, 0), (values,)), (parameters,))
        assert bound.item() == pytest.approx(-0.5 * math.log(1 - correlation**2), abs=0.01)

    @pytest.mark.parametrize(
        "code", [Categorical(4), Uniform(), Uniform(sigma=1.0), Uniform(sigma=0.3), Gaussian(), Gaussian(sigma=2.0)]
    )
    def test_no_posterior_that_ignores_the_image_beats_the_uninformed_bound(self, code):
        spec = LatentSpec(0, (code,))
        latents = spec.sample(100_000, seeded(0))
        constant = torch.zeros(code.parameters)
        if code.kind == "continuous" and code.sigma is None:
            constant[1] = 0.5 * math.log(code.variance)

        def bound(parameters: torch.Tensor) -> float:
            return spec.mutual_information_bounds(latents, (parameters.expand(100_000, -1),))[0].item()

        tolerance = 0.02  # of 100,000 samples, above four standard errors of each
        assert bound(constant) == pytest.approx(code.uninformed_bound, abs=tolerance)
        for step in (-0.4, 0.4):
            for place in range(code.parameters):
                moved = constant.clone()
                moved[place] += step
                assert bound(moved) <= code.uninformed_bound + tolerance

    def test_a_fixed_sigma_of_1_gains_no_more_than_a_sixth_of_a_nat(self):
        code = Uniform(sigma=1.0)
        spec = LatentSpec(0, (code,))
        latents = spec.sample(1_000, seeded(0))
        (perfect,) = spec.mutual_information_bounds(latents, (latents.codes[0][:, None],))
        assert perfect.item() - code.uninformed_bound == pytest.approx(1 / 6, abs=1e-5)
        assert perfect.item() == pytest.approx(math.log(2) - 0.5 * math.log(2 * math.pi), abs=1e-5)
        assert perfect.item() < 0.167

    def test_a_learned_sigma_is_not_so_limited(self):
        spec = LatentSpec(0, (Uniform(),))
        latents = spec.sample(1_000, seeded(0))
        sharp = torch.stack([latents.codes[0], torch.full((1_000,), -3.0)], dim=1)
        (bound,) = spec.mutual_information_bounds(latents, (sharp,))
        assert bound.item() == pytest.approx(math.log(2) - 0.5 * math.log(2 * math.pi) + 3.0, abs=1e-5)


class TestBadSettings:
    @pytest.mark.parametrize("k", [1, 0, -3])
    def test_too_few_categories(self, k):
        with pytest.raises(SettingError, match=rf"'c7' has k = {k}.*\n.*at least 2"):
            Categorical(k, "c7")

    @pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf])
    @pytest.mark.parametrize("prior", [Uniform, Gaussian])
    def test_impossible_sigma(self, prior, sigma):
        with pytest.raises(SettingError, match="'c2' has a fixed sigma"):
            prior("c2", sigma=sigma)

    def test_no_codes(self):
        with pytest.raises(SettingError, match="0 codes"):
            LatentSpec(62, ())

    def test_negative_noise(self):
        with pytest.raises(SettingError, match="-1 noise"):
            LatentSpec(-1, (Uniform(),))

    def test_unknown_noise_prior(self):
        with pytest.raises(SettingError, match="'laplace' is not a prior"):
            LatentSpec(1, (Uniform(),), noise_prior="laplace")

    def test_codes_that_share_a_name(self):
        with pytest.raises(SettingError, match="share a name: c2, c2"):
            LatentSpec(1, (Uniform("c2"), Uniform()))


class TestBalancedBatches:
    SPEC = LatentSpec(3, (Categorical(4), Uniform(), Categorical(10)), balanced=True)

    @given(n=st.integers(1, 130), k=st.integers(2, 40), seed=st.integers(0, 2**31))
    def test_counts_differ_by_at_most_one(self, n: int, k: int, seed: int) -> None:
        counts = Categorical(k).sample_balanced(n, seeded(seed)).bincount(minlength=k)
        assert counts.sum() == n
        assert counts.max() - counts.min() <= 1

    def test_each_draw_is_from_the_prior(self) -> None:
        """Also where k does not divide n: over many batches, every category is as likely in every row."""
        draws = torch.stack([Categorical(4).sample_balanced(6, seeded(seed)) for seed in range(4000)])
        for row in (0, 5):
            assert stats.chisquare(draws[:, row].bincount(minlength=4)).pvalue > 0.001

    def test_codes_are_balanced_independently(self) -> None:
        c1, _, c3 = self.SPEC.sample_batch(40_000, seeded(0)).codes
        joint = torch.zeros(4, 10).index_put_((c1, c3), torch.ones(40_000), accumulate=True)
        assert c1.bincount().tolist() == [10_000] * 4
        assert stats.chi2_contingency(joint.numpy()).pvalue > 0.001

    def test_noise_and_continuous_codes_stay_as_they_are(self) -> None:
        plain, balanced = self.SPEC.sample(32, seeded(0)), self.SPEC.sample_batch(32, seeded(0))
        assert torch.equal(plain.noise, balanced.noise)
        assert torch.equal(plain.codes[1], balanced.codes[1])
        assert not torch.equal(plain.codes[2], balanced.codes[2])

    def test_off_it_draws_as_ever(self) -> None:
        plain, batch = (draw(32, seeded(0)) for draw in (MNIST.sample, MNIST.sample_batch))
        assert torch.equal(MNIST.pack(plain), MNIST.pack(batch))
