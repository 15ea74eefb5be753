"""The evidence lower bound of images and its two parts, whatever the model was trained to maximize."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from disentangle_bench.errors import MetricError, SettingError
from disentangle_bench.latents import Gaussian, Latents, LatentSpec
from disentangle_bench.metrics.generator.sampling import image_batches, isolated_randomness, rows_of_test
from disentangle_bench.metrics.information.posteriors import GaussianPosterior, PosteriorParameters, posteriors_of
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervals import mean_interval
from disentangle_bench.metrics.metric import Generator, Score, metric, pairing
from disentangle_bench.representation.variables import Variables
from disentangle_bench.seeds import derive_seed

Likelihood = Literal["bernoulli", "gaussian"]
Floats = NDArray[np.float64]
BATCH = 250
NOT_A_VAE = "its latents are not standard normal codes alone, as those of a VAE are"


@metric(
    "elbo",
    version=1,
    bounds=(None, None),
    better="higher",
    source="arXiv:1312.6114, eq. 10",
    unit="nats",
    default=False,
    seconds=5,
)
def evidence_lower_bound(
    generator: Generator,
    latents: LatentSpec,
    posterior_parameters: PosteriorParameters,
    images: ArrayLike,
    train: ArrayLike | None = None,
    *,
    likelihood: Likelihood = "bernoulli",
    samples: int = 2_000,
    seed: int = 0,
) -> dict[str, Score]:
    """Evidence lower bound (ELBO): high when images come back from few nats of codes; of VAEs only.

    One value of the codes is drawn from the posterior of each image, and decoded.

        ELBO = E_x[E[ln P(x given c)] - Σ_i KL(Q(c_i given x) || N(0, 1))]

    The likelihood is the same for all models, so that their bounds can be compared whatever they were trained with:
    each pixel is Bernoulli with the decoder's output for its mean, or Gaussian around it with a variance of 1/2. The
    logarithms of the former are cut at -100, as PyTorch does.

    Does not see: whether codes are disentangled. A model that weighs the KL more than the bound does, such as beta-VAE,
    has a lower one by design.

    Args:
        generator: codes -> images `(n, c, h, w)`, float in [0, 1].
        latents: standard normal codes and no noise.
        posterior_parameters: code name -> `(n, 2)`, mean and ln sigma for each image.
        images: `(n, c, h, w)`, uint8 or float in [0, 1].
        train: `(n,)` bool, the training split, which is left out.
        likelihood: `bernoulli` or `gaussian`.
        samples: the most images to use, of the test split where there is one.
        seed: of the choice of images and of the values of the codes.

    Returns:
        The bound of an image in nats, then `elbo.reconstruction`, the expected ln-likelihood, and `elbo.kl`; undefined
        where latents are not what a VAE has. Chance is a decoder that ignores the codes and gives the mean image. The
        details of `elbo.kl` hold the KL of each code.

    Raises:
        DbenchError: an unknown likelihood; fewer than 2 samples or test images; images or parameters that do not fit,
            or that are NaN or infinite.

    References:
        Kingma and Welling (2013), arXiv:1312.6114, eq. 10.

    Example:
        The posterior is the prior and every pixel a fair coin: no KL, and ln 2 is lost for each of 4 pixels.

        >>> import numpy as np, torch
        >>> from disentangle_bench.latents import Gaussian, LatentSpec
        >>> from disentangle_bench.metrics import evidence_lower_bound
        >>> decoder = lambda drawn: torch.full((len(drawn), 1, 2, 2), 0.5)
        >>> spec, parameters = LatentSpec(0, (Gaussian(),)), {"c1": np.zeros((10, 2))}
        >>> score = evidence_lower_bound(decoder, spec, parameters, np.ones((10, 1, 2, 2)))[""]
        >>> round(score.value, 3)
        -2.773
    """
    require_at_least(2, samples=samples)
    if likelihood not in get_args(Likelihood):
        raise SettingError(f"There is no likelihood {likelihood!r}.", f"Give {' or '.join(get_args(Likelihood))}.")
    if latents.noise or not all(isinstance(code, Gaussian) for code in latents.codes):
        return dict.fromkeys(("", "reconstruction", "kl"), Score.undefined(NOT_A_VAE))
    array, rows = np.asarray(images), rows_of_test(images, train, samples, derive_seed(seed, "choice of images"))
    if len(rows) < 2:
        raise MetricError("There are fewer than 2 test images.", "Give 2 or more.")
    mean, sigma = _gaussians(latents, posterior_parameters, len(array), rows)
    rng = np.random.default_rng(derive_seed(seed, "values of the codes"))
    codes = torch.from_numpy(mean + sigma * rng.standard_normal(mean.shape)).float()
    x = torch.from_numpy(array[rows] / 255 if array.dtype == np.uint8 else array[rows].astype(np.float64))
    with isolated_randomness(derive_seed(seed, "networks")):
        reconstruction = _decoded_log_likelihoods(generator, codes, x, likelihood)
    blind = float(_log_likelihood(x.mean(dim=0).expand_as(x), x, likelihood).mean())
    divergences = (np.square(mean) + np.square(sigma) - 1) / 2 - np.log(sigma)
    kl, name = divergences.sum(axis=1), pairing("images", array[rows])
    per_code = dict(zip(latents.names, divergences.mean(axis=0).tolist(), strict=True))
    return {
        "": replace(_mean_of(reconstruction - kl, name, images=len(rows), likelihood=likelihood), chance=blind),
        "reconstruction": replace(_mean_of(reconstruction, name), chance=blind),
        "kl": replace(_mean_of(kl, name, codes=per_code), better="neither", bounds=(0, None)),
    }


def _gaussians(
    latents: LatentSpec, parameters: PosteriorParameters, images: int, rows: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """The posterior's means and standard deviations `(rows, d)`."""
    codes = Variables.wrap(np.zeros((images, len(latents.codes))), names=latents.names)
    posteriors = [each for each in posteriors_of(codes, parameters) if isinstance(each, GaussianPosterior)]
    mean, sigma = (np.stack([getattr(each, of) for each in posteriors], axis=1) for of in ("mean", "sigma"))
    return mean[rows], sigma[rows]


