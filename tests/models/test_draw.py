"""What an update draws is a function of the seed, the step and the call, on any number of processes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from disentangle_bench.latents import LatentSpec
from disentangle_bench.models.draw import Draw
from disentangle_bench.models.recipes import find_recipe
from tests.models.updates import CPU, Noise


@dataclass
class Batched:
    """All that is asked of a model here."""

    latents: LatentSpec
    batches: int


def make_draw(step: int = 1, batches: int = 1, share: slice = slice(None), seed: int = 0) -> Draw:
    return Draw(
        Batched(find_recipe("infogan-digits").latent_spec(), batches), Noise(share=share), CPU, seed=seed, step=step
    )


def test_is_a_function_of_seed_step_and_call() -> None:
    seen: list[Tensor] = []
    for step, seed in ((1, 0), (2, 0), (1, 1)):
        draw, again = make_draw(step, seed=seed), make_draw(step, seed=seed)
        for _ in range(2):
            drawn = draw.normal(4, 5)
            assert drawn.shape == (16, 4, 5)
            assert torch.equal(drawn, again.normal(4, 5))
            latents = draw.latents()
            assert torch.equal(latents.noise, again.latents().noise)
            seen += [drawn, latents.noise]
    assert not any(torch.equal(one, two) for place, one in enumerate(seen) for two in seen[:place])
    assert torch.cat([part.flatten() for part in seen[::2]]).std() == pytest.approx(1, abs=0.05)


def test_uniform_numbers_are_too() -> None:
    draw, again = make_draw(), make_draw()
    first, second = draw.uniform(500), draw.uniform(500)
    assert torch.equal(first, again.uniform(500))
    assert torch.equal(second, again.uniform(500))
    others = (second, make_draw(step=2).uniform(500), make_draw(seed=1).uniform(500))
    assert not any(torch.equal(first, other) for other in others)
    assert 0 <= float(first.min()) <= float(first.max()) < 1
    assert (float(first.mean()), float(first.var())) == pytest.approx((1 / 2, 1 / 12), abs=0.01)


def test_one_purpose_does_not_shift_another() -> None:
    draw, other = make_draw(), make_draw()
    draw.latents()
    assert torch.equal(draw.normal(3), other.normal(3))


def test_real_images_come_in_the_order_of_the_batches() -> None:
    """With three batches a step, the second step draws the fourth to the sixth."""
    draw = make_draw(step=2, batches=3)
    for number in (4, 5, 6):
        assert torch.equal(draw.real(), Noise().at(number))
    with pytest.raises(RuntimeError, match="than the 3 that its model declares"):
        draw.real()


def test_processes_share_the_rows() -> None:
    first, second = (make_draw(share=slice(start, start + 8)) for start in (0, 8))
    whole = make_draw()
    assert torch.equal(torch.cat([first.normal(2), second.normal(2)]), whole.normal(2))
    assert torch.equal(torch.cat([first.uniform(2), second.uniform(2)]), whole.uniform(2))
    assert torch.equal(torch.cat([first.latents().noise, second.latents().noise]), whole.latents().noise)
    assert torch.equal(torch.cat([first.real(), second.real()]), whole.real())
