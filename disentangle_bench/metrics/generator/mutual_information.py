"""Mutual information between each code and the generated images, in nats, by three estimators."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Code, Latents, LatentSpec
from disentangle_bench.metrics.generator.fresh_posterior import train_posterior
from disentangle_bench.metrics.generator.generated import Parameters, draw_latents, isolated_randomness, recognise
from disentangle_bench.metrics.information.entropies import (
    conditional_entropy,
    count_pairs,
    ksg_mutual_information,
)
from disentangle_bench.metrics.intervals import bootstrap_interval, mean_interval, parts_interval, resampled_tables
from disentangle_bench.metrics.metric import Generator, Posterior, Score, Scores, metric, pairing
from disentangle_bench.seeds import derive_seed

KSG_PARTS = 20


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
    _check_sizes(samples=(samples, 2), batch_size=(batch_size, 1))
    with isolated_randomness(seed):
        drawn = draw_latents(latents, samples, seed, "evaluation")
        (read,) = recognise(generator, [(posterior, latents)], drawn, batch_size)
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
    _check_sizes(samples=(samples, 2), train_samples=(train_samples, 1), validation_samples=(validation_samples, 1))
    _check_sizes(batch_size=(batch_size, 1))
    with isolated_randomness(seed):
        fresh = train_posterior(
            generator, latents, samples=train_samples, validation=validation_samples, batch_size=batch_size, seed=seed
        )
        drawn = draw_latents(latents, samples, seed, "evaluation")
        readers: list[tuple[Posterior, LatentSpec]] = [(fresh, fresh.latents)]
        readers += [(posterior, latents)] if posterior else []
        read, *own = recognise(generator, readers, drawn, batch_size)
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


@metric(
    "mutual-information/nonparametric",
    version=1,
    bounds=(None, None),
    better="higher",
    source="Miller (1955) for categorical codes, arXiv:cond-mat/0305641, eq. 8, for continuous ones",
    unit="nats",
)
def nonparametric(
    generator: Generator,
    posterior: Posterior,
    latents: LatentSpec,
    *,
    samples: int = 10_000,
    neighbors: int = 3,
    bootstrap: int = 1000,
    batch_size: int = 500,
    seed: int = 0,
) -> Scores:
    """How much Q's output tells of each code, with no model of the posterior.

    Between a categorical code and Q's category: `H(c) - H(c given Q's category)` from their contingency table, with
    the Miller-Madow correction and the exact `H(c)` of the prior, so that it cannot exceed it. Between a continuous
    code and Q's mean: Kraskov's nearest neighbours. Processing cannot add information, so both bound that of the image
    from below, up to the error of the estimate. Unlike `L_I` they do not suffer when Q's scale is off.

    Args:
        generator: latents -> images.
        posterior: images -> posterior parameters per code.
        latents: the priors.
        samples: generated images.
        neighbors: of Kraskov's estimator.
        bootstrap: resamples for the intervals of categorical codes.
        batch_size: images at a time.
        seed: of the latents, which at one seed are those of `mutual-information`, and of the resamples.

    Returns:
        Per code the estimate, such as `c1`, and its share of `H(c)`, such as `c1.share`.

    Raises:
        MetricError: too few samples, or a generator or posterior that does not fit the latents.
    """
    _check_sizes(neighbors=(neighbors, 1), bootstrap=(bootstrap, 2), batch_size=(batch_size, 1))
    _check_sizes(samples=(samples, KSG_PARTS * (neighbors + 1)))
    with isolated_randomness(seed):
        drawn = draw_latents(latents, samples, seed, "evaluation")
        (read,) = recognise(generator, [(posterior, latents)], drawn, batch_size)
    scores: dict[str, Score] = {}
    for code, values, parameters in zip(latents.codes, drawn.codes, read, strict=True):
        estimate = code.estimate(parameters).numpy()
        if not torch.isfinite(parameters).all():
            scores |= _undefined(code, parameters)
        elif isinstance(code, Categorical):
            score = _from_table(code, values.numpy(), estimate, bootstrap, derive_seed(seed, "bootstrap", code.name))
            scores |= _with_share(code, replace(score, pairing=_pairing(drawn)))
        else:
            scores |= _with_share(code, _from_neighbours(code, values.numpy(), estimate, neighbors))
    return scores


def _from_table(
    code: Categorical, values: NDArray[np.int64], estimate: NDArray[np.int64], bootstrap: int, seed: int
) -> Score:
    """`H(c) - H(c given estimate)`; the terms are `ln p(c given estimate)`, moved so that their mean is the value."""
    table = count_pairs(values, estimate, (code.k, code.k))
    value = code.entropy - float(conditional_entropy(table, correction="miller-madow"))
    tables = resampled_tables(table, bootstrap, np.random.default_rng(seed))
    resampled = code.entropy - conditional_entropy(tables, correction="miller-madow")
    low, high = bootstrap_interval(value, resampled, (None, code.entropy))
    terms = np.log(table[values, estimate] / table.sum(axis=0)[estimate])
    return Score(
        value,
        low=low,
        high=high,
        chance=0.0,
        ceiling=code.entropy,
        unit="nats",
        samples=terms - terms.mean() + value,
        details=_entropy_of(code)
        | {
            "estimator": "contingency table of the code and Q's category, Miller-Madow correction",
            "bounds": "below",
            "samples": len(values),
            "interval": "bootstrap over samples",
        },
    )


def _from_neighbours(code: Code, values: NDArray[np.float32], estimate: NDArray[np.float32], neighbors: int) -> Score:
    """Kraskov's estimate; its terms depend on each other, so the interval comes from disjoint parts."""
    value = ksg_mutual_information(values, estimate, neighbors=neighbors)
    parts = [
        ksg_mutual_information(values[start::KSG_PARTS], estimate[start::KSG_PARTS], neighbors=neighbors)
        for start in range(KSG_PARTS)
    ]
    low, high = parts_interval(value, parts)
    return Score(
        value,
        low=low,
        high=high,
        chance=0.0,
        unit="nats",
        details=_entropy_of(code)
        | {
            "estimator": f"{neighbors} nearest neighbours of the code and Q's mean",
            "bounds": "below",
            "samples": len(values),
            "interval": f"Student's, from {KSG_PARTS} disjoint parts; it leaves out the estimator's small bias",
        },
    )


def _bound_scores(
    latents: LatentSpec, drawn: Latents, read: Parameters, details: Mapping[str, Any]
) -> dict[str, Score]:
    paired = _pairing(drawn)
    scores: dict[str, Score] = {}
    for code, values, parameters in zip(latents.codes, drawn.codes, read, strict=True):
        terms = code.log_likelihood(values, parameters).double().numpy() + code.entropy
        scores |= (
            _with_share(code, _bound(code, terms, paired, details))
            if np.isfinite(terms).all()
            else _undefined(code, parameters)
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
        details={**_entropy_of(code), **details, "interval": "Student's, over samples"},
    )


def _with_share(code: Code, score: Score) -> dict[str, Score]:
    """The score and its share of `H(c)`, which is one of at most 1 only where the entropy is discrete."""

    def share(value: float | None) -> float | None:
        return None if value is None else value / code.entropy

    part = replace(
        score,
        value=share(score.value),
        low=share(score.low),
        high=share(score.high),
        chance=share(score.chance),
        ceiling=share(score.ceiling),
        unit="",
        bounds=(None, 1) if isinstance(code, Categorical) else None,
        samples=None if score.samples is None else score.samples / code.entropy,
        details=_entropy_of(code),
    )
    return {code.name: score, f"{code.name}.share": part}


def _with_gaps(latents: LatentSpec, fresh: Mapping[str, Score], own: Mapping[str, Score]) -> dict[str, Score]:
    """Beside each fresh bound, what the model's own Q misses of it."""
    scores: dict[str, Score] = {}
    for name in latents.names:
        share = f"{name}.share"
        scores |= {name: fresh[name], share: fresh[share], f"{name}.gap": _gap(fresh[name], own[name])}
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


def _undefined(code: Code, parameters: Tensor) -> dict[str, Score]:
    broken = int((~torch.isfinite(parameters)).any(dim=1).sum())
    score = Score.undefined(f"Q's output for {code.name} is NaN or infinite on {broken} of {len(parameters)} images")
    return {code.name: score, f"{code.name}.share": score}


def _entropy_of(code: Code) -> dict[str, Any]:
    return {"entropy": code.entropy, "entropy_kind": "discrete" if isinstance(code, Categorical) else "differential"}


def _pairing(drawn: Latents) -> str:
    return pairing("generated images from the latents", drawn.noise.numpy(), *(code.numpy() for code in drawn.codes))


def _check_sizes(**sizes: tuple[int, int]) -> None:
    for name, (given, least) in sizes.items():
        if given < least:
            raise MetricError(f"mutual-information was given {name} = {given}.", f"Give {least} or more.")