def _decoded_log_likelihoods(generator: Generator, codes: Tensor, x: Tensor, likelihood: Likelihood) -> Floats:
    """`ln P(x given c)` of each image `(n,)` in nats.

    Raises:
        MetricError: decoded images of another shape, or with values that are not in [0, 1].
    """
    drawn, found = Latents(codes[:, :0], tuple(codes.unbind(dim=1))), []
    for batch, real in zip(image_batches(generator, drawn, BATCH), torch.split(x, BATCH), strict=True):
        decoded = batch.double().cpu()
        if decoded.shape != real.shape or not bool(((decoded >= 0) & (decoded <= 1)).all()):
            raise MetricError(
                f"The decoder gave images of the shape {tuple(decoded.shape[1:])} with values from "
                f"{decoded.min():.3g} to {decoded.max():.3g}; the dataset's have {tuple(real.shape[1:])} in [0, 1].",
                "Give the images on which it was trained, and check that the training has not diverged.",
            )
        found.append(_log_likelihood(decoded, real, likelihood))
    return np.concatenate(found)


def _log_likelihood(decoded: Tensor, x: Tensor, likelihood: Likelihood) -> Floats:
    if likelihood == "bernoulli":
        losses = F.binary_cross_entropy(decoded, x, reduction="none")
    else:
        losses = (decoded - x).square() + 0.5 * math.log(math.pi)
    return -losses.flatten(1).sum(dim=1).numpy()


def _mean_of(values: Floats, name: str, **details: Any) -> Score:
    """The mean of the values of images `(n,)` with its interval."""
    low, high = mean_interval(values)
    return Score(
        float(values.mean()), low, high, samples=values, pairing=name, unit="nats",
        details={"interval": "Student's, over images", **details},
    )  # fmt: skip
