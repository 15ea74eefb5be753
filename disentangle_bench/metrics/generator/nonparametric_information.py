"""Mutual information between each code and what Q's output says of it, in nats, with no model of the posterior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from disentangle_bench.latents import Categorical, Code, LatentSpec
from disentangle_bench.metrics.generator.information_scores import (
    entropy_details,
    latents_pairing,
    undefined_scores,
    with_share,
)
from disentangle_bench.metrics.generator.sampling import draw_latents, isolated_randomness, posterior_outputs
from disentangle_bench.metrics.information.entropies import (
    conditional_entropy,
    count_pairs,
    ksg_mutual_information,
)
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervals import bootstrap_interval, parts_interval, resampled_tables
from disentangle_bench.metrics.metric import Generator, Posterior, Score, Scores, metric
from disentangle_bench.seeds import derive_seed

KSG_PARTS = 20


@metric(
    "mutual-information/nonparametric",
    version=1,
    bounds=(None, None),
    better="higher",
    source="Miller (1955) for categorical codes, arXiv:cond-mat/0305641, eq. 8, for continuous ones",
    unit="nats",
)
def nonparametric_information(
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
    require_at_least(1, neighbors=neighbors, batch_size=batch_size)
    require_at_least(2, bootstrap=bootstrap)
    require_at_least(KSG_PARTS * (neighbors + 1), samples=samples)
    with isolated_randomness(seed):
        drawn = draw_latents(latents, samples, seed, "evaluation")
        (read,) = posterior_outputs(generator, [(posterior, latents)], drawn, batch_size)
    scores: dict[str, Score] = {}
    for code, values, parameters in zip(latents.codes, drawn.codes, read, strict=True):
        estimate = code.estimate(parameters).numpy()
        if not torch.isfinite(parameters).all():
            scores |= undefined_scores(code, parameters)
        elif isinstance(code, Categorical):
            score = _from_table(code, values.numpy(), estimate, bootstrap, derive_seed(seed, "bootstrap", code.name))
            scores |= with_share(code, replace(score, pairing=latents_pairing(drawn)))
        else:
            scores |= with_share(code, _from_neighbours(code, values.numpy(), estimate, neighbors))
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
        details=entropy_details(code)
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
        details=entropy_details(code)
        | {
            "estimator": f"{neighbors} nearest neighbours of the code and Q's mean",
            "bounds": "below",
            "samples": len(values),
            "interval": f"Student's, from {KSG_PARTS} disjoint parts; it leaves out the estimator's small bias",
        },
    )
