"""Nonparametric estimates of the mutual information between each code and Q's estimate of it, in nats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.latents import Categorical, Code, LatentSpec
from disentangle_bench.metrics.generator.information_scores import (
    entropy_details,
    latents_pairing,
    undefined_scores,
    with_share,
)
from disentangle_bench.metrics.generator.perturbation import NOISE, Perturbation
from disentangle_bench.metrics.generator.sampling import draw_latents, isolated_randomness, posterior_outputs
from disentangle_bench.metrics.information.entropies import (
    conditional_entropy,
    count_pairs,
    ksg_mutual_information,
)
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervals import bootstrap_interval, parts_interval, resampled_tables
from disentangle_bench.metrics.metric import Generator, Posterior, Score, Scores, metric, of_code
from disentangle_bench.seeds import derive_seed

KSG_PARTS = 20


@metric(
    "mutual-information/nonparametric",
    version=2,
    bounds=(None, None),
    better="higher",
    source="Miller (1955) for categorical codes, arXiv:cond-mat/0305641, eq. 8, for continuous ones",
    unit="nats",
    seconds=1.5,
)
def nonparametric_information(
    generator: Generator,
    posterior: Posterior,
    latents: LatentSpec,
    images: ArrayLike | None = None,
    *,
    samples: int = 10_000,
    neighbors: int = 3,
    bootstrap: int = 1000,
    batch_size: int = 500,
    noise: float = NOISE,
    seed: int = 0,
) -> Scores:
    """Nonparametric mutual information: high when Q's estimate of a code determines the code, whatever Q's scale.

    For a categorical code, the information between the code and Q's most likely category, from their contingency table;
    for a continuous code, between the code and Q's mean, from nearest neighbors. No posterior is modeled, so unlike
    L_I it does not suffer from a Q that is over- or underconfident.

        I(c; ĉ) = H(c) - H(c given ĉ) ≤ I(c; x~),  x = G(z, c),  ĉ = Q's category or mean for x~

    The images are perturbed as those of `mutual-information`, so that only what is visible counts.

    H(c given ĉ) has the Miller-Madow correction, and H(c) is the exact entropy of the prior, which the estimate
    therefore cannot exceed. Nearest neighbors are those of Kraskov, Stögbauer and Grassberger.

    Does not see: whether Q names the right category or value: a Q that confuses categories consistently loses nothing.
    `mutual-information` sees that. Nor does it see information that Q's estimate leaves out.

    Args:
        generator: latents -> images `(n, c, h, w)`.
        posterior: images -> one tensor `(n, p)` of posterior parameters per code.
        latents: the priors.
        images: real ones `(n, c, h, w)`, uint8 or float in [0, 1], for the scale of the perturbation.
        samples: generated images.
        neighbors: of Kraskov's estimator.
        bootstrap: resamples for the intervals of categorical codes.
        batch_size: images at a time.
        noise: of the perturbation, as a share of the spread of real images; 0 leaves the images as they are.
        seed: of resamples, noise and latents, which at one seed are those of `mutual-information`.

    Returns:
        Per code the estimate in nats, such as `c1`, and of a categorical code its share of H(c), such as `c1.share`.
        Chance is 0; the ceiling of a categorical code is H(c), and a continuous code has none.

    Raises:
        DbenchError: too few samples, or a generator or posterior that does not fit the latents.

    References:
        Miller (1955) for categorical codes; Kraskov et al. (2003), arXiv:cond-mat/0305641, eq. 8, for continuous ones.

    Example:
        The code lights one of ten pixels. Q names the category next to it, always: ln 10 = 2.303 nats all the same.

        >>> import torch
        >>> from disentangle_bench.latents import Categorical, LatentSpec
        >>> from disentangle_bench.metrics import nonparametric_information
        >>> generator = lambda drawn: torch.eye(10)[drawn.codes[0]][:, None, None]
        >>> posterior = lambda images: (100 * images.flatten(1).roll(1, dims=1),)
        >>> scores = nonparametric_information(generator, posterior, LatentSpec(0, (Categorical(10),)), samples=200)
        >>> round(scores["c1"].value, 3)
        2.303
    """
    require_at_least(1, neighbors=neighbors, batch_size=batch_size)
    require_at_least(2, bootstrap=bootstrap)
    require_at_least(KSG_PARTS * (neighbors + 1), samples=samples)
    with isolated_randomness(seed):
        perturbation = Perturbation.of(generator, latents, images, noise=noise, seed=seed)
        drawn = draw_latents(latents, samples, seed, "evaluation")
        (read,) = posterior_outputs(perturbation.of_generator(generator), [(posterior, latents)], drawn, batch_size)
    scores: dict[str, Score] = {}
    for code, values, parameters in zip(latents.codes, drawn.codes, read, strict=True):
        estimate = code.estimate(parameters).numpy()
        if not torch.isfinite(parameters).all():
            scores |= undefined_scores(code, parameters)
        elif isinstance(code, Categorical):
            score = _from_table(code, values.numpy(), estimate, bootstrap, derive_seed(seed, "bootstrap", code.name))
            scores |= with_share(code, replace(score, pairing=latents_pairing(drawn)))
        else:
            scores |= of_code(code.name, {"": _from_neighbors(code, values.numpy(), estimate, neighbors)})
    return scores


def _from_table(
    code: Categorical, values: NDArray[np.int64], estimate: NDArray[np.int64], bootstrap: int, seed: int
) -> Score:
    """H(c) - H(c given estimate). The samples are ln p(c given estimate), shifted so that their mean is the value."""
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


def _from_neighbors(code: Code, values: NDArray[np.float32], estimate: NDArray[np.float32], neighbors: int) -> Score:
    """Kraskov's estimate. Its terms depend on each other, so the interval comes from disjoint parts of the samples."""
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
            "estimator": f"{neighbors} nearest neighbors of the code and Q's mean",
            "bounds": "below",
            "samples": len(values),
            "interval": f"Student's, from {KSG_PARTS} disjoint parts; it leaves out the estimator's small bias",
        },
    )
