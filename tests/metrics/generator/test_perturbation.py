"""What is perturbed before it is read: the formula, and codes that nobody sees beside codes that everybody does."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Latents, LatentSpec, Uniform
from disentangle_bench.metrics import Score
from disentangle_bench.metrics.generator.mutual_information import fresh_posterior_bound, variational_bound
from disentangle_bench.metrics.generator.nonparametric_information import nonparametric_information
from disentangle_bench.metrics.generator.perturbation import Perturbation, pixel_spread
from disentangle_bench.metrics.generator.traversal_consistency import traversal_consistency
from disentangle_bench.metrics.generator.variation_predictability import variation_predictability

SIDE = 12
SPEC = LatentSpec(3, (Categorical(4), Uniform(), Uniform()))
PATTERNS = torch.linalg.qr(torch.randn(SIDE**2, 6, generator=torch.Generator().manual_seed(0)))[0].T * SIDE
"""Six patterns that are orthogonal to each other, of root-mean-square 1 per pixel."""
REAL = np.random.default_rng(0).random((500, 1, SIDE, SIDE))


def codes_in(amplitude: float) -> Callable[[Latents], Tensor]:
    """One gray image for all latents, but for the codes: each adds patterns of its own of that amplitude."""

    def generate(latents: Latents) -> Tensor:
        category, *continuous = latents.codes
        added = PATTERNS[category] + sum(c[:, None] * PATTERNS[4 + place] for place, c in enumerate(continuous))
        return (0.5013 + amplitude * added).reshape(-1, 1, SIDE, SIDE)

    return generate


def reader_of(amplitude: float) -> Callable[[Tensor], tuple[Tensor, ...]]:
    """The Q that reads them exactly, by projecting on the patterns."""

    def read(images: Tensor) -> tuple[Tensor, ...]:
        found = (images.flatten(1) - 0.5013) @ PATTERNS.T / SIDE**2 / amplitude
        means = found[:, 4:].split(1, dim=1)
        return 20 * found[:, :4], *(torch.cat([mean, torch.full_like(mean, -3.0)], dim=1) for mean in means)

    return read


def headlines(amplitude: float, noise: float) -> dict[str, Score]:
    generate, read = codes_in(amplitude), reader_of(amplitude)
    sizes = {"samples": 400, "noise": noise}
    of_q = variational_bound(generate, read, SPEC, REAL, **sizes)
    fresh = fresh_posterior_bound(generate, SPEC, images=REAL, train_samples=4000, validation_samples=400, **sizes)
    nonparametric = nonparametric_information(generate, read, SPEC, REAL, bootstrap=10, **sizes)
    traversal = traversal_consistency(generate, read, SPEC, images=REAL, draws=16, bootstrap=10, noise=noise)
    return {
        "own c1": of_q["c1.share"],
        "own c2": of_q["c2.r2"],
        "fresh c1": fresh["c1.share"],
        "fresh c2": fresh["c2.r2"],
        "nonparametric c1": nonparametric["c1.share"],
        "traversal": traversal["overall"],
        "VP": variation_predictability(generate, SPEC, REAL, pairs=600, train_share=0.5, noise=noise),
    }


@pytest.mark.slow
class TestCodes:
    def test_that_nobody_sees_looked_near_perfect(self) -> None:
        """With an amplitude of a thousandth, a quarter of a gray level, and images as they are."""
        scores = headlines(1e-3, noise=0)
        assert {name for name, score in scores.items() if score.value > 0.75} == scores.keys()

    def test_that_nobody_sees_count_for_nothing(self) -> None:
        scores = headlines(1e-3, noise=0.05)
        for name, score in scores.items():
            assert score.value < score.chance + 0.12, name

    def test_that_everybody_sees_count_as_before(self) -> None:
        before, after = headlines(0.2, noise=0), headlines(0.2, noise=0.05)
        for name, score in after.items():
            assert score.value > before[name].value - 0.05, name
            assert score.value > 0.85, name


class TestInvisibleCode:
    """The same for the two metrics that take no time."""

    def test_traversals_do_not_follow_it(self) -> None:
        scores = traversal_consistency(codes_in(1e-3), reader_of(1e-3), SPEC, images=REAL, draws=16, bootstrap=10)
        assert scores["overall"].value < 0.05
        assert scores["c2.smoothness"].value is None
        assert "visibly" in scores["c2.smoothness"].reason

    def test_q_cannot_read_it(self) -> None:
        scores = variational_bound(codes_in(1e-3), reader_of(1e-3), SPEC, REAL, samples=400)
        assert scores["c1"].value < 0.05
        assert scores["c2.r2"].value < 0


@pytest.mark.parametrize("amplitude", [0.03, 0.3])
def test_the_error_of_a_reader_of_one_code(amplitude: float) -> None:
    """The whole image is brighter by a c: noise s adds an error of s / a, and s / a / sqrt(pixels) from the pixels."""
    spec = LatentSpec(0, (Uniform(sigma=1.0),))
    scores = variational_bound(
        lambda latents: 0.5 + amplitude * latents.codes[0][:, None, None, None].expand(-1, 1, SIDE, SIDE),
        lambda images: ((images.mean(dim=(1, 2, 3))[:, None] - 0.5) / amplitude,),
        spec,
        REAL,
        samples=20_000,
    )
    noise = 0.05 * math.sqrt(REAL.var(axis=0).mean()) / amplitude
    error = noise**2 * (1 + 1 / SIDE**2) + (1 / 255 / amplitude) ** 2 / 12
    assert scores["c1.sd"].value == pytest.approx(math.sqrt(error), rel=0.05)
    assert scores["c1.r2"].value == pytest.approx(1 - 3 * error, abs=0.02)
    assert (scores["c1.sd"].chance, scores["c1.r2"].chance) == (pytest.approx(3**-0.5), 0)


class TestFormula:
    def test_the_spread_is_the_pixels_standard_deviation(self) -> None:
        pixels = (REAL * 255).astype(np.uint8)
        variances = [np.var(column / 255.0) for column in pixels.reshape(len(pixels), -1).T]
        expected = math.sqrt(sum(variances) / len(variances))
        assert pixel_spread(pixels) == pytest.approx(expected, rel=1e-12)
        assert pixel_spread(pixels / 255) == pytest.approx(expected, rel=1e-12)

    def test_without_real_images_it_is_that_of_the_range(self) -> None:
        assert pixel_spread(None) == pytest.approx(np.random.default_rng(0).random(10**6).std(), rel=1e-3)

    def test_the_noise_lies_in_pixels_and_along_codes(self) -> None:
        """Per pixel `noise s` each: in white noise, and along each of three codes."""
        perturbation = Perturbation.of(codes_in(0.1), SPEC, REAL, noise=0.1, seed=0)
        images = torch.full((4000, 1, SIDE, SIDE), 0.3013)
        noise = (perturbation(images) - round(0.3013 * 255) / 255).flatten(1)
        assert float(noise.mean()) == pytest.approx(0, abs=1e-3)
        assert float(noise.square().mean().sqrt()) == pytest.approx(0.1 * pixel_spread(REAL) * 2, rel=0.05)
        along = (noise @ PATTERNS.T / SIDE**2).square().mean(dim=0)  # c2 has one pattern, c1 four
        white = (0.1 * pixel_spread(REAL)) ** 2
        assert along[4:].tolist() == pytest.approx([white * (1 + 1 / SIDE**2)] * 2, rel=0.2)
        assert float(along[:4].sum()) == pytest.approx(white * (1 + 4 / SIDE**2), rel=0.2)

    def test_a_code_that_changes_nothing_adds_nothing(self) -> None:
        perturbation = Perturbation.of(
            lambda latents: torch.zeros(len(latents), 1, 4, 4), SPEC, REAL, noise=0.1, seed=0
        )
        assert all(not effects.any() for effects in perturbation.effects)

    def test_batches_do_not_matter_and_seeds_do(self) -> None:
        images = torch.rand(50, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
        first, again, other = (Perturbation.of(codes_in(0.1), SPEC, REAL, noise=0.1, seed=seed) for seed in (0, 0, 1))
        whole = first(images)
        assert torch.equal(torch.cat([again(rows) for rows in images.split(7)]), whole)
        assert not torch.equal(other(images), whole)

    def test_without_noise_images_stay_as_they_are(self) -> None:
        images = torch.rand(5, 1, SIDE, SIDE)
        assert Perturbation.of(codes_in(0.1), SPEC, REAL, noise=0, seed=0)(images) is images

    def test_negative_noise(self) -> None:
        with pytest.raises(MetricError, match=r"noise is -0\.1"):
            Perturbation.of(codes_in(0.1), SPEC, None, noise=-0.1, seed=0)
