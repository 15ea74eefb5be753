"""How far pictures travel in a classifier's features while one code is swept, and how straight they go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Latents, LatentSpec
from disentangle_bench.metrics.generator.sampling import draw_latents, image_batches, isolated_randomness
from disentangle_bench.metrics.generator.traversals import BATCH, Floats, prior_values, sweep
from disentangle_bench.metrics.intervals import bootstrap_interval, mean_interval
from disentangle_bench.metrics.metric import Classifier, Generator, Score, Scores, metric, pairing
from disentangle_bench.seeds import derive_seed

STILL = 1e-10  # a mean squared distance below this is rounding
NO_CLASSIFIER = "There is no classifier to take features from: the dataset has no labels, or none was given."
NO_PATH = "There is no continuous code: between two categories there is no path."


@metric(
    "classifier-path-length",
    version=1,
    bounds=(0, None),
    better="neither",
    source="arXiv:1812.04948, section 4.1, along codes, with the features of a classifier of the dataset for VGG's",
)
def classifier_path_length(
    generator: Generator,
    latents: LatentSpec,
    classifier: Classifier | None = None,
    *,
    draws: int = 64,
    steps: int = 32,
    bootstrap: int = 1000,
    seed: int = 0,
) -> Scores:
    """How far pictures travel in a classifier's features as a continuous code is swept. This is not the PPL with VGG.

    A continuous code is swept over its prior range, [-1, 1] or a Gaussian's central 95 %, while all else is held, from
    many random starts. With `d` the distance between the features of neighbouring pictures and the range as the unit
    of length, a path's figure is the mean over its steps of `d^2 / step^2`. It is at least the squared distance between
    the path's ends, and is that for a path that goes straight at one speed; each jump or detour adds.

    A generator that ignores its codes scores 0, and one whose code turns digits into other digits scores high, so by
    itself the length is neither good nor bad. `straightness` is: the squared distance between the ends as a share of
    the length, the mean over the codes that move anything. Its chance, `1 / (steps - 1)^2`, is that of pictures which
    have nothing to do with their neighbours. Figures of two datasets, or of other numbers of steps, do not compare.

    Args:
        generator: of the pictures.
        latents: the codes and the noise.
        classifier: gives the features `(n, f)`.
        draws: of noise and held codes: paths per code.
        steps: pictures per path.
        bootstrap: resamples of the draws for the interval of the straightness.
        seed: of draws and resamples.

    Returns:
        `overall`, the mean over continuous codes; the length of each; `straightness`. The details of `overall` hold the
        mean squared distance between two random pictures, and that between two categories of each categorical code.

    Raises:
        MetricError: fewer than 2 draws, 3 steps or 2 resamples; features that are NaN or infinite.
    """
    for name, value, least in (("draws", draws, 2), ("steps", steps, 3), ("bootstrap", bootstrap, 2)):
        if value < least:
            raise MetricError(f"classifier-path-length was asked for {name} = {value}.", f"Ask for {least} or more.")
    if classifier is None:
        return {part: Score.undefined(NO_CLASSIFIER) for part in ("overall", "straightness")}
    if all(isinstance(code, Categorical) for code in latents.codes):
        return {part: Score.undefined(NO_PATH) for part in ("overall", "straightness")}
    base = draw_latents(latents, draws, seed, "paths")
    with isolated_randomness(derive_seed(seed, "networks")):
        random = _features(generator, classifier, base, 1)[:, 0]
        swept = [
            _features(generator, classifier, sweep(base, index, values), len(values))
            for index, values in enumerate(prior_values(code, steps) for code in latents.codes)
        ]
    named = list(zip(latents.codes, swept, strict=True))
    jumps = {code.name: each for code, each in named if isinstance(code, Categorical)}
    paths = {code.name: Paths.of(each) for code, each in named if not isinstance(code, Categorical)}
    details = {
        "random_pictures": _apart(random),
        "categories": {name: float(np.mean([_apart(path) for path in each])) for name, each in jumps.items()},
    }
    straightness = _straightness(paths, steps, bootstrap, np.random.default_rng(derive_seed(seed, "resamples")))
    return {**_lengths(paths, pairing("paths", base.noise, *base.codes), details), "straightness": straightness}


def _features(generator: Generator, classifier: Classifier, latents: Latents, steps: int) -> Floats:
    """Features `(n, s, f)` of the pictures on `n` paths of `s`, which the latents hold one path after the other."""
    batches = [classifier.features(images) for images in image_batches(generator, latents, BATCH)]
    features = torch.cat(batches).double().cpu().numpy()
    if not np.isfinite(features).all():
        raise MetricError(
            "The features of generated pictures are NaN or infinite.",
            "Look at the run's status and log: its training has probably diverged.",
        )
    return features.reshape(len(features) // steps, steps, -1)


def _apart(points: Floats) -> float:
    """The mean squared distance between two different points of `(n, f)`: twice the sum of their variances."""
    return 2 * float(points.var(axis=0, ddof=1).sum())


@dataclass(frozen=True)
class Paths:
    """Of each of `n` paths over a range of length 1, how long it is and how far it gets.

    Attributes:
        lengths: `(n,)`: the mean over steps of the squared distance per squared step.
        ends: `(n,)`: the squared distance between the two ends.
    """

    lengths: Floats
    ends: Floats

    @classmethod
    def of(cls, features: Floats) -> Paths:
        """Of features `(n, s, f)`."""
        ways = np.diff(features, axis=1)
        lengths = np.square(ways).sum(axis=2).mean(axis=1) * ways.shape[1] ** 2
        return cls(lengths, np.square(features[:, -1] - features[:, 0]).sum(axis=1))


def _lengths(paths: dict[str, Paths], same: str, details: dict[str, Any]) -> dict[str, Score]:
    overall = np.mean([each.lengths for each in paths.values()], axis=0)
    lengths = {"overall": overall, **{name: each.lengths for name, each in paths.items()}}
    scores = {}
    for name, values in lengths.items():
        low, high = mean_interval(values)
        scores[name] = Score(float(values.mean()), max(low, 0.0), high, samples=values, pairing=same)
    return scores | {"overall": replace(scores["overall"], details=details)}


def _straightness(paths: dict[str, Paths], steps: int, bootstrap: int, rng: np.random.Generator) -> Score:
    moving = {name: each for name, each in paths.items() if each.lengths.mean() > STILL}
    if not moving:
        return replace(Score.undefined("Sweeping the codes moves no picture."), better="higher", bounds=(0, 1))
    draws = len(next(iter(moving.values())).ends)
    once = np.ones((1, draws))
    resamples = rng.multinomial(draws, np.full(draws, 1 / draws), size=bootstrap)
    by_code = {name: float(_ratio(each, once)[0]) for name, each in moving.items()}
    value = float(np.mean([*by_code.values()]))
    replicates = np.mean([_ratio(each, resamples) for each in moving.values()], axis=0)
    low, high = bootstrap_interval(value, replicates, (0, 1))
    chance = 1 / (steps - 1) ** 2
    return Score(value, low, high, chance, ceiling=1.0, details={"by_code": by_code}, better="higher", bounds=(0, 1))


def _ratio(paths: Paths, counts: NDArray[Any]) -> Floats:
    """Ends as a share of lengths in resamples that hold each path `counts (r, n)` times: `(r,)`."""
    lengths = counts @ paths.lengths
    shares: Floats = np.divide(counts @ paths.ends, lengths, out=np.zeros(len(counts)), where=lengths > 0)
    return np.minimum(shares, 1.0)
