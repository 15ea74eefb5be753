"""Latent traversals in numbers: does the picture follow the code that is swept, smoothly, and does the rest stay?

One code is swept while all other codes and the noise are held, from many random starts (draws). A score is the mean
over draws, its interval a bootstrap over draws, and its chance level the same score of the same generator made deaf to
its codes (`sweeps.ignoring_codes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, LatentSpec
from disentangle_bench.metrics.generator.sampling import draw_latents, isolated_randomness
from disentangle_bench.metrics.generator.traversal_components import (
    SHARES,
    Counts,
    Sweep,
    isolations,
    order_along,
    unclipped_determination,
)
from disentangle_bench.metrics.generator.traversals import (
    CENTRAL_95,
    Floats,
    Paths,
    Reader,
    held,
    ignoring_codes,
    prior_values,
    sweep,
)
from disentangle_bench.metrics.intervals import bootstrap_interval
from disentangle_bench.metrics.metric import Classifier, Generator, Posterior, Score, Scores, metric, of_code
from disentangle_bench.seeds import derive_seed

OVERALL = "overall"
WIDE = 2.0
ORDERS = 20  # of the deaf generator's pictures, which may come in any: chance is the mean over them
_WHY_UNDEFINED = {
    "isolation": "There is no other code whose posterior varies.",
    "smoothness": "Sweeping the code moves no picture.",
    "content": "There is no classifier of the pictures: the dataset has no labels, or none was given.",
}


@metric(
    "traversal-consistency",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="defined here; sweeps as in arXiv:1606.03657, figure 2; isolation: ICC(1,1) of Shrout and Fleiss (1979)",
)
def traversal_consistency(
    generator: Generator,
    posterior: Posterior,
    latents: LatentSpec,
    classifier: Classifier | None = None,
    *,
    draws: int = 64,
    steps: int = 11,
    bootstrap: int = 1000,
    seed: int = 0,
) -> Scores:
    """Traversal consistency: high when images follow the traversed code and everything else stays as it is.

    One code is varied while the noise and all other codes are held, from many random starts. A categorical code runs
    through its categories. A continuous code runs over its prior range, [-1, 1] or a Gaussian's central 95 %, and again
    over [-2, 2]; the components of that second traversal end in `/wide`. Per code:

    - `c1.fidelity`: the accuracy of Q's most likely category; for a continuous code the R2 of Q's mean as a prediction
    of
      the requested value, 0 where negative.
    - `c1.isolation`: the intraclass correlation within paths of the other codes' posteriors (category probabilities or
      mean), averaged over the other codes: 1 where they stay constant along each path, 0 where they vary along it as
      much as between paths.
    - `c2.monotonicity` (continuous codes only, as the next three): the absolute rank correlation of Q's mean with the
      requested value, averaged over paths. A path along which Q's mean does not move counts as 0.
    - `c2.direction`: the share of paths on which that correlation has the more frequent of the two signs.
    - `c2.smoothness`: 1 for equal steps straight from one end to the other, 0 for a jump, that is a single step as long
    as
      the path's largest distance between two images. Brightness and contrast cancel.
    - `c2.content`: the share of a path's images to which the classifier gives the path's most frequent class.

    `overall` combines the components over the prior ranges. The geometric mean makes a code that fails in one component
    fail, since a code that moves nothing is perfectly isolated and keeps all content.

        smoothness = (1 - r) (s - 1) / (s - 2),  r = longest of s - 1 steps / largest distance,  1 / (s - 1) ≤ r ≤ 1
        overall    = mean over codes of (Π of the code's components)^(1 / number of components)

    Does not see: whether a code means anything to a person, nor how good the images are. All components but smoothness
    and content rely on Q: what Q does not read does not count as moving.

    Args:
        generator: latents -> images `(n, c, h, w)`.
        posterior: Q; images -> one tensor `(n, p)` of posterior parameters per code.
        latents: the priors of codes and noise.
        classifier: of the images' content, where there is one.
        draws: random starts: paths per traversal.
        steps: images per path of a continuous code, s.
        bootstrap: resamples of the draws for the intervals.
        seed: of draws and resamples; the global random state is neither used nor changed.

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
    _check_settings(draws=(draws, 2), steps=(steps, 3), bootstrap=(bootstrap, 2))
    reader = Reader(latents, generator, posterior, classifier)
    base = draw_latents(latents, draws, seed, "draws")
    planned = _planned(latents, steps)
    longest = max(len(values) for _, _, values in planned)
    with isolated_randomness(derive_seed(seed, "networks")):
        sweeps = [
            _swept(latents, index, suffix, values, reader.read(sweep(base, index, values), len(values)))
            for index, suffix, values in planned
        ]
        ignored = ignoring_codes(held(base, longest), latents, derive_seed(seed, "chance"))
        deaf = reader.read(ignored, longest)
    return _scores(sweeps, deaf, bootstrap, np.random.default_rng(derive_seed(seed, "resamples")))


def _check_settings(**settings: tuple[int, int]) -> None:
    for name, (value, least) in settings.items():
        if value < least:
            raise MetricError(f"traversal-consistency was asked for {name} = {value}.", f"Ask for {least} or more.")


def _planned(latents: LatentSpec, steps: int) -> list[tuple[int, str, Tensor]]:
    """Code, suffix and values of every sweep: the prior ranges, then the wide ones."""
    wide = torch.linspace(-WIDE, WIDE, steps)
    codes = list(enumerate(latents.codes))
    return [
        *((index, "", prior_values(code, steps)) for index, code in codes),
        *((index, "/wide", wide) for index, code in codes if not isinstance(code, Categorical)),
    ]


def _swept(latents: LatentSpec, index: int, suffix: str, values: Tensor, paths: Paths) -> Sweep:
    code = latents.codes[index]
    return Sweep(index, code.name, isinstance(code, Categorical), suffix, values.double().numpy(), paths)


def _scores(sweeps: Sequence[Sweep], deaf: Paths, bootstrap: int, rng: np.random.Generator) -> dict[str, Score]:
    draws = len(deaf)
    once = np.ones((1, draws), dtype=np.int64)
    values = _figures(sweeps, once)
    replicates = _figures(sweeps, rng.multinomial(draws, once[0] / draws, size=bootstrap))
    chances = [_figures(_on_paths(sweeps, deaf.shuffled(rng)), once) for _ in range(ORDERS)]
    details = _details(sweeps, once)
    chance = {name: np.concatenate([each[name] for each in chances]) for name in values}
    scores = {OVERALL: _score(values[OVERALL], replicates[OVERALL], chance[OVERALL])}
    for each in sweeps:
        for part, figure in each.parts.items():
            name = _name(each, part)
            score = _score(values[name], replicates[name], chance[name], why_undefined=_WHY_UNDEFINED.get(part, ""))
            if figure in SHARES and score.value is not None and np.ptp(replicates[name]) == 0:
                score = _unanimous(score, score.value, draws)
            score = replace(score, details=details.get(name, {}))
            scores |= of_code(each.name, {f"{part}{each.suffix}": score})
    return scores


def _on_paths(sweeps: Sequence[Sweep], paths: Paths) -> list[Sweep]:
    return [replace(each, paths=paths.first(len(each.values))) for each in sweeps]


def _name(each: Sweep, part: str) -> str:
    return f"{each.name}.{part}{each.suffix}"


def _figures(sweeps: Sequence[Sweep], counts: Counts) -> dict[str, Floats]:
    """Every part of every sweep by its full name, `overall` first."""
    figures = {_name(each, part): figure(each, counts) for each in sweeps for part, figure in each.parts.items()}
    of_codes = [
        _geometric_mean(np.array([figures[_name(each, part)] for part in each.parts]))
        for each in sweeps
        if not each.suffix
    ]
    return {OVERALL: np.mean(of_codes, axis=0), **figures}


def _geometric_mean(figures: Floats) -> Floats:
    """Over the parts that are defined: `(parts, r)` to `(r,)`."""
    mean: Floats = np.nanprod(figures, axis=0) ** (1 / (~np.isnan(figures)).sum(axis=0))
    return mean


def _score(values: Floats, replicates: Floats, chances: Floats, why_undefined: str = "") -> Score:
    """The score of a part's value `(1,)`, its values on resamples and those by chance."""
    if np.isnan(values[0]):
        return Score.undefined(why_undefined)
    value = float(np.clip(values[0], 0, 1))
    low, high = bootstrap_interval(value, replicates[~np.isnan(replicates)], (0, 1))
    chance = None if np.isnan(chances).all() else float(np.clip(np.nanmean(chances), 0, 1))
    return Score(value, low, high, chance, ceiling=1.0)


def _unanimous(score: Score, value: float, draws: int) -> Score:
    """A share in which all draws agree, of which a bootstrap learns nothing: with Wilson's interval for p of 0 or 1.

    That interval is what z squared, 3.84, further draws could make of the share, were they all to fail or all to pass.
    """
    unseen = CENTRAL_95**2
    return replace(score, low=value * draws / (draws + unseen), high=(value * draws + unseen) / (draws + unseen))


def _details(sweeps: Sequence[Sweep], once: Counts) -> dict[str, dict[str, Any]]:
    details: dict[str, dict[str, Any]] = {}
    for each in sweeps:
        details[_name(each, "fidelity")] = _fidelity_details(each, once)
        details[_name(each, "isolation")] = {"by_code": _isolation_details(each, once, sweeps)}
        if not each.categorical:
            details[_name(each, "direction")] = {"rising": float(np.mean(order_along(each) > 0))}
    return details


def _fidelity_details(each: Sweep, once: Counts) -> dict[str, Any]:
    if each.categorical:
        return {"by_category": (each.estimates == each.values).mean(axis=0).tolist()}
    return {
        "values": each.values.tolist(),
        "mean_estimates": each.estimates.mean(axis=0).tolist(),
        "unclipped": float(unclipped_determination(each, once)[0]),
    }


def _isolation_details(each: Sweep, once: Counts, sweeps: Sequence[Sweep]) -> dict[str, float]:
    names = {other.index: other.name for other in sweeps}
    return {
        names[index]: float(figures[0])
        for index, figures in isolations(each, once).items()
        if not np.isnan(figures).any()
    }
