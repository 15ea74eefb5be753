"""Path lengths of generators whose features are a known function of the code."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Gaussian, Latents, LatentSpec, Uniform
from disentangle_bench.metrics import Score
from disentangle_bench.metrics.generator.path_length import classifier_path_length
from disentangle_bench.metrics.generator.traversals import CENTRAL_95
from tests.metrics.samples.conftest import Pixels

SPEC = LatentSpec(2, (Categorical(3), Uniform(), Uniform()))
STEPS = 9


def image(*pixels: Tensor) -> Tensor:
    return torch.stack(pixels, dim=1)[:, None, None, :].float()


def paint(latents: Latents) -> Tensor:
    """Pixels: c2 along a line, c3 along a quarter of a circle, c1 and the noise on pixels of their own."""
    c1, c2, c3 = latents.codes
    angle = (c3 + 1) * math.pi / 4
    return image(3 * c2, 4 * c2, torch.cos(angle), torch.sin(angle), c1 * 2, latents.noise[:, 0])


def measure(generator=paint, spec=SPEC, classifier=Pixels(), **settings) -> dict[str, Score]:  # noqa: B008
    scores = classifier_path_length(generator, spec, classifier, **{"draws": 16, "steps": STEPS, **settings})
    assert isinstance(scores, dict)
    return scores


class TestClosedForms:
    def test_a_line_is_as_long_as_its_ends_are_apart(self):
        """c2 from -1 to 1 moves two pixels by 6 and 8: 100, however many steps; and it is straight."""
        for steps in (3, STEPS, 20):
            scores = measure(steps=steps)
            assert scores["c2"].value == pytest.approx(100, rel=1e-5)
            assert scores["straightness"].details["by_code"]["c2"] == pytest.approx(1, rel=1e-5)
        assert scores["c2"].low == pytest.approx(scores["c2"].high, rel=1e-5)

    def test_an_arc_is_longer(self):
        """A quarter circle in s - 1 equal chords: `(s - 1)^2 (2 sin(pi / 4 (s - 1)))^2`; the ends are sqrt 2 apart."""
        scores = measure()
        chord = 2 * math.sin(math.pi / 4 / (STEPS - 1))
        length = ((STEPS - 1) * chord) ** 2
        assert scores["c3"].value == pytest.approx(length, rel=1e-5)
        assert scores["straightness"].details["by_code"]["c3"] == pytest.approx(2 / length, rel=1e-5)
        assert scores["overall"].value == pytest.approx((100 + length) / 2, rel=1e-5)
        assert scores["straightness"].value == pytest.approx((1 + 2 / length) / 2, rel=1e-5)

    def test_a_jump_multiplies_the_length_by_the_number_of_steps(self):
        scores = measure(lambda z: image((z.codes[1] > 0.1).float(), 2 * z.codes[2]))
        assert scores["c2"].value == pytest.approx(STEPS - 1)
        assert scores["straightness"].details["by_code"]["c2"] == pytest.approx(1 / (STEPS - 1))

    def test_a_gaussian_code_is_traversed_over_its_central_95_percent(self):
        spec = LatentSpec(2, (Gaussian(),))
        scores = measure(lambda z: image(z.codes[0], z.noise[:, 0]), spec)
        assert scores["c1"].value == pytest.approx((2 * CENTRAL_95) ** 2, rel=1e-5)

    def test_unrelated_images_have_the_straightness_of_chance(self):
        generator = torch.Generator().manual_seed(0)
        scores = measure(lambda z: torch.rand(len(z), 1, 1, 50, generator=generator), draws=200)
        score = scores["straightness"]
        assert score.chance == 1 / (STEPS - 1) ** 2
        assert score.value == pytest.approx(score.chance, rel=0.05)

    def test_categories_and_random_images_are_in_the_details(self):
        """Categories lie at 0, 2, 4: squared distances 4, 4, 16. Random images differ by twice the variance."""
        details = measure(draws=2000, steps=3)["overall"].details
        assert details["categories"] == pytest.approx({"c1": 8})
        c1, c2, noise = 4 * 2 / 3, 25 / 3, 1 / 3
        c3 = 1 - 2 * (2 / math.pi) ** 2  # of cosine and sine of an angle uniform on a quarter circle
        assert details["random_images"] == pytest.approx(2 * (c1 + c2 + c3 + noise), rel=0.1)


class TestIntervals:
    def test_cover_the_mean_length_where_paths_differ(self):
        """c2 moves a pixel by twice the noise: the mean length is `4 E z^2`, 4/3."""

        def uneven(z: Latents) -> Tensor:
            return image(z.codes[1] * z.noise[:, 0], z.codes[2])

        scores = [measure(uneven, draws=50, seed=seed)["c2"] for seed in range(20)]
        assert sum(score.low <= 4 / 3 <= score.high for score in scores) >= 17

    def test_the_samples_are_the_paths(self):
        scores = measure()
        assert all(scores[name].samples.shape == (16,) for name in ("overall", "c2", "c3"))
        assert scores["c2"].pairing == measure(lambda z: 2 * paint(z))["c2"].pairing
        assert scores["c2"].pairing != measure(seed=1)["c2"].pairing


class TestUndefined:
    def test_without_a_classifier(self):
        scores = measure(classifier=None)
        assert list(scores) == ["overall", "straightness"]
        assert all("no labels" in score.reason for score in scores.values())

    def test_without_a_continuous_code(self):
        scores = measure(spec=LatentSpec(2, (Categorical(3),)))
        assert all("no continuous code" in score.reason for score in scores.values())

    def test_codes_that_move_nothing(self):
        scores = measure(lambda z: image(z.noise[:, 0], z.noise[:, 1]))
        assert scores["overall"].value == 0
        assert "changes no image" in scores["straightness"].reason


@pytest.mark.parametrize("setting", [{"draws": 1}, {"steps": 2}, {"bootstrap": 1}])
def test_invalid_settings_are_named(setting):
    ((name, value),) = setting.items()
    with pytest.raises(MetricError, match=f"{name} is {value}"):
        measure(**setting)


def test_features_that_are_nan():
    with pytest.raises(MetricError, match="NaN"):
        measure(lambda z: image(z.codes[1] * np.nan, z.codes[2]))
