"""Variational lower bounds on the mutual information between each code and the generated images, in nats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.latents import Categorical, Code, Latents, LatentSpec
from disentangle_bench.metrics.generator.fresh_posterior import train_posterior
from disentangle_bench.metrics.generator.information_scores import (
    entropy_details,
    latents_pairing,
    undefined_scores,
    with_errors,
    with_share,
)
from disentangle_bench.metrics.generator.perturbation import NOISE, Perturbation
from disentangle_bench.metrics.generator.sampling import (
    Parameters,
    draw_latents,
    isolated_randomness,
    posterior_outputs,
)
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervals import mean_interval
from disentangle_bench.metrics.metric import Generator, Posterior, Score, Scores, metric, of_code
from disentangle_bench.seeds import derive_seed


@metric(
    "mutual-information",
    version=2,
    bounds=(None, None),
    better="higher",
    source="arXiv:1606.03657, eq. 5",
    unit="nats",
    seconds=1,
)
def variational_bound(
    generator: Generator,
    posterior: Posterior,
    latents: LatentSpec,
    images: ArrayLike | None = None,
    *,
    samples: int = 10_000,
    batch_size: int = 500,
    noise: float = NOISE,
    seed: int = 0,
) -> Scores:
    """Variational mutual information L_I: high when the model's own Q reads each code in generated images.

    The lower bound on the mutual information of a code and the generated image that InfoGAN maximizes, evaluated on
    latents drawn from the priors.

        L_I(c) = E[ln Q(c given x~)] + H(c) = I(c; x~) - E[KL(P(c given x~) || Q(c given x~))],  x = G(z, c)

    What Q reads is perturbed, so that only what is visible counts: quantized to 8 bits, with Gaussian noise of 5 % of
    the spread of real images in each pixel and as much along what each code changes.

        x~ = round(255 x) / 255 + noise s (e + Σ_i e_i d_i),  e and e_i standard normal
        s  = the standard deviation of a pixel over real images, root-mean-square; 1/√12 where there are none
        d_i = a difference of two images that differ in code i alone, scaled to 1 per pixel

    The `L_I` of a training log is that of the images as they are, the objective of the game. A model can raise it by
    changes that nobody sees.

    Does not see: information that Q misses (`mutual-information/fresh` does); nor whether a code means anything to a
    person.

    Args:
        generator: latents -> images `(n, c, h, w)`.
        posterior: images -> one tensor `(n, p)` of posterior parameters per code.
        latents: the priors.
        images: real ones `(n, c, h, w)`, uint8 or float in [0, 1], for the scale of the perturbation.
        samples: generated images.
        batch_size: images at a time.
        noise: of the perturbation, as a share of the spread of real images; 0 leaves the images as they are.
        seed: of latents and noise.

    Returns:
        Per code its bound in nats, such as `c1`; of a categorical code also its share of H(c), such as `c1.share`; of a
        continuous code how well Q's mean reads it, as R2 and as the standard deviation of its error in the code's unit,
        such as `c2.r2` and `c2.sd`. The bound is negative where Q is worse than the prior. Chance is that of the best
        posterior that does not look at the image. The ceiling of a categorical code is H(c); a continuous code has
        none, since its differential entropy bounds nothing.

    Raises:
        DbenchError: fewer than 2 samples, or a generator or posterior that does not fit the latents.

    References:
        Chen et al. (2016), InfoGAN, arXiv:1606.03657, eq. 5.

    Example:
        The code lights one of ten pixels and Q reads which: ln 10 = 2.303 nats.

        >>> import torch
        >>> from disentangle_bench.latents import Categorical, LatentSpec
        >>> from disentangle_bench.metrics import variational_bound
        >>> generator = lambda drawn: torch.eye(10)[drawn.codes[0]][:, None, None]
        >>> posterior = lambda images: (100 * images.flatten(1),)
        >>> scores = variational_bound(generator, posterior, LatentSpec(0, (Categorical(10),)), samples=100)
        >>> round(scores["c1"].value, 3), round(scores["c1.share"].value, 3)
        (2.303, 1.0)
    """
    require_at_least(2, samples=samples)
    require_at_least(1, batch_size=batch_size)
    with isolated_randomness(seed):
        perturbation = Perturbation.of(generator, latents, images, noise=noise, seed=seed)
        drawn = draw_latents(latents, samples, seed, "evaluation")
        (read,) = posterior_outputs(perturbation.of_generator(generator), [(posterior, latents)], drawn, batch_size)
    details = {
        "estimator": "variational bound, the model's own Q",
        "bounds": "below",
        "samples": samples,
        "noise": perturbation.deviation,
    }
    return _bound_scores(latents, drawn, read, details)


@metric(
    "mutual-information/fresh",
    version=2,
    bounds=(None, None),
    better="higher",
    source="arXiv:1606.03657, eq. 4, with a newly trained Q",
    unit="nats",
    seconds=45,
)
def fresh_posterior_bound(
    generator: Generator,
    latents: LatentSpec,
    posterior: Posterior | None = None,
    images: ArrayLike | None = None,
    *,
    samples: int = 10_000,
    train_samples: int = 40_000,
    validation_samples: int = 2_000,
    batch_size: int = 500,
    noise: float = NOISE,
    seed: int = 0,
) -> Scores:
    """Variational mutual information L_I, fresh Q: high when a newly trained posterior reads each code in images.

    The bound of `mutual-information` under a small network that is trained on generated images of its own, by one
    protocol for every model. It measures what the images hold of a code rather than what the model's Q makes of them,
    so it is fair to a model whose Q was trained separately from the generator.

        L_I(c)  = E[ln Q'(c given x~)] + H(c) ≤ I(c; x~),  Q' newly trained on x~, x = G(z, c)
        gap(c)  = E[ln Q'(c given x~) - ln Q(c given x~)]

    The images are perturbed as those of `mutual-information`.

    Does not see: information that the small network misses; nor whether a code means anything to a person.

    Args:
        generator: latents -> images `(n, c, h, w)`.
        latents: the priors.
        posterior: the model's own Q, for the gap: images -> one tensor `(n, p)` of posterior parameters per code.
        images: real ones `(n, c, h, w)`, uint8 or float in [0, 1], for the scale of the perturbation.
        samples: generated images to score.
        train_samples: generated images to train on.
        validation_samples: generated images to choose the epoch on.
        batch_size: images generated at a time.
        noise: of the perturbation, as a share of the spread of real images; 0 leaves the images as they are.
        seed: of the training and of the latents, which at one seed are those of `mutual-information`.

    Returns:
        As `mutual-information`; and with a posterior `c1.gap`, in nats, the bound minus that of the model's own Q on
        the same images.

    Raises:
        DbenchError: too few samples, or a generator or posterior that does not fit the latents.

    References:
        Chen et al. (2016), InfoGAN, arXiv:1606.03657, eq. 4, with a newly trained Q.

    Example:
        The code lights one of two pixels, which the network learns to read.

        >>> import torch
        >>> from disentangle_bench.latents import Categorical, LatentSpec
        >>> from disentangle_bench.metrics import fresh_posterior_bound
        >>> generator = lambda drawn: torch.eye(2)[drawn.codes[0]][:, None, None]
        >>> sizes = {"samples": 100, "train_samples": 2000, "validation_samples": 100}
        >>> scores = fresh_posterior_bound(generator, LatentSpec(0, (Categorical(2),)), **sizes)
        >>> round(scores["c1.share"].value, 1)
        1.0
    """
    require_at_least(2, samples=samples)
    require_at_least(1, train_samples=train_samples, validation_samples=validation_samples, batch_size=batch_size)
    with isolated_randomness(seed):
        perturbation, other = (
            Perturbation.of(generator, latents, images, noise=noise, seed=each)
            for each in (seed, derive_seed(seed, "fresh posterior"))
        )
        fresh = train_posterior(
            other.of_generator(generator),
            latents,
            samples=train_samples,
            validation=validation_samples,
            batch_size=batch_size,
            seed=seed,
        )
        drawn = draw_latents(latents, samples, seed, "evaluation")
        posteriors: list[tuple[Posterior, LatentSpec]] = [(fresh, fresh.latents)]
        posteriors += [(posterior, latents)] if posterior else []
        read, *own = posterior_outputs(perturbation.of_generator(generator), posteriors, drawn, batch_size)
    details = {
        "estimator": "variational bound, a newly trained posterior",
        "bounds": "below",
        "samples": samples,
        "noise": perturbation.deviation,
        "train_samples": train_samples,
        "validation_samples": validation_samples,
        "epochs": fresh.epochs,
        "best_epochs": dict(zip(latents.names, fresh.best_epochs, strict=True)),
    }
    scores = _bound_scores(fresh.latents, drawn, read, details)
    if not own:
        return scores
    own_scores = _bound_scores(latents, drawn, own[0], {})
    with_gaps: dict[str, Score] = {}
    for name in latents.names:
        with_gaps |= {part: score for part, score in scores.items() if score.code == name}
        with_gaps |= of_code(name, {"gap": _gap(scores[name], own_scores[name])})
    return with_gaps


def _bound_scores(
    latents: LatentSpec, drawn: Latents, read: Parameters, details: Mapping[str, Any]
) -> dict[str, Score]:
    paired = latents_pairing(drawn)
    scores: dict[str, Score] = {}
    for code, values, parameters in zip(latents.codes, drawn.codes, read, strict=True):
        terms = code.log_likelihood(values, parameters).double().numpy() + code.entropy
        if not np.isfinite(terms).all():
            scores |= undefined_scores(code, parameters, "r2", "sd")
        elif isinstance(code, Categorical):
            scores |= with_share(code, _bound(code, terms, paired, details))
        else:
            scores |= with_errors(code, _bound(code, terms, paired, details), code.estimate(parameters) - values)
    return scores


def _bound(code: Code, terms: NDArray[np.float64], paired: str, details: Mapping[str, Any]) -> Score:
    low, high = mean_interval(terms)
    ceiling = code.entropy if isinstance(code, Categorical) else None
    value, low, high = (min(bound, ceiling or math.inf) for bound in (float(terms.mean()), low, high))
    return Score(
        value,
        low=low,
        high=high,
        chance=code.uninformed_bound,
        ceiling=ceiling,
        unit="nats",
        samples=terms,
        pairing=paired,
        details={**entropy_details(code), **details, "interval": "Student's, over samples"},
    )


def _gap(fresh: Score, own: Score) -> Score:
    if fresh.samples is None or own.samples is None:
        return Score.undefined(fresh.reason or own.reason)
    terms = fresh.samples - own.samples
    low, high = mean_interval(terms)
    return Score(
        float(terms.mean()),
        low=low,
        high=high,
        unit="nats",
        samples=terms,
        pairing=fresh.pairing,
        better="neither",
        details={"fresh": fresh.value, "own": own.value, "interval": "Student's, over samples"},
    )
