"""A category that two classes share: when one is found, and what becomes of the lightest."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from disentangle_bench.errors import SettingError
from disentangle_bench.models.splitting import copy_category, crowded, outer_layers

MNIST = torch.tensor([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]) / 60_000


def test_a_category_for_each_digit_is_not_crowded() -> None:
    assert crowded(MNIST) is None


@pytest.mark.parametrize(("first", "second", "third"), [(3, 5, 2), (4, 9, 1), (0, 8, 5)])
def test_two_digits_in_one_and_a_third_in_two_are_found(first: int, second: int, third: int) -> None:
    mass = MNIST.clone()
    mass[first] += mass[second]
    mass[second], mass[third] = 0.4 * mass[third], 0.6 * mass[third]
    assert crowded(mass) == (first, second)


def test_a_heavy_category_without_a_light_one_is_left_as_it_is() -> None:
    assert crowded(torch.tensor([0.16] + [0.84 / 9] * 9)) is None
    assert crowded(torch.tensor([0.04] + [0.96 / 9] * 9)) is None


def test_g_makes_of_the_copy_what_it_makes_of_the_source_and_q_reads_it_as_that() -> None:
    torch.manual_seed(0)
    G, Q = nn.Sequential(nn.Linear(3 + 4 + 1, 6), nn.ReLU(), nn.Linear(6, 5)), nn.Sequential(nn.Linear(5, 2 + 4))
    z, other = torch.randn(7, 3), torch.randn(7, 1)

    def images(category: int) -> torch.Tensor:
        c = nn.functional.one_hot(torch.full((7,), category), 4)
        made: torch.Tensor = G(torch.cat([z, c, other], dim=1))
        return made

    before = [images(category) for category in range(4)], Q(images(2))
    first, last = outer_layers(G, Q, 8, 6)
    copy_category(2, 0, first.weight.detach()[:, 3:7], [each.detach()[2:] for each in last.parameters()])
    after = [images(category) for category in range(4)]
    torch.testing.assert_close(after, [before[0][2], *before[0][1:]])
    read = Q(after[0])
    torch.testing.assert_close(read[:, 2], read[:, 4])
    torch.testing.assert_close(read[:, [0, 1, 3, 4, 5]], before[1][:, [0, 1, 3, 4, 5]])


@pytest.mark.parametrize(("G", "Q", "which"), [(nn.Conv2d, nn.Linear, "G does not begin"), (nn.Linear, None, "Q does")])
def test_networks_without_outer_linear_layers_are_refused(G: type[nn.Module], Q: object, which: str) -> None:
    with pytest.raises(SettingError, match=rf"{which}.*\n?.*split_every=0"):
        outer_layers(G(8, 6, 1), nn.Linear(5, 6) if Q else nn.Identity(), 8, 6)
