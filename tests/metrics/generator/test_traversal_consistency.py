"""Traversal consistency of generators with a known answer: images that are the codes themselves, distorted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Gaussian, Latents, LatentSpec, Uniform
from disentangle_bench.metrics import Score, info_of
from disentangle_bench.metrics.generator import traversals
from disentangle_bench.metrics.generator.traversal_consistency import traversal_consistency

K = 10
SPEC = LatentSpec(4, (Categorical(K), Uniform(), Uniform()))
C1, C2, C3 = range(3)
CONTINUOUS = ("fidelity", "isolation", "monotonicity", "direction", "smoothness", "content")


def paint(latents: Latents) -> Tensor:
    """An image with one pixel per category, one per continuous code and one per noise variable."""
    category, *continuous = latents.codes
    flags = torch.nn.functional.one_hot(category, K).float()
    rest = torch.cat([torch.stack(continuous, dim=1), latents.noise], dim=1)
    return torch.cat([flags, (rest + 4) / 8], dim=1)[:, None, None, :]


def read(images: Tensor) -> tuple[Tensor, ...]:
    """The posterior that sees the codes exactly."""
    flat = images.flatten(1)
    means = (flat[:, K:-4] * 8 - 4).split(1, dim=1)
    return (flat[:, :K] * 60, *(torch.cat([mean, torch.zeros_like(mean)], dim=1) for mean in means))


def see_category(images: Tensor) -> Tensor:
    return images.flatten(1)[:, :K].argmax(dim=1)


def bent(change: Callable[[Latents], Latents]) -> Callable[[Latents], Tensor]:
    """A generator that paints other latents than the requested ones."""
    return lambda latents: paint(change(latents))


def set_code(index: int, values: Callable[[Latents], Tensor]) -> Callable[[Latents], Latents]:
    return lambda latents: latents.replace(index, values(latents))


def measure(generator=paint, posterior=read, spec=SPEC, classifier=see_category, **settings) -> dict[str, Score]:
    scores = traversal_consistency(
        generator, posterior, spec, classifier, **{"draws": 24, "bootstrap": 50, "noise": 0, **settings}
    )
    assert isinstance(scores, dict)
    return scores


def expected_order(steps: int) -> float:
    """The mean absolute rank correlation of values in random order."""
    places = stats.zscore(np.arange(steps))
    orders = np.random.default_rng(0).permuted(np.tile(places, (20_000, 1)), axis=1)
    return float(np.abs(orders @ places / steps).mean())


def expected_majority(draws: int) -> float:
    heads = np.arange(draws + 1)
    return float(stats.binom.pmf(heads, draws, 0.5) @ np.maximum(heads, draws - heads)) / draws


def expected_mode(steps: int) -> float:
    """The mean share of the most frequent of `steps` random categories."""
    drawn = np.random.default_rng(0).multinomial(steps, np.full(K, 1 / K), size=20_000)
    return float(drawn.max(axis=1).mean()) / steps


class TestPerfectGenerator:
    def test_scores_one_everywhere(self):
        for name, score in measure().items():
            assert score.value == pytest.approx(1, abs=1e-5), name
            assert score.ceiling == 1

    def test_names_the_components_headline_first(self):
        prior = ["c1.fidelity", "c1.isolation"] + [f"{code}.{part}" for code in ("c2", "c3") for part in CONTINUOUS]
        wide = [f"{code}.{part}/wide" for code in ("c2", "c3") for part in CONTINUOUS]
        assert list(measure()) == ["overall", *prior, *wide]

    def test_intervals_of_agreeing_draws_are_wilsons(self):
        score = measure(draws=64)["c2.direction"]
        wilson = stats.binomtest(64, 64).proportion_ci(method="wilson")
        assert (score.low, score.high) == pytest.approx((wilson.low, wilson.high))

    def test_chance_is_that_of_unrelated_codes(self):
        scores = measure(draws=256)
        assert scores["c1.fidelity"].chance == pytest.approx(1 / K, abs=0.02)
        assert scores["c2.fidelity"].chance == 0
        assert scores["c2.monotonicity"].chance == pytest.approx(expected_order(11), abs=0.015)
        assert scores["c2.direction"].chance == pytest.approx(expected_majority(256), abs=0.015)
        assert scores["c2.content"].chance == pytest.approx(expected_mode(11), abs=0.015)
        assert scores["c2.smoothness"].chance < 0.1
        for name in ("c1.isolation", "c2.isolation", "c2.isolation/wide", "overall"):
            assert scores[name].chance < 0.05, name


class TestGeneratorThatIgnoresCodes:
    def test_of_noise_alone_scores_its_chance(self):
        def from_noise(latents: Latents) -> Latents:
            z = latents.noise
            return replace(latents, codes=(((z[:, 0] + 1) * (K / 2 - 0.01)).long(), z[:, 1], z[:, 2]))

        scores = measure(bent(from_noise))
        assert scores["c1.fidelity"].value == pytest.approx(1 / K)
        assert scores["c2.smoothness"].reason == "Traversing the code changes no image visibly."
        defined = {name: score for name, score in scores.items() if "smoothness" not in name}
        for name, score in defined.items():
            assert score.value == pytest.approx(score.chance, abs=1e-6), name

    def test_that_varies_a_code_at_random_follows_it_only_by_chance(self):
        scores = measure(bent(set_code(C2, lambda latents: torch.rand(len(latents)) * 2 - 1)), draws=256)
        assert scores["c2.fidelity"].value == 0
        for part in ("monotonicity", "direction"):
            score = scores[f"c2.{part}"]
            assert score.value == pytest.approx(score.chance, abs=0.05), part
        assert scores["c2.isolation"].value == pytest.approx(1)
        assert scores["c3.fidelity"].value == pytest.approx(1)

    def test_that_ignores_one_code_is_isolated_but_fails_over_all(self):
        scores = measure(bent(set_code(C2, lambda latents: torch.zeros(len(latents)))))
        assert scores["c2.isolation"].value == pytest.approx(1)
        assert scores["c2.fidelity"].value == pytest.approx(0, abs=1e-9)
        assert scores["c2.monotonicity"].value == scores["c2.direction"].value == 0
        assert scores["overall"].value == pytest.approx(2 / 3, abs=1e-6)


class TestFidelity:
    def test_of_swapped_categories(self):
        swapped = bent(set_code(C1, lambda latents: torch.where(latents.codes[C1] == 3, 4, latents.codes[C1])))
        score = measure(swapped)["c1.fidelity"]
        assert score.value == pytest.approx(0.9)
        assert score.details["by_category"] == [1, 1, 1, 0, 1, 1, 1, 1, 1, 1]

    def test_of_a_shrunken_code_is_its_r2(self):
        # (v - 0.6 v)^2 / v^2 = 0.16
        scores = measure(bent(set_code(C2, lambda latents: 0.6 * latents.codes[C2])))
        assert scores["c2.fidelity"].value == pytest.approx(0.84, abs=1e-5)
        assert scores["c2.fidelity/wide"].value == pytest.approx(0.84, abs=1e-5)

    def test_of_a_code_that_stops_at_the_prior_falls_beyond_it(self):
        scores = measure(bent(set_code(C2, lambda latents: latents.codes[C2].clamp(-1, 1))))
        values = np.linspace(-2, 2, 11)
        expected = 1 - np.square(values - values.clip(-1, 1)).mean() / values.var()
        assert scores["c2.fidelity"].value == pytest.approx(1, abs=1e-5)
        assert scores["c2.fidelity/wide"].value == pytest.approx(expected, abs=1e-5)
        assert scores["c2.fidelity/wide"].details["values"] == pytest.approx(values, abs=1e-6)
        assert scores["c2.fidelity/wide"].details["mean_estimates"] == pytest.approx(values.clip(-1, 1), abs=1e-5)

    def test_a_negative_r2_is_zero(self):
        score = measure(bent(set_code(C2, lambda latents: -latents.codes[C2])))["c2.fidelity"]
        assert score.value == 0
        assert score.details["unclipped"] == pytest.approx(-3, abs=1e-4)


class TestIsolation:
    @pytest.mark.parametrize("leak", [0.0, 0.3, 1.0])
    def test_of_a_leak_is_the_share_of_variance_that_stays(self, leak):
        scores = measure(
            bent(set_code(C3, lambda latents: latents.codes[C3] + leak * latents.codes[C2])), draws=1000, bootstrap=2
        )
        along = leak**2 * np.linspace(-1, 1, 11).var(ddof=1)
        expected = (1 / 3 - along / 11) / (1 / 3 + along * 10 / 11)
        by_code = scores["c2.isolation"].details["by_code"]
        assert by_code == pytest.approx({"c1": 1, "c3": expected}, abs=0.03)
        assert scores["c2.isolation"].value == pytest.approx((1 + expected) / 2, abs=0.015)
        assert scores["c1.isolation"].value == pytest.approx(1)

    def test_of_a_category_that_moves_freely_is_zero(self):
        def scramble(latents: Latents) -> Tensor:
            return torch.randint(K, (len(latents),))

        by_code = measure(bent(set_code(C1, scramble)), draws=512)["c2.isolation"].details["by_code"]
        assert by_code == pytest.approx({"c1": 0, "c3": 1}, abs=0.02)

    def test_leaves_out_codes_whose_posterior_never_varies(self):
        scores = measure(bent(set_code(C3, lambda latents: torch.zeros(len(latents)))))
        assert scores["c2.isolation"].details["by_code"] == pytest.approx({"c1": 1})
        assert scores["c2.isolation"].value == pytest.approx(1)

    def test_is_undefined_without_another_code(self):
        spec = LatentSpec(4, (Uniform(),))

        def paint_one(latents: Latents) -> Tensor:
            return (latents.codes[0][:, None, None, None] + 4) / 8

        def read_one(images: Tensor) -> tuple[Tensor, ...]:
            mean = images.flatten(1) * 8 - 4
            return (torch.cat([mean, torch.zeros_like(mean)], dim=1),)

        scores = measure(paint_one, read_one, spec, None)
        assert scores["c1.isolation"].value is None
        assert scores["c1.isolation"].reason == "There is no other code whose posterior varies."
        assert scores["overall"].value == pytest.approx(1, abs=1e-5)


class TestOrder:
    def test_of_a_parabola_has_none(self):
        scores = measure(bent(set_code(C2, lambda latents: latents.codes[C2] ** 2)))
        assert scores["c2.monotonicity"].value == pytest.approx(0, abs=1e-6)
        assert scores["c2.fidelity"].value == 0
        assert scores["overall"].value == pytest.approx(2 / 3, abs=1e-6)

    def test_of_half_a_parabola_is_spearmans(self):
        values = np.linspace(-1, 1, 11)
        expected = stats.spearmanr(values, np.round((values - 0.5) ** 2, 6)).statistic
        scores = measure(bent(set_code(C2, lambda latents: (latents.codes[C2] - 0.5) ** 2)))
        assert scores["c2.monotonicity"].value == pytest.approx(abs(expected), abs=0.02)
        assert scores["c2.direction"].value == 1

    def test_that_turns_with_the_noise_has_no_common_direction(self):
        def flip(latents: Latents) -> Tensor:
            return latents.codes[C2] * latents.noise[:, 0].sign()

        scores = measure(bent(set_code(C2, flip)), draws=200)
        rising = scores["c2.direction"].details["rising"]
        assert scores["c2.monotonicity"].value == pytest.approx(1)
        assert scores["c2.direction"].value == pytest.approx(max(rising, 1 - rising))
        assert 0.5 <= scores["c2.direction"].value < 0.62

    def test_that_turns_for_a_fifth_of_the_draws_agrees_in_the_rest(self):
        def flip(latents: Latents) -> Tensor:
            return latents.codes[C2] * torch.where(latents.noise[:, 0] < -0.6, -1.0, 1.0)

        score = measure(bent(set_code(C2, flip)), draws=400, bootstrap=1000)["c2.direction"]
        wilson = stats.binomtest(round(score.value * 400), 400).proportion_ci(method="wilson")
        assert score.value == pytest.approx(0.8, abs=0.07)
        assert (score.low, score.high) == pytest.approx((wilson.low, wilson.high), abs=0.01)


class TestSmoothness:
    def test_of_a_jump_is_zero(self):
        jump = bent(set_code(C2, lambda latents: (latents.codes[C2] > 0.05).float()))
        assert measure(jump)["c2.smoothness"].value == pytest.approx(0, abs=1e-5)

    def test_of_a_detour_is_that_of_its_longest_step(self):
        # up to 0.5 in eight even steps, then a leap of 0.5 and rest: r = 1/2, so (1 - 1/2) * 10 / 9
        points = torch.tensor([*np.linspace(0, 0.5, 9), 1.0, 1.0], dtype=torch.float32)

        def leap(latents: Latents) -> Tensor:
            return points[((latents.codes[C2] + 1) * 5).round().long().clamp(0, 10)]

        assert measure(bent(set_code(C2, leap)))["c2.smoothness"].value == pytest.approx(5 / 9, abs=1e-4)

    def test_of_an_arc_follows_from_its_chords(self):
        # c2 turns a vector by an angle from -1 to 1: steps 2 sin(0.1), ends 2 sin(1) apart
        def turn(latents: Latents) -> Latents:
            angle = latents.codes[C2]
            return latents.replace(C2, angle.cos()).replace(C3, angle.sin())

        expected = (1 - math.sin(0.1) / math.sin(1)) * 10 / 9
        assert measure(bent(turn))["c2.smoothness"].value == pytest.approx(expected, abs=1e-4)

    def test_does_not_depend_on_brightness_and_contrast(self):
        cubed = bent(set_code(C2, lambda latents: latents.codes[C2] ** 3))

        def faint(latents: Latents) -> Tensor:
            return 0.3 * cubed(latents) + 0.4

        def read_faint(images: Tensor) -> tuple[Tensor, ...]:
            return read((images - 0.4) / 0.3)

        plain, dim = measure(cubed)["c2.smoothness"].value, measure(faint, read_faint)["c2.smoothness"].value
        assert plain == pytest.approx(dim, abs=1e-4)
        assert 0.3 < plain < 0.9


class TestContent:
    def test_of_a_class_that_flips_half_way_is_the_longer_half(self):
        scores = measure(classifier=lambda images: (images.flatten(1)[:, K + C2 - 1] > 0.505).long())
        assert scores["c2.content"].value == pytest.approx(6 / 11)
        assert scores["c3.content"].value == 1

    def test_is_undefined_without_a_classifier(self):
        scores = measure(classifier=None)
        for name in ("c2.content", "c3.content/wide"):
            assert scores[name].value is None
            assert "no classifier" in scores[name].reason
        assert scores["overall"].value == pytest.approx(1, abs=1e-5)

    def test_is_not_a_component_of_a_categorical_code(self):
        assert {name for name in measure() if name.startswith("c1")} == {"c1.fidelity", "c1.isolation"}


class TestOverall:
    def test_is_the_mean_over_codes_of_the_geometric_mean_of_components_over_the_prior(self):
        def bend(latents: Latents) -> Latents:
            c2, c3 = latents.codes[C2], latents.codes[C3]
            return latents.replace(C2, 0.7 * c2 + 0.3 * latents.noise[:, 0]).replace(C3, c3 + 0.4 * c2**3)

        scores = measure(bent(bend))
        parts = {"c1": ("fidelity", "isolation"), "c2": CONTINUOUS, "c3": CONTINUOUS}
        means = [stats.gmean([scores[f"{code}.{part}"].value for part in named]) for code, named in parts.items()]
        assert scores["overall"].value == pytest.approx(np.mean(means))
        assert scores["overall"].low < scores["overall"].value < scores["overall"].high < 1


class TestRanges:
    def test_of_a_gaussian_code_are_its_central_95_percent_and_two(self):
        requested = []

        def listen(latents: Latents) -> Tensor:
            requested.append(latents.codes[0])
            return (latents.codes[0][:, None, None, None] + 4) / 8

        def read_one(images: Tensor) -> tuple[Tensor, ...]:
            return (torch.cat([images.flatten(1) * 8 - 4, torch.zeros(len(images), 1)], dim=1),)

        measure(listen, read_one, LatentSpec(1, (Gaussian(),)), None, draws=4)
        prior, wide, _deaf = requested
        assert prior.max() == pytest.approx(stats.norm.ppf(0.975))
        assert prior.min() == pytest.approx(stats.norm.ppf(0.025))
        assert (wide.min(), wide.max()) == (-2, 2)

    def test_hold_everything_but_the_traversed_code(self):
        requested = []

        def listen(latents: Latents) -> Tensor:
            requested.append(latents)
            return paint(latents)

        measure(listen, draws=3, steps=5)
        of_c2 = requested[1]
        paths = of_c2.noise.reshape(3, 5, 4)
        assert torch.equal(paths, paths[:, :1].expand(3, 5, 4))
        assert len(paths.unique(dim=0)) == 3
        assert torch.equal(of_c2.codes[C1].reshape(3, 5), of_c2.codes[C1].reshape(3, 5)[:, :1].expand(3, 5))
        assert torch.equal(of_c2.codes[C2].reshape(3, 5), torch.linspace(-1, 1, 5).expand(3, 5))


class TestSeeds:
    def test_the_same_seed_gives_the_same_numbers_even_of_a_random_generator(self):
        blurred = bent(set_code(C2, lambda latents: latents.codes[C2] + 0.1 * torch.randn(len(latents))))
        assert measure(blurred, seed=3) == measure(blurred, seed=3)
        assert measure(blurred, seed=3) != measure(blurred, seed=4)

    def test_the_global_random_state_is_left_alone(self):
        torch.manual_seed(5)
        np.random.seed(5)
        before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
        measure(bent(set_code(C2, lambda latents: torch.randn(len(latents)))))
        assert torch.equal(torch.get_rng_state(), before)
        assert np.array_equal(np.random.get_state()[1], numpy_before)

    def test_the_batch_size_changes_nothing(self, monkeypatch):
        whole = measure(draws=16)
        monkeypatch.setattr(traversals, "BATCH", 30)
        assert measure(draws=16) == whole


class TestBadInput:
    @pytest.mark.parametrize("settings", [{"draws": 1}, {"steps": 2}, {"bootstrap": 1}])
    def test_invalid_settings_are_named(self, settings):
        ((name, value),) = settings.items()
        with pytest.raises(MetricError, match=f"{name} is {value}"):
            measure(**settings)

    def test_broken_networks_are_named(self):
        with pytest.raises(MetricError, match="generator and the posterior of c2 and the posterior of c3"):
            measure(bent(lambda latents: replace(latents, noise=latents.noise * float("nan"))), draws=2, posterior=_nan)

    def test_a_posterior_of_other_codes_is_refused(self):
        with pytest.raises(MetricError, match="c1, c2, c3"):
            measure(posterior=lambda images: read(images)[:2])


def _nan(images: Tensor) -> tuple[Tensor, ...]:
    logits, *means = read(images)
    return (logits, *(mean * float("nan") for mean in means))


def test_declares_what_it_needs():
    info = info_of(traversal_consistency)
    assert info.needs == ("generator", "posterior", "latents")
    assert info.uses == ("classifier", "images")
    assert info.bounds == (0, 1)
