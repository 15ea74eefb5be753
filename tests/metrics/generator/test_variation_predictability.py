"""Variation predictability of generators whose codes do one thing each, the same thing, or nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Latents, LatentSpec, Uniform
from disentangle_bench.metrics.generator.perturbation import Perturbation
from disentangle_bench.metrics.generator.variation_predictability import Pairs, variation_predictability

SPEC = LatentSpec(3, (Categorical(4), Uniform(), Uniform()))
SIDE = 6


def canvas(*rows: Tensor) -> Tensor:
    """Images `(n, 1, 6, 6)`, each with a row of pixels per value `(n,)`."""
    images = torch.zeros(len(rows[0]), 1, SIDE, SIDE)
    for place, values in enumerate(rows):
        images[:, 0, place] = values.float()[:, None]
    return images


def apart(latents: Latents) -> Tensor:
    """Each code has a row of pixels of its own."""
    c1, c2, c3 = latents.codes
    return canvas(c1 / 3, (c2 + 1) / 2, (c3 + 1) / 2, latents.noise[:, 0])


def mixed(latents: Latents) -> Tensor:
    """c2 and c3 have the same effect."""
    c1, c2, c3 = latents.codes
    return canvas(c1 / 3, (c2 + c3 + 2) / 4, latents.noise[:, 0])


def ignoring(latents: Latents) -> Tensor:
    return canvas(latents.noise[:, 0], latents.noise[:, 1])


def measure(generator, spec=SPEC, **settings):
    return variation_predictability(generator, spec, **{"pairs": 600, "train_share": 0.25, **settings})


class TestScores:
    def test_separate_codes_are_predicted(self):
        score = measure(apart)
        assert score.value > 0.9
        assert score.ceiling == 1
        assert min(score.details["recall"].values()) > 0.85

    def test_two_codes_with_the_same_effect_are_guessed(self):
        score = measure(mixed)
        assert score.details["recall"]["c1"] > 0.9
        assert score.value == pytest.approx(2 / 3, abs=0.08)

    def test_a_generator_that_ignores_its_codes_scores_chance(self):
        score = measure(ignoring)
        assert score.chance == pytest.approx(1 / 3)
        assert score.low <= score.chance <= score.high
        assert measure(ignoring, noise=0).value == pytest.approx(1 / 3, abs=0.01)

    def test_the_effect_of_a_code_must_be_alike_from_image_to_image(self):
        """The noise decides which rows c2 and c3 move, so they are guessed; c1 is predicted where neither moves."""

        def scattered(latents: Latents) -> Tensor:
            images = torch.zeros(len(latents), 1, SIDE, SIDE)
            rows = (latents.noise[:, :1] * 1e4).long().remainder(2) + torch.tensor([[0, 2]])
            swapped = torch.where(latents.noise[:, 1:2] > 0, rows, rows.flip(1))
            for code, place in zip(latents.codes[1:], swapped.T, strict=True):
                images[torch.arange(len(latents)), 0, place] = (code[:, None] + 1) / 2
            return images

        score = measure(scattered, noise=0)
        assert score.details["recall"]["c1"] > 0.9
        assert score.value == pytest.approx(2 / 3, abs=0.08)

    def test_details_add_up(self):
        score = measure(mixed)
        table = np.array(score.details["confusion"])
        assert table.sum() == 450 == len(score.samples)
        assert np.trace(table) / table.sum() == pytest.approx(score.value)
        assert score.samples.mean() == pytest.approx(score.value)
        assert score.details["training_pairs"] == 150
        assert set(table.sum(axis=1)) <= set(range(135, 166))

    def test_a_seed_gives_the_same_numbers(self):
        assert measure(mixed, seed=4) == measure(mixed, seed=4)
        assert measure(mixed, seed=4).pairing != measure(mixed, seed=5).pairing
        assert measure(mixed).pairing == measure(apart).pairing


CLEAN = Perturbation.of(apart, SPEC, None, noise=0, seed=0)


class TestPairs:
    def test_differ_in_one_code_each_equally_often(self):
        seen: list[Latents] = []

        def watched(latents: Latents) -> Tensor:
            seen.append(latents)
            return apart(latents)

        pairs = Pairs.of(watched, SPEC, CLEAN, 300, seed=0)
        first, second = seen
        assert torch.equal(first.noise, second.noise)
        differs = torch.stack([a != b for a, b in zip(first.codes, second.codes, strict=True)], dim=1)
        assert torch.equal(differs.sum(dim=1), torch.ones(300, dtype=torch.int64))
        assert torch.equal(differs.long().argmax(dim=1), pairs.changed)
        assert torch.equal(torch.bincount(pairs.changed), torch.tensor([100, 100, 100]))
        assert pairs.differences.shape == (300, 1, SIDE, SIDE)

    def test_a_category_changes_to_each_other_one_equally_often(self):
        drawn: list[Latents] = []
        Pairs.of(lambda z: drawn.append(z) or apart(z), SPEC, CLEAN, 6000, seed=0)
        first, second = (torch.cat([each.codes[0] for each in half]) for half in (drawn[:12], drawn[12:]))
        steps = (second - first).remainder(4)
        counts = torch.bincount(steps, minlength=4)[1:]
        assert counts.sum() == 2000
        assert counts.min() > 600


class TestInvalidInput:
    def test_one_code_is_undefined(self):
        score = measure(lambda z: canvas(z.codes[0]), LatentSpec(2, (Uniform(),)))
        assert "only one code" in score.reason

    @pytest.mark.parametrize("settings", [{"pairs": 2}, {"train_share": 0.0}, {"train_share": 1.0}])
    def test_too_few_pairs(self, settings):
        with pytest.raises(MetricError, match="pairs"):
            measure(apart, **settings)

    def test_nan_images(self):
        with pytest.raises(MetricError, match="NaN"):
            measure(lambda z: apart(z) * np.nan)
