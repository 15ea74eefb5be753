"""Batches are a function of seed and step alone, and every epoch shows every image once."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.training.batches import Batches


def numbered(count: int) -> Tensor:
    """Images of one row of two pixels that tell their number."""
    numbers = torch.arange(count)
    return torch.stack([numbers // 256, numbers % 256], dim=1).to(torch.uint8).reshape(count, 1, 1, 2)


def shown(batch: Tensor) -> list[int]:
    pixels = (batch * 255).round().to(torch.int64).reshape(len(batch), 2)
    return (pixels[:, 0] * 256 + pixels[:, 1]).tolist()


sizes = st.tuples(st.integers(2, 12), st.integers(1, 4)).map(lambda pair: (pair[0] * pair[1], pair[1]))


@given(size=st.integers(2, 40), extra=st.integers(0, 300), seed=st.integers(0, 2**62), step=st.integers(1, 2000))
def test_a_batch_is_a_function_of_seed_and_step(size: int, extra: int, seed: int, step: int) -> None:
    images = numbered(size + extra)
    straight, elsewhere = Batches(images, size, seed), Batches(images, size, seed)
    elsewhere.at(1)  # what was asked before is of no account
    elsewhere.at(step + 7)
    assert torch.equal(straight.at(step), elsewhere.at(step))


@given(size=st.integers(2, 40), extra=st.integers(0, 300), seed=st.integers(0, 2**62), epoch=st.integers(0, 5))
def test_an_epoch_shows_no_image_twice_and_leaves_out_less_than_a_batch(
    size: int, extra: int, seed: int, epoch: int
) -> None:
    batches = Batches(numbered(size + extra), size, seed)
    first = epoch * batches.per_epoch + 1
    seen = [number for step in range(first, first + batches.per_epoch) for number in shown(batches.at(step))]
    assert len(seen) == len(set(seen))
    assert size + extra - len(seen) in range(size)


@given(shared=sizes, extra=st.integers(0, 50), seed=st.integers(0, 2**62), step=st.integers(1, 100))
def test_the_processes_share_a_batch(shared: tuple[int, int], extra: int, seed: int, step: int) -> None:
    size, world = shared
    images = numbered(size + extra)
    shares = [shown(Batches(images, size, seed, rank, world).at(step)) for rank in range(world)]
    assert {len(share) for share in shares} == {size // world}
    assert [number for share in shares for number in share] == shown(Batches(images, size, seed).at(step))


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    images = numbered(500)
    one, other = Batches(images, 500, 0), Batches(images, 500, 1)
    orders = [shown(batches.at(step)) for batches in (one, other) for step in (1, 2, 3)]
    assert len({tuple(order) for order in orders}) == 6
    assert all(sorted(order) == list(range(500)) for order in orders)


def test_an_order_is_uniform() -> None:
    """The first image of an epoch, over many epochs: a chi-squared test."""
    batches = Batches(numbered(4), 4, 0)
    first = torch.tensor([shown(batches.at(step))[0] for step in range(1, 2001)])
    statistic = ((torch.bincount(first, minlength=4) - 500).square() / 500).sum()
    assert statistic < 25.9  # the 1 - 1e-5 quantile of chi-squared with 3 degrees of freedom


def test_images_are_floats_from_0_to_1() -> None:
    images = torch.arange(256, dtype=torch.uint8).reshape(256, 1, 1, 1)
    batch = Batches(images, 256, 0).at(1)
    assert batch.dtype == torch.float32
    torch.testing.assert_close(batch.flatten().sort().values, torch.arange(256) / 255)
    assert images.sum() == 255 * 128  # what they are taken from is as it was


@pytest.mark.parametrize(
    ("size", "world", "message"),
    [
        (11, 1, "batch_size = 11 exceeds the 10 training images"),
        (9, 2, "batch_size = 9 cannot be shared equally by 2 processes"),
        (4, 4, "leaves each of 4 processes one image"),
        (1, 1, "leaves each of 1 processes one image"),
    ],
)
def test_invalid_sizes_are_refused(size: int, world: int, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Batches(numbered(10), size, 0, 0, world)


def test_a_batch_of_all_images_is_possible() -> None:
    assert sorted(shown(Batches(numbered(10), 10, 0).at(3))) == list(range(10))
