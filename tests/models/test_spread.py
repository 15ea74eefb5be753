"""The spread of images and the effect of codes against NumPy, and that looking changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from disentangle_bench.latents import Categorical, LatentSpec, Uniform
from disentangle_bench.models.spread import effects_of, looked_at, spread_of

SPEC = LatentSpec(3, (Categorical(4), Uniform()))


class Brightness(nn.Module):
    """Images of four pixels: c2 times each pixel's weight, and nothing of c1; batch norm, dropout on the side."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(SPEC.width)
        self.dropout = nn.Dropout()
        self.weights = nn.Parameter(torch.tensor([0.5, 0.25, 0.0, 1.0]))
        self.normalized = torch.empty(0)

    def forward(self, packed: Tensor) -> Tensor:
        self.normalized = self.dropout(self.norm(packed))
        return (packed[:, -1:] * self.weights).reshape(-1, 1, 2, 2)


def test_the_spread_is_the_pixels_standard_deviation() -> None:
    images = torch.rand(50, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    expected = np.sqrt(images.double().numpy().reshape(50, -1).var(axis=0, ddof=1).mean())
    assert spread_of(images) == pytest.approx(expected, rel=1e-6)
    assert spread_of(images.bfloat16()) == pytest.approx(expected, rel=1e-2)


def test_the_effect_of_a_code_is_its_spread_all_else_being_held() -> None:
    """Of a uniform code on [-1, 1], 1/sqrt(3) times the weights; within what 32 draws of a variance leave open."""
    network = Brightness()
    with looked_at(network):
        effects = effects_of(network, SPEC)
    expected = np.sqrt(np.square([0.5, 0.25, 0.0, 1.0]).mean() / 3)
    assert effects["c1"] == 0
    assert effects["c2"] == pytest.approx(expected, rel=0.35)


def test_looking_changes_nothing() -> None:
    network = Brightness()
    before: dict[str, Any] = {name: value.clone() for name, value in network.state_dict().items()}
    random = torch.get_rng_state()
    with looked_at(network):
        assert effects_of(network, SPEC) == effects_of(network, SPEC)
    torch.testing.assert_close(network.normalized.mean(dim=0), torch.zeros(SPEC.width))  # by the batch's statistics
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(module.training for module in network.modules())
    assert network.norm.track_running_stats
    assert network.weights.grad is None
