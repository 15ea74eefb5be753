"""Traversal consistency: latent traversals in numbers.

One code is varied while all other codes and the noise are held, from many random starts (draws). A score is the mean
over draws, its interval a bootstrap over draws, and its chance level the score of the same generator if it ignored its
codes (see `with_fresh_codes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from disentangle_bench.latents import Categorical, LatentSpec
from disentangle_bench.metrics.generator.perturbation import NOISE, Perturbation
from disentangle_bench.metrics.generator.sampling import draw_latents, isolated_randomness
from disentangle_bench.metrics.generator.traversal_components import (
    SHARES,
    Counts,
    components_of,
    isolations,
    order_along,
    unclipped_determination,
)
from disentangle_bench.metrics.generator.traversals import (
    CENTRAL_95,
    Floats,
    PathReader,
    Paths,
    Traversal,
    prior_values,
    repeat,
    with_fresh_codes,
)
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervals import bootstrap_interval
from disentangle_bench.metrics.metric import Classifier, Generator, Posterior, Score, Scores, metric, of_code
from disentangle_bench.seeds import derive_seed

OVERALL = "overall"
WIDE = 2.0
ORDERS = 20  # random orders of the code-ignoring generator's images, over which chance is averaged
_WHY_UNDEFINED = {
    "isolation": "There is no other code whose posterior varies.",
    "smoothness": "Traversing the code changes no image visibly.",
    "content": "There is no classifier of the images: the dataset has no labels, or none was given.",
}


@metric(
    "traversal-consistency",
    version=2,
    bounds=(0, 1),
    better="higher",
    source="defined here; traversals as in arXiv:1606.03657, figure 2; isolation: ICC(1,1) of Shrout and Fleiss (1979)",
    seconds=4,
)
def traversal_consistency(
    generator: Generator,
    posterior: Posterior,
    latents: LatentSpec,
    classifier: Classifier | None = None,
    images: ArrayLike | None = None,
    *,
    draws: int = 64,
    steps: int = 11,
    bootstrap: int = 1000,
    noise: float = NOISE,
    seed: int = 0,
) -> Scores:
    """Traversal consistency: high when images follow the traversed code and everything else stays as it is.

    One code is varied while the noise and all other codes are held, from many random starts. A categorical code runs
    through its categories. A continuous code runs over its prior range, [-1, 1] or a Gaussian's central 95 %, and again
    over [-2, 2]; the components of that second traversal end in `/wide`. Per code:

    - `c1.fidelity`: the accuracy of Q's most likely category; for a continuous code the R2 of Q's mean as a prediction
      of the requested value, 0 where negative.
    - `c1.isolation`: the intraclass correlation within paths of the other codes' posteriors (category probabilities or
      mean), averaged over the other codes: 1 where they stay constant along each path, 0 where they vary along it as
      much as between paths.
    - `c2.monotonicity` (continuous codes only, as the next three): the absolute rank correlation of Q's mean with the
      requested value, averaged over paths. A path along which Q's mean does not move counts as 0.
    - `c2.direction`: the share of paths on which that correlation has the more frequent of the two signs.
    - `c2.smoothness`: 1 for equal steps straight from one end to the other, 0 for a jump, that is a single step as long
      as the path's largest distance between two images. Brightness and contrast cancel.
    - `c2.content`: the share of a path's images to which the classifier gives the path's most frequent class.

    `overall` combines the components over the prior ranges. The geometric mean makes a code that fails in one component
    fail, since a code that moves nothing is perfectly isolated and keeps all content.

        smoothness = (1 - r) (s - 1) / (s - 2),  r = longest of s - 1 steps / largest distance,  1 / (s - 1) ≤ r ≤ 1
        overall    = mean over codes of (Π of the code's components)^(1 / number of components)

    Q reads images that are perturbed as those of `mutual-information`, and a path along which no two images differ by
    more than the noise does not count as moving: only what is visible counts.

    Does not see: whether a code means anything to a person, nor how good the images are. All components but smoothness
    and content rely on Q: what Q does not read does not count as moving.

    Args:
        generator: latents -> images `(n, c, h, w)`.
        posterior: Q; images -> one tensor `(n, p)` of posterior parameters per code.
        latents: the priors of codes and noise.
        classifier: of the images' content, where there is one.
        images: real ones `(n, c, h, w)`, uint8 or float in [0, 1], for the scale of the perturbation.
        draws: random starts: paths per traversal.
        steps: images per path of a continuous code, s.
        bootstrap: resamples of the draws for the intervals.
        noise: of the perturbation, as a share of the spread of real images; 0 leaves the images as they are.
        seed: of draws, noise and resamples; the global random state is neither used nor changed.

    Returns:
        `overall` and the components, shares in [0, 1]. Chance is measured on this generator made to ignore its codes:
        each image gets fresh codes from the prior, and only the noise is as requested. Undefined where a component
        needs a classifier or another code and there is none.

    Raises:
        DbenchError: fewer than 2 draws, 3 steps or 2 resamples; images or posterior parameters that are NaN or
            infinite.

    References:
        Defined here; traversals as in Chen et al. (2016), InfoGAN, arXiv:1606.03657, figure 2; isolation is ICC(1,1) of
        Shrout and Fleiss (1979).

    Example:
        Each code is one pixel, which Q reads. The first pixel is the code itself; the second jumps as its code passes
        0.1.

        >>> import torch
        >>> from disentangle_bench.latents import LatentSpec, Uniform
        >>> from disentangle_bench.metrics import traversal_consistency
        >>> latents = LatentSpec(0, (Uniform(sigma=1.0), Uniform(sigma=1.0)))
        >>> def generator(drawn):
        ...     c1, c2 = drawn.codes
        ...     return torch.stack([c1, (c2 > 0.1).float()], dim=1)[:, None, None]
        >>> posterior = lambda images: images.flatten(1).split(1, dim=1)
        >>> scores = traversal_consistency(generator, posterior, latents, draws=8, bootstrap=10)
        >>> [round(scores[f"{code}.smoothness"].value, 3) for code in latents.names]
        [1.0, 0.0]
    """
    require_at_least(2, draws=draws, bootstrap=bootstrap)
    require_at_least(3, steps=steps)
    base = draw_latents(latents, draws, seed, "draws")
    ranges = [prior_values(code, steps) for code in latents.codes]
    wide = torch.linspace(-WIDE, WIDE, steps)
    continuous = [index for index, code in enumerate(latents.codes) if not isinstance(code, Categorical)]
    longest = max(map(len, ranges))
    with isolated_randomness(derive_seed(seed, "networks")):
        perturbation = Perturbation.of(generator, latents, images, noise=noise, seed=seed)
        reader = PathReader(latents, generator, posterior, perturbation, classifier)
        traversals = [reader.traverse(base, index, values) for index, values in enumerate(ranges)]
        traversals += [reader.traverse(base, index, wide, suffix="/wide") for index in continuous]
        fresh = with_fresh_codes(repeat(base, longest), latents, derive_seed(seed, "chance"))
        ignoring = reader.read(fresh, longest)
    return _scores(traversals, ignoring, latents, bootstrap, np.random.default_rng(derive_seed(seed, "resamples")))


def _scores(
    traversals: Sequence[Traversal], ignoring: Paths, latents: LatentSpec, bootstrap: int, rng: np.random.Generator
) -> dict[str, Score]:
    draws = len(ignoring)
    once = np.ones((1, draws), dtype=np.int64)
    values = _values(traversals, once)
    replicates = _values(traversals, rng.multinomial(draws, once[0] / draws, size=bootstrap))
    shuffles = [ignoring.shuffled(rng) for _ in range(ORDERS)]
    by_chance = [
        _values([replace(each, paths=paths.truncated(len(each.values))) for each in traversals], once)
        for paths in shuffles
    ]
    chance = {name: np.concatenate([each[name] for each in by_chance]) for name in values}
    scores = {OVERALL: _score(values[OVERALL], replicates[OVERALL], chance[OVERALL])}
    for each in traversals:
        details = _details(each, latents, once)
        for name, component in components_of(each).items():
            full = _full_name(each, name)
            score = _score(values[full], replicates[full], chance[full], why_undefined=_WHY_UNDEFINED.get(name, ""))
            if component in SHARES and score.value is not None and np.ptp(replicates[full]) == 0:
                # All draws agree, as in every resample. Wilson's interval of a proportion of 0 or 1 is what z squared,
                # 3.84, further draws could make of it if all of them failed or all passed.
                agreed, all_draws = score.value * draws, draws + CENTRAL_95**2
                score = replace(score, low=agreed / all_draws, high=(agreed + CENTRAL_95**2) / all_draws)
            score = replace(score, details=details.get(name, {}))
            scores |= of_code(each.name, {f"{name}{each.suffix}": score})
    return scores


def _full_name(traversal: Traversal, component: str) -> str:
    return f"{traversal.name}.{component}{traversal.suffix}"


def _values(traversals: Sequence[Traversal], counts: Counts) -> dict[str, Floats]:
    """Every component of every traversal, `(r,)`, by its full name, `overall` first."""
    values: dict[str, Floats] = {}
    of_codes = []
    for each in traversals:
        components = {name: function(each, counts) for name, function in components_of(each).items()}
        values |= {_full_name(each, name): component for name, component in components.items()}
        if not each.suffix:
            table = np.array([*components.values()])
            of_codes.append(np.nanprod(table, axis=0) ** (1 / (~np.isnan(table)).sum(axis=0)))
    return {OVERALL: np.mean(of_codes, axis=0), **values}


def _score(values: Floats, replicates: Floats, chances: Floats, why_undefined: str = "") -> Score:
    """The score of a component from its value `(1,)`, its values on resamples and those by chance."""
    if np.isnan(values[0]):
        return Score.undefined(why_undefined)
    value = float(np.clip(values[0], 0, 1))
    low, high = bootstrap_interval(value, replicates[~np.isnan(replicates)], (0, 1))
    chance = None if np.isnan(chances).all() else float(np.clip(np.nanmean(chances), 0, 1))
    return Score(value, low, high, chance, ceiling=1.0)


def _details(traversal: Traversal, latents: LatentSpec, once: Counts) -> dict[str, dict[str, Any]]:
    """The details of the components, by name."""
    others = isolations(traversal, once).items()
    by_code = {latents.names[index]: float(value) for index, (value,) in others if not np.isnan(value)}
    details: dict[str, dict[str, Any]] = {"isolation": {"by_code": by_code}}
    if traversal.categorical:
        accuracies = (traversal.estimates == traversal.values).mean(axis=0)
        return details | {"fidelity": {"by_category": accuracies.tolist()}}
    fidelity = {
        "values": traversal.values.tolist(),
        "mean_estimates": traversal.estimates.mean(axis=0).tolist(),
        "unclipped": float(unclipped_determination(traversal, once)[0]),
    }
    return details | {"fidelity": fidelity, "direction": {"rising": float(np.mean(order_along(traversal) > 0))}}
