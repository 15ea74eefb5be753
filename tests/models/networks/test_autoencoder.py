"""The networks of VAEs: shapes, and disentanglement_lib's sizes at 64x64."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from disentangle_bench.errors import SettingError
from disentangle_bench.models.networks.autoencoder import (
    Autoencoder,
    GaussianHead,
    find_autoencoder,
    initialize_glorot,
)


def parameters(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


@pytest.mark.parametrize(
    "shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (1, 64, 64), (3, 64, 64), (3, 24, 41), (1, 128, 128)]
)
def test_images_go_in_and_come_out_in_their_shape(shape: tuple[int, int, int]) -> None:
    pair = Autoencoder(shape)
    assert pair.encoder(5, width=0.1)(torch.rand(2, *shape)).shape == (2, 10)
    assert pair.decoder(5, width=0.1)(torch.randn(2, 5)).shape == (2, *shape)


def test_at_64x64_they_have_the_sizes_of_disentanglement_lib() -> None:
    """Counted by hand from the layers in its architectures.py, with 10 codes and gray images."""
    pair = Autoencoder((1, 64, 64))
    encoder = (16 * 1 + 1) * 32 + (16 * 32 + 1) * 32 + (4 * 32 + 1) * 64 + (4 * 64 + 1) * 64
    encoder += (4 * 4 * 64 + 1) * 256 + 2 * (256 + 1) * 10
    decoder = (10 + 1) * 256 + (256 + 1) * 1024 + (16 * 64 + 1) * 64 + (16 * 64 + 1) * 32 + (16 * 32 + 1) * 32
    decoder += 16 * 32 + 1
    assert parameters(pair.encoder(10)) == encoder
    # a transposed convolution has one bias for each map that it makes, and as many weights as the convolution back
    assert parameters(pair.decoder(10)) == decoder


def test_a_head_gives_mean_and_ln_sigma_of_each_code_in_turn() -> None:
    head, features = GaussianHead(4, 3), torch.randn(2, 4)
    mean, log_sigma = head(features).unflatten(1, (-1, 2)).unbind(2)
    assert torch.equal(mean, head.mean(features))
    assert torch.equal(2 * log_sigma, head.log_variance(features))


def test_weights_are_glorots_and_depend_on_the_seed_alone() -> None:
    first, again, other = (Autoencoder((1, 64, 64)).encoder(10) for _ in range(3))
    for network, seed in ((first, 0), (again, 0), (other, 1)):
        initialize_glorot(network, seed)
    dense = first[9]
    assert isinstance(dense, nn.Linear)
    assert dense.weight.abs().max().item() == pytest.approx((6 / (1024 + 256)) ** 0.5, rel=1e-3)
    assert torch.equal(dense.bias, torch.zeros(256))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(dense.weight, other[9].weight)


@pytest.mark.parametrize(("name", "shape"), [("mnist", (1, 28, 28)), ("auto", (2, 28, 28)), ("auto", (1, 256, 256))])
def test_other_networks_and_shapes_are_refused(name: str, shape: tuple[int, int, int]) -> None:
    with pytest.raises(SettingError):
        find_autoencoder(name, shape, "digits")
