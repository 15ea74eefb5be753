"""Associations of codes with image measures, for a generator that draws bars as its codes say."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Gaussian, Latents, LatentSpec, Uniform
from disentangle_bench.measures import MEASURES
from disentangle_bench.metrics import Score, info_of
from disentangle_bench.metrics.generator.image_measures import image_measures
from disentangle_bench.representation.variables import Variables

SPEC = LatentSpec(3, (Categorical(4), Uniform(), Uniform()))
LEAN, BREADTH = 0.5, 5.0


def draw_bars(lean: Tensor, breadth: Tensor, length: Tensor, brightness: Tensor | float = 1.0) -> Tensor:
    """Soft-edged bars `(n, 1, 28, 28)` that lean to the right by a shear."""
    y, x = torch.meshgrid(torch.arange(28) - 13.5, torch.arange(28) - 13.5, indexing="ij")
    lean, breadth, length = (value[:, None, None] for value in (lean, breadth, length))
    across = torch.sigmoid(4 * (breadth / 2 - (x + lean * y).abs()))
    along = torch.sigmoid(4 * (length / 2 - y.abs()))
    return (across * along * torch.as_tensor(brightness).reshape(-1, 1, 1))[:, None]


def paint(latents: Latents) -> Tensor:
    """c1 is how long a bar is, c2 how far it leans, c3 how broad it is; noise shakes them all."""
    c1, c2, c3 = latents.codes
    shake = 0.1 * latents.noise
    return draw_bars(LEAN * c2 + shake[:, 0], BREADTH + 2 * c3 + shake[:, 1], 10 + 3 * c1 + shake[:, 2])


def measure(generator: Callable[[Latents], Tensor] = paint, *parts, spec=SPEC, **settings) -> dict[str, Score]:
    scores = image_measures(generator, spec, *parts, **{"samples": 400, "bootstrap": 200, **settings})
    assert isinstance(scores, dict)
    return scores


def real_bars(n: int, seed: int = 0, shortest: float = 16.0) -> tuple[np.ndarray, Variables]:
    """Bars as uint8 images, and codes that follow their lean closely and their breadth inversely and loosely."""
    rng = np.random.default_rng(seed)
    lean, breadth = rng.uniform(-0.5, 0.5, n), rng.uniform(3, 7, n)
    codes = np.stack([rng.integers(0, 4, n), lean + rng.normal(0, 0.02, n), -breadth + rng.normal(0, 2, n)], axis=1)
    images = draw_bars(*(torch.tensor(values) for values in (lean, breadth, rng.uniform(shortest, 16, n))))
    kinds = ["categorical", "continuous", "continuous"]
    return (images * 255).round().byte().numpy(), Variables.wrap(codes, names=SPEC.names, kinds=kinds)


@pytest.fixture(scope="module")
def plain() -> dict[str, Score]:
    return measure()


@pytest.fixture(scope="module")
def many() -> dict[str, Score]:
    return measure(samples=2000, bootstrap=2)


class TestGenerated:
    def test_reports_which_code_is_which_measure(self, plain):
        scores = plain
        assert scores["c2.slant"].value > 0.95
        assert scores["c3.width"].value > 0.95
        assert scores["c3.thickness"].value > 0.9
        assert scores["c1.height"].value > 0.9
        for name in ("c2.height", "c2.width", "c3.slant", "c3.height"):
            assert abs(scores[name].value) < 0.15, name
        for name in ("c1.slant", "c1.width"):
            assert scores[name].value < 0.05, name

    def test_of_an_inverted_code_is_negative(self):
        scores = measure(lambda latents: paint(latents.replace(1, -latents.codes[1])))
        assert scores["c2.slant"].value < -0.95

    def test_is_the_rank_correlation_of_what_went_in_and_came_out(self):
        taken = []

        def listen(latents: Latents) -> Tensor:
            images = paint(latents)
            taken.append((latents.codes, images))
            return images

        scores = measure(listen)
        codes, images = taken[0]
        measures = {name: one.function(images[:, 0].numpy()) for name, one in MEASURES.items()}
        for name, values in measures.items():
            assert scores[f"c3.{name}"].value == pytest.approx(stats.spearmanr(codes[2], values).statistic)
            groups = [values[(codes[0] == category).numpy()] for category in range(4)]
            assert scores[f"c1.{name}"].value == pytest.approx(stats.kruskal(*groups).statistic / 399)

    def test_details_hold_the_measure_along_the_code_in_its_own_unit(self, many):
        details = many["c2.slant"].details
        assert details["unit"] == "degrees"
        middles = np.linspace(-8 / 9, 8 / 9, 9)
        assert details["code"] == pytest.approx(middles, abs=0.05)
        assert details["mean"] == pytest.approx(np.degrees(np.arctan(LEAN * middles)), abs=2)
        assert (details["images"], details["blank"]) == (2000, 0)

    def test_details_hold_the_measure_in_each_category(self, many):
        details = many["c1.height"].details
        assert details["code"] == [0, 1, 2, 3]
        assert details["mean"] == pytest.approx([10, 13, 16, 19], abs=0.5)

    def test_bounds_and_chance_of_the_two_kinds(self, plain):
        scores = plain
        assert (scores["c1.ink"].bounds, scores["c2.ink"].bounds) == ((0, 1), (-1, 1))
        assert scores["c1.ink"].chance == pytest.approx(3 / 399)
        assert scores["c2.ink"].chance == 0
        for score in scores.values():
            assert score.low <= score.value <= score.high

    @pytest.mark.slow
    def test_chance_of_a_categorical_code_is_what_a_generator_that_ignores_its_codes_scores(self):
        def ignoring(latents: Latents) -> Tensor:
            return paint(latents.replace(0, torch.ones(len(latents), dtype=torch.int64)))

        runs = [measure(ignoring, seed=seed, bootstrap=2) for seed in range(12)]
        values = [scores[f"c1.{name}"].value for scores in runs for name in ("slant", "width", "height")]
        assert np.mean(values) == pytest.approx(runs[0]["c1.slant"].chance, rel=0.4)


class TestArbitrary:
    """What another seed could have given another sign, or to another code."""

    def test_the_sign_of_a_continuous_code_and_which_of_two_alike_it_is(self, plain):
        assert plain["c2.slant"].arbitrary == plain["c3.ink"].arbitrary == ("sign", "code")
        assert plain["c1.slant"].arbitrary == plain["named"].arbitrary == ()

    def test_a_code_alone_of_its_kind_is_always_itself(self):
        spec = LatentSpec(3, (Categorical(4), Uniform(), Gaussian()))
        assert measure(spec=spec)["c2.slant"].arbitrary == ("sign",)

    def test_categorical_codes_have_no_sign(self):
        spec = LatentSpec(3, (Categorical(4), Categorical(4), Uniform()))
        assert measure(spec=spec)["c1.slant"].arbitrary == ("code",)


class TestNamed:
    def test_comes_first_and_names_each_continuous_code(self, plain):
        scores = plain
        assert next(iter(scores)) == "named"
        named = scores["named"]
        assert named.value > 0.95
        assert named.details["c2"]["measure"] == "slant"
        assert named.details["c3"]["measure"] == "width"
        assert (named.better, named.bounds) == ("higher", (0, 1))

    def test_holds_the_categories_fixed(self):
        """Breadth depends mostly on the category, and on c3 within each."""

        def broad(latents: Latents) -> Tensor:
            c1, c2, c3 = latents.codes
            return draw_bars(LEAN * c2, 3 + 3 * c1 + 0.5 * c3, torch.full_like(c2, 16))

        scores = measure(broad)
        assert scores["c3.width"].value < 0.6
        assert scores["named"].details["c3"]["all"]["width"] > 0.9

    @pytest.mark.slow
    def test_chance_is_what_a_generator_that_ignores_its_codes_scores(self):
        def ignoring(latents: Latents) -> Tensor:
            c1, c2, _ = latents.codes
            return paint(Latents(latents.noise, (c1, c2[torch.randperm(len(c2))], torch.rand(len(c2)))))

        runs = [measure(ignoring, seed=seed, bootstrap=2)["named"] for seed in range(12)]
        chance = np.mean([score.chance for score in runs])
        assert np.mean([score.value for score in runs]) == pytest.approx(chance, rel=0.25)
        assert 0.03 < chance < 0.1

    def test_is_undefined_without_a_continuous_code(self):
        def paint_one(latents: Latents) -> Tensor:
            height = 10 + 3.0 * latents.codes[0]
            return draw_bars(latents.noise[:, 0], torch.full_like(height, 4), height)

        scores = measure(paint_one, spec=LatentSpec(3, (Categorical(3),)))
        assert scores["named"].value is None
        assert scores["c1.height"].value > 0.8


class TestReal:
    def test_uses_the_posterior_on_the_test_split(self):
        images, codes = real_bars(600)
        train = np.arange(600) < 250
        scores = measure(paint, images, codes, train)
        lean = MEASURES["slant"].function(images[250:, 0] / 255)
        expected = stats.spearmanr(codes.column("c2")[250:], lean).statistic
        assert scores["c2.slant.real"].value == pytest.approx(expected)
        assert scores["c2.slant.real"].value > 0.95
        assert -0.7 < scores["c3.width.real"].value < -0.2
        assert scores["c2.slant.real"].details["images"] == 350

    def test_uses_no_more_images_than_requested(self):
        images, codes = real_bars(600)
        assert measure(paint, images, codes)["c2.slant.real"].details["images"] == 400

    def test_takes_float_images_as_they_are(self):
        images, codes = real_bars(100)
        scaled = measure(paint, images.astype(np.float32) / 255, codes, samples=50)
        plain = measure(paint, images, codes, samples=50)
        assert scaled["c3.ink.real"].value == pytest.approx(plain["c3.ink.real"].value)

    def test_is_left_out_where_there_are_no_images(self, plain):
        assert not [name for name in plain if name.endswith(".real")]

    def test_is_undefined_for_a_constant_posterior(self):
        images, codes = real_bars(100)
        constant = codes.values.copy()
        constant[:, 1] = 0.3
        scores = measure(paint, images, Variables(constant, codes.names, codes.kinds))
        assert scores["c2.slant.real"].value is None
        assert scores["c2.slant.real"].reason == "c2 or slant is the same for all images."

    def test_arrays_of_different_lengths_are_refused(self):
        images, codes = real_bars(100)
        with pytest.raises(MetricError, match="90 images, 100 rows of codes"):
            measure(paint, images[:90], codes)

    def test_codes_of_other_names_are_refused(self):
        images, codes = real_bars(100)
        with pytest.raises(MetricError, match="lack c3"):
            measure(paint, images, Variables(codes.values, ("c1", "c2", "z"), codes.kinds))


class TestBlankImages:
    def test_are_left_out_and_counted(self):
        def fading(latents: Latents) -> Tensor:
            return paint(latents) * (latents.noise[:, 0] > -0.5).reshape(-1, 1, 1, 1)

        score = measure(fading)["c2.slant"]
        assert 60 < score.details["blank"] < 140
        assert score.details["images"] + score.details["blank"] == 400
        assert score.value > 0.95

    def test_alone_leave_everything_undefined(self):
        scores = measure(lambda latents: torch.zeros(len(latents), 1, 28, 28))
        assert {score.reason for score in scores.values()} == {"Only 0 of 400 images are not blank."}
        assert {score.value for score in scores.values()} == {None}
        assert len(scores) == 16


def steady(latents: Latents, *, breadth: float) -> Tensor:
    """Bars that lean by a thousandth of a pixel a row, as c2 says; c3 is how broad they are."""
    _, c2, c3 = latents.codes
    length = torch.full_like(c2, 16.0)
    return draw_bars(1e-3 * c2, BREADTH + breadth * c3, length)


class TestWhatNobodySees:
    def test_of_a_collapsed_generator_has_no_value(self):
        scores = measure(partial(steady, breadth=1e-3), *real_bars(400, shortest=10.0))
        for name in ("named", "c1.slant", "c2.slant", "c3.width"):
            assert scores[name].value is None
            assert "under 5 % of how real ones do" in scores[name].reason
        assert scores["c2.slant.real"].value > 0.95

    def test_leaves_the_other_measures_as_they_are(self):
        broad = partial(steady, breadth=2)
        alone, beside = measure(broad), measure(broad, *real_bars(400))
        assert alone["c2.slant"].value > 0.9
        assert beside["c2.slant"].value is None
        assert "slant" in beside["c2.slant"].reason
        assert beside["c3.width"].value == alone["c3.width"].value
        assert beside["named"].details["c2"]["measure"] != "slant"

    def test_changes_nothing_where_everything_is_visible(self, plain):
        beside = measure(paint, *real_bars(400))
        assert {name: beside[name].value for name in plain} == {name: score.value for name, score in plain.items()}
        assert list(beside)[: len(plain)] == list(plain)


class TestContract:
    def test_the_same_seed_gives_the_same_numbers_even_of_a_random_generator(self):
        def shaky(latents: Latents) -> Tensor:
            return paint(latents.replace(1, latents.codes[1] + 0.1 * torch.randn(len(latents))))

        first, again, other = (measure(shaky, seed=seed, samples=60) for seed in (1, 1, 2))
        assert first == again
        assert first != other

    def test_the_global_random_state_is_left_alone(self):
        torch.manual_seed(5)
        before = torch.get_rng_state()
        measure(lambda latents: paint(latents) + 0.01 * torch.rand(len(latents), 1, 28, 28), samples=50)
        assert torch.equal(torch.get_rng_state(), before)

    def test_color_images_are_undefined(self):
        scores = measure(lambda latents: paint(latents).expand(-1, 3, -1, -1))
        assert scores["named"].value is None
        assert "one channel" in scores["named"].reason

    @pytest.mark.parametrize("settings", [{"samples": 20}, {"bootstrap": 1}])
    def test_invalid_settings_are_named(self, settings):
        ((name, value),) = settings.items()
        with pytest.raises(MetricError, match=f"{name} is {value}"):
            measure(**settings)

    def test_declares_what_it_needs(self):
        info = info_of(image_measures)
        assert info.needs == ("generator", "latents")
        assert info.uses == ("images", "codes", "train")
        assert (info.bounds, info.better) == ((-1, 1), "neither")
