"""The evidence lower bound: against closed forms, double precision and the loss that a VAE is trained with."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from disentangle_bench.errors import MetricError, SettingError
from disentangle_bench.latents import Gaussian, Latents, LatentSpec, Uniform
from disentangle_bench.metrics.generator.elbo import evidence_lower_bound

SPEC = LatentSpec(0, (Gaussian(), Gaussian()))
ROWS = 400


def brighten(drawn: Latents) -> Tensor:
    """Two pixels, each as bright as one of the codes."""
    return torch.sigmoid(torch.stack(drawn.codes, dim=1))[:, None, None, :]


def parameters(mean: np.ndarray, log_sigma: float | np.ndarray) -> dict[str, np.ndarray]:
    wide = np.broadcast_to(log_sigma, mean.shape)
    return {f"c{code + 1}": np.stack([mean[:, code], wide[:, code]], axis=1) for code in range(mean.shape[1])}


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).uniform(0.1, 0.9, (ROWS, 1, 1, 2))


def test_kl_is_that_of_gaussians(images: np.ndarray) -> None:
    mean, log_sigma = np.random.default_rng(1).normal(size=(2, ROWS, 2))
    scores = evidence_lower_bound(brighten, SPEC, parameters(mean, log_sigma), images)
    expected = -0.5 * (1 + 2 * log_sigma - mean**2 - np.exp(2 * log_sigma))
    assert scores["kl"].value == pytest.approx(expected.sum(axis=1).mean(), abs=1e-12)
    assert scores["kl"].details["codes"] == pytest.approx(dict(zip(("c1", "c2"), expected.mean(axis=0), strict=True)))


def test_parts_add_up(images: np.ndarray) -> None:
    scores = evidence_lower_bound(brighten, SPEC, parameters(np.zeros((ROWS, 2)), 0.5), images)
    whole, reconstruction, kl = (scores[part].value for part in ("", "reconstruction", "kl"))
    assert whole == pytest.approx(reconstruction - kl, abs=1e-9)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_reconstruction_of_a_narrow_posterior_is_the_likelihood_of_the_decoded_means(
    images: np.ndarray, likelihood: str
) -> None:
    mean = np.random.default_rng(2).normal(size=(ROWS, 2))
    found = evidence_lower_bound(brighten, SPEC, parameters(mean, -14.0), images, likelihood=likelihood)  # type: ignore[arg-type]
    p, x = 1 / (1 + np.exp(-mean)), images[:, 0, 0]
    by_hand = {
        "bernoulli": x * np.log(p) + (1 - x) * np.log(1 - p),
        "gaussian": -((x - p) ** 2) - 0.5 * math.log(2 * math.pi * 0.5),
    }[likelihood]
    assert found["reconstruction"].value == pytest.approx(by_hand.sum(axis=1).mean(), abs=1e-5)


def test_parts_have_their_closed_forms_in_a_linear_model() -> None:
    """Images x = c + noise of variance 1/2, whose posterior is N(x / 1.5, 1/3); a pixel is a two-hundredth of it."""
    x = np.random.default_rng(3).normal(scale=math.sqrt(1.5), size=(40_000, 1))

    def decode(drawn: Latents) -> Tensor:
        return (drawn.codes[0] / 200 + 0.5)[:, None, None, None]

    scores = evidence_lower_bound(
        decode,
        LatentSpec(0, (Gaussian(),)),
        parameters(x / 1.5, 0.5 * math.log(1 / 3)),
        (x / 200 + 0.5)[:, :, None, None],
        likelihood="gaussian",
        samples=len(x),
    )
    squares = (1.5 / 9 + 1 / 3) / 200**2  # E (x - c)^2 = E (x / 3)^2 + 1/3
    assert scores["reconstruction"].value == pytest.approx(-squares - 0.5 * math.log(math.pi), abs=1e-6)
    assert scores["kl"].value == pytest.approx(0.5 * math.log(3), abs=0.01)  # the mutual information of x and c


def test_chance_is_the_mean_image(images: np.ndarray) -> None:
    scores = evidence_lower_bound(brighten, SPEC, parameters(np.zeros((ROWS, 2)), 0.0), images)
    m, x = images.mean(axis=0), images
    expected = (x * np.log(m) + (1 - x) * np.log(1 - m)).sum(axis=(1, 2, 3)).mean()
    assert scores[""].chance == pytest.approx(expected, abs=1e-9)
    ignorant = evidence_lower_bound(
        lambda drawn: torch.from_numpy(m).expand(len(drawn), -1, -1, -1), SPEC, parameters(np.zeros((ROWS, 2)), 0.0), x
    )
    assert ignorant[""].value == pytest.approx(expected, abs=1e-6)


def test_a_worse_decoder_has_a_lower_bound(images: np.ndarray) -> None:
    mean = np.log(images[:, 0, 0] / (1 - images[:, 0, 0]))
    good = evidence_lower_bound(brighten, SPEC, parameters(mean, -3.0), images)
    swapped = evidence_lower_bound(brighten, SPEC, parameters(mean[:, ::-1], -3.0), images)
    assert good["reconstruction"].value > swapped["reconstruction"].value
    assert good["kl"].value == pytest.approx(swapped["kl"].value)


def test_training_images_are_left_out(images: np.ndarray) -> None:
    train = np.arange(ROWS) < 300
    spoiled = images.copy()
    spoiled[train] = 0.5
    of = parameters(np.zeros((ROWS, 2)), 0.0)
    first = evidence_lower_bound(brighten, SPEC, of, images, train)
    assert first[""].details["images"] == 100
    assert first == evidence_lower_bound(brighten, SPEC, of, spoiled, train)


def test_images_of_256_levels_are_scaled() -> None:
    levels = np.random.default_rng(4).integers(0, 256, (50, 1, 1, 2), dtype=np.uint8)
    of = parameters(np.zeros((50, 2)), 0.0)
    one, other = (evidence_lower_bound(brighten, SPEC, of, each)[""].value for each in (levels, levels / 255))
    assert one == pytest.approx(other)


@pytest.mark.parametrize("spec", [LatentSpec(2, (Gaussian(), Gaussian())), LatentSpec(0, (Gaussian(), Uniform()))])
def test_other_latents_than_a_vaes_have_no_bound(images: np.ndarray, spec: LatentSpec) -> None:
    scores = evidence_lower_bound(brighten, spec, parameters(np.zeros((ROWS, 2)), 0.0), images)
    assert [score.value for score in scores.values()] == [None] * 3
    assert "VAE" in scores[""].reason


def test_wrong_input_is_named(images: np.ndarray) -> None:
    of = parameters(np.zeros((ROWS, 2)), 0.0)
    with pytest.raises(SettingError, match="'poisson'"):
        evidence_lower_bound(brighten, SPEC, of, images, likelihood="poisson")  # type: ignore[arg-type]
    with pytest.raises(MetricError, match="no posterior parameters of c2"):
        evidence_lower_bound(brighten, SPEC, {"c1": of["c1"]}, images)
    with pytest.raises(MetricError, match="shape"):
        evidence_lower_bound(brighten, SPEC, of, images[:, 0])
    with pytest.raises(MetricError, match=r"\(1, 1, 3\).*\(1, 1, 2\)"):
        evidence_lower_bound(lambda drawn: torch.zeros(len(drawn), 1, 1, 3), SPEC, of, images)
    with pytest.raises(MetricError, match="from -1 to -1"):
        evidence_lower_bound(lambda drawn: torch.full((len(drawn), 1, 1, 2), -1.0), SPEC, of, images)
    with pytest.raises(MetricError, match="fewer than 2 test images"):
        evidence_lower_bound(brighten, SPEC, of, images, np.arange(ROWS) > 0)
