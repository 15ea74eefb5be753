"""Variational lower bounds on the mutual information between each code and the generated images, in nats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.latents import Categorical, Code, Latents, LatentSpec
from disentangle_bench.metrics.generator.fresh_posterior import train_posterior
from disentangle_bench.metrics.generator.information_scores import (
    entropy_details,
    latents_pairing,
    undefined_scores,
    with_share,
)
from disentangle_bench.metrics.generator.sampling import (
    Parameters,
    draw_latents,
    isolated_randomness,
    posterior_outputs,
)
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervals import mean_interval
from disentangle_bench.metrics.metric import Generator, Posterior, Score, Scores, metric, of_code


@metric(
    "mutual-information",
    version=1,
    bounds=(None, None),
    better="higher",
    source="arXiv:1606.03657, eq. 5",
    unit="nats",
)
def variational_bound(
    generator: Generator,
    posterior: Posterior,
    latents: LatentSpec,
    *,
    samples: int = 10_000,
    batch_size: int = 500,
    seed: int = 0,
) -> Scores:
    """How much of each code the model's own Q reads in generated images: the variational lower bound `L_I`.

    `E[ln Q(c given x)] + H(c)` over latents from the priors, in nats. It is below the mutual information by the mean
    divergence of Q from the true posterior, so it can be negative. Chance is the bound of the best posterior that
    does not look at the image; the ceiling of a categorical code is `H(c)`, and a continuous one has none.

    Args:
        generator: latents -> images.
        posterior: images -> posterior parameters per code.
        latents: the priors.
        samples: generated images.
        batch_size: images at a time.
        seed: of the latents.

    Returns:
        Per code its bound, such as `c1`, and its share of `H(c)`, such as `c1.share`.

    Raises:
        MetricError: fewer than 2 samples, or a generator or posterior that does not fit the latents.
    """
    require_at_least(2, samples=samples)
    require_at_least(1, batch_size=batch_size)
    with isolated_randomness(seed):
        drawn = draw_latents(latents, samples, seed, "evaluation")
        (read,) = posterior_outputs(generator, [(posterior, latents)], drawn, batch_size)
    details = {"estimator": "variational bound, the model's own Q", "bounds": "below", "samples": samples}
    return _bound_scores(latents, drawn, read, details)


@metric(
    "mutual-information/fresh",
    version=1,
    bounds=(None, None),
    better="higher",
    source="arXiv:1606.03657, eq. 4, with Q trained afresh",
    unit="nats",
)
def fresh_posterior_bound(
    generator: Generator,
    latents: LatentSpec,
    posterior: Posterior | None = None,
    *,
    samples: int = 10_000,
    train_samples: int = 40_000,
    validation_samples: int = 2_000,
    batch_size: int = 500,
    seed: int = 0,
) -> Scores:
    """How much of each code a posterior reads that is trained afresh, by one protocol for every model.

    The bound of `mutual-information` under a network that has seen only generated images of its own training part; it
    asks what the images say of the code, not what the model's Q makes of them. It is fair to a model whose Q learned
    beside the game, and where the model has a Q, the gap between the two bounds, on the same images, shows what it
    misses.

    Args:
        generator: latents -> images.
        latents: the priors.
        posterior: the model's own Q, for the gap.
        samples: generated images to score.
        train_samples: generated images to train on.
        validation_samples: generated images to choose the epoch on.
        batch_size: images generated at a time.
        seed: of the latents, which at one seed are those of `mutual-information`, and of the training.

    Returns:
        Per code its bound, such as `c1`, its share of `H(c)`, such as `c1.share`, and with a posterior `c1.gap`: the
        bound minus that of the model's own Q.

    Raises:
        MetricError: too few samples, or a generator or posterior that does not fit the latents.
    """
    require_at_least(2, samples=samples)
    require_at_least(1, train_samples=train_samples, validation_samples=validation_samples, batch_size=batch_size)
    with isolated_randomness(seed):
        fresh = train_posterior(
            generator, latents, samples=train_samples, validation=validation_samples, batch_size=batch_size, seed=seed
        )
        drawn = draw_latents(latents, samples, seed, "evaluation")
        readers: list[tuple[Posterior, LatentSpec]] = [(fresh, fresh.latents)]
        readers += [(posterior, latents)] if posterior else []
        read, *own = posterior_outputs(generator, readers, drawn, batch_size)
    details = {
        "estimator": "variational bound, a posterior trained afresh",
        "bounds": "below",
        "samples": samples,
        "train_samples": train_samples,
        "validation_samples": validation_samples,
        "epochs": fresh.epochs,
        "best_epochs": dict(zip(latents.names, fresh.best_epochs, strict=True)),
    }
    scores = _bound_scores(fresh.latents, drawn, read, details)
    return _with_gaps(latents, scores, _bound_scores(latents, drawn, own[0], {})) if own else scores


def _bound_scores(
    latents: LatentSpec, drawn: Latents, read: Parameters, details: Mapping[str, Any]
) -> dict[str, Score]:
    paired = latents_pairing(drawn)
    scores: dict[str, Score] = {}
    for code, values, parameters in zip(latents.codes, drawn.codes, read, strict=True):
        terms = code.log_likelihood(values, parameters).double().numpy() + code.entropy
        scores |= (
            with_share(code, _bound(code, terms, paired, details))
            if np.isfinite(terms).all()
            else undefined_scores(code, parameters)
        )
    return scores


def _bound(code: Code, terms: NDArray[np.float64], paired: str, details: Mapping[str, Any]) -> Score:
    low, high = mean_interval(terms)
    ceiling = code.entropy if isinstance(code, Categorical) else None
    value, low, high = (min(figure, ceiling or math.inf) for figure in (float(terms.mean()), low, high))
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


def _with_gaps(latents: LatentSpec, fresh: Mapping[str, Score], own: Mapping[str, Score]) -> dict[str, Score]:
    """Beside each fresh bound, what the model's own Q misses of it."""
    scores: dict[str, Score] = {}
    for name in latents.names:
        share = f"{name}.share"
        scores |= {name: fresh[name], share: fresh[share], **of_code(name, {"gap": _gap(fresh[name], own[name])})}
    return scores


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
