"""Gaussian posteriors against PyTorch's distributions and closed forms."""

from __future__ import annotations

import torch
from torch.distributions import Normal, kl_divergence

from disentangle_bench.models.posterior import Posterior


def some(n: int = 7, d: int = 3) -> Posterior:
    generator = torch.Generator().manual_seed(0)
    return Posterior(*torch.randn(2, n, d, generator=generator))


def test_an_encoders_output_is_taken_apart_code_by_code() -> None:
    q = Posterior.of(torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
    assert q.mean.tolist() == [[1.0, 3.0]]
    assert q.log_sigma.tolist() == [[2.0, 4.0]]


def test_the_divergence_is_that_of_gaussians() -> None:
    q = some()
    expected = kl_divergence(Normal(q.mean, q.log_sigma.exp()), Normal(0.0, 1.0)).mean(dim=0)
    torch.testing.assert_close(q.divergence(), expected)
    torch.testing.assert_close(Posterior(torch.zeros(2, 3), torch.zeros(2, 3)).divergence(), torch.zeros(3))


def test_a_sample_is_the_mean_and_sigma_times_the_noise() -> None:
    q = some()
    torch.testing.assert_close(q.sample(torch.zeros(7, 3)), q.mean)
    torch.testing.assert_close(q.sample(torch.ones(7, 3)) - q.mean, q.variance.sqrt())


def test_densities_are_of_every_code_for_every_image() -> None:
    q, codes = some(), torch.randn(5, 3)
    density = q.log_density(codes)
    assert density.shape == (5, 7, 3)
    for m in range(5):
        torch.testing.assert_close(density[m], Normal(q.mean, q.log_sigma.exp()).log_prob(codes[m]))
