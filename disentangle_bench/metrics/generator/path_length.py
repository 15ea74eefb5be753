"""Path length: how far images move in a classifier's features along a traversal, and how straight."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Latents, LatentSpec
from disentangle_bench.metrics.generator.sampling import NO_CLASSIFIER, draw_latents, image_batches, isolated_randomness
from disentangle_bench.metrics.generator.traversals import BATCH, Floats, prior_values, traverse
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervals import bootstrap_interval, mean_interval
from disentangle_bench.metrics.metric import Classifier, Generator, Score, Scores, metric, pairing
from disentangle_bench.seeds import derive_seed

UNMOVED = 1e-10  # a mean squared distance below this is rounding
NO_PATH = "There is no continuous code: between two categories there is no path."


@metric(
    "classifier-path-length",
    version=1,
    bounds=(0, None),
    better="neither",
    source="arXiv:1812.04948, section 4.1, along codes, with the features of a classifier of the dataset for VGG's",
    seconds=3,
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
    """Path length in a classifier's features (not PPL): high when traversing a code moves the features far.

    A continuous code is traversed over its prior range, [-1, 1] or a Gaussian's central 95 %, from many random starts,
    while all else is held. With the range as the unit of length, a path is at least as long as the squared distance
    between its ends, and exactly that long if it is straight and has constant speed; jumps and detours add.

        length       = mean over s - 1 steps of |f(x') - f(x)|^2 (s - 1)^2
        straightness = |f(x_last) - f(x_first)|^2 / length,  averaged over the codes that move anything

    Does not see: whether what changes should change. A generator that ignores its codes has length 0, and one whose
    code turns digits into other digits a long one, so the length by itself is neither good nor bad; the straightness
    is. Lengths for two datasets, or for different numbers of steps, are not comparable.

    Args:
        generator: latents -> images `(n, c, h, w)`.
        latents: the priors of codes and noise.
        classifier: gives the features f, `(n, f)`.
        draws: random starts: paths per code.
        steps: images per path, s.
        bootstrap: resamples of the draws for the interval of the straightness.
        seed: of draws and resamples.

    Returns:
        `overall`, the mean length over continuous codes, and the length of each, in squared units of the features;
        `straightness`, in [0, 1], whose chance `1 / (s - 1)^2` is that of images unrelated to their neighbors. The
        details of `overall` hold the mean squared distance between two random images, and that between two categories
        of each categorical code. Undefined without a classifier or without a continuous code.

    Raises:
        DbenchError: fewer than 2 draws, 3 steps or 2 resamples; features that are NaN or infinite.

    References:
        Karras et al. (2018), StyleGAN, arXiv:1812.04948, section 4.1, along codes, and with the features of a
        classifier of the dataset instead of VGG's.

    Example:
        The feature is one pixel, which is the code: it moves straight from -1 to 1, a squared distance of 4.

        >>> from types import SimpleNamespace
        >>> from disentangle_bench.latents import LatentSpec, Uniform
        >>> from disentangle_bench.metrics import classifier_path_length
        >>> generator = lambda drawn: drawn.codes[0][:, None, None, None]
        >>> pixel = SimpleNamespace(features=lambda images: images.flatten(1))
        >>> scores = classifier_path_length(generator, LatentSpec(0, (Uniform(),)), pixel, draws=4)
        >>> round(scores["overall"].value, 3), round(scores["straightness"].value, 3)
        (4.0, 1.0)
    """
    require_at_least(2, draws=draws, bootstrap=bootstrap)
    require_at_least(3, steps=steps)
    if classifier is None:
        return {component: Score.undefined(NO_CLASSIFIER) for component in ("overall", "straightness")}
    if all(isinstance(code, Categorical) for code in latents.codes):
        return {component: Score.undefined(NO_PATH) for component in ("overall", "straightness")}
    base = draw_latents(latents, draws, seed, "paths")
    with isolated_randomness(derive_seed(seed, "networks")):
        random = _features(generator, classifier, base, 1)[:, 0]
        traversals = [
            _features(generator, classifier, traverse(base, index, values), len(values))
            for index, values in enumerate(prior_values(code, steps) for code in latents.codes)
        ]
    named = list(zip(latents.codes, traversals, strict=True))
    jumps = {code.name: each for code, each in named if isinstance(code, Categorical)}
    paths = {code.name: PathLengths.of(each) for code, each in named if not isinstance(code, Categorical)}
    lengths = {"overall": np.mean([each.lengths for each in paths.values()], axis=0)}
    lengths |= {name: each.lengths for name, each in paths.items()}
    scores: dict[str, Score] = {}
    for name, values in lengths.items():
        low, high = mean_interval(values)
        same_paths = pairing("paths", base.noise, *base.codes)
        scores[name] = Score(float(values.mean()), max(low, 0.0), high, samples=values, pairing=same_paths)
    details = {
        "random_images": _mean_squared_distance(random),
        "categories": {
            name: float(np.mean([_mean_squared_distance(path) for path in each])) for name, each in jumps.items()
        },
    }
    scores["overall"] = replace(scores["overall"], details=details)
    rng = np.random.default_rng(derive_seed(seed, "resamples"))
    return scores | {"straightness": straightness(paths, steps, bootstrap, rng)}


def _features(generator: Generator, classifier: Classifier, latents: Latents, steps: int) -> Floats:
    """Features `(n, s, f)` of the images on `n` paths of `s`, which the latents hold one path after the other."""
    batches = [classifier.features(images) for images in image_batches(generator, latents, BATCH)]
    features = torch.cat(batches).double().cpu().numpy()
    if not np.isfinite(features).all():
        raise MetricError(
            "The features of generated images are NaN or infinite.",
            "Check the run's status and log: its training has probably diverged.",
        )
    return features.reshape(len(features) // steps, steps, -1)


def _mean_squared_distance(points: Floats) -> float:
    """The mean over pairs of different points `(n, f)`, which is twice the sum of their variances."""
    return 2 * float(points.var(axis=0, ddof=1).sum())


@dataclass(frozen=True)
class PathLengths:
    """Lengths and end-to-end distances of `n` paths over a range of length 1.

    Attributes:
        lengths: `(n,)`, the mean over steps of the squared distance per squared step.
        ends: `(n,)`, the squared distance between the two ends.
    """

    lengths: Floats
    ends: Floats

    @classmethod
    def of(cls, features: Floats) -> PathLengths:
        """Of features `(n, s, f)`."""
        steps = np.diff(features, axis=1)
        lengths = np.square(steps).sum(axis=2).mean(axis=1) * steps.shape[1] ** 2
        return cls(lengths, np.square(features[:, -1] - features[:, 0]).sum(axis=1))

    def straightness(self, counts: NDArray[np.float64] | NDArray[np.int64]) -> Floats:
        """Ends as a share of lengths, `(r,)`, in resamples that hold each path `counts (r, n)` times."""
        lengths = counts @ self.lengths
        shares: Floats = np.divide(counts @ self.ends, lengths, out=np.zeros(len(counts)), where=lengths > 0)
        return np.minimum(shares, 1.0)


def straightness(paths: dict[str, PathLengths], steps: int, bootstrap: int, rng: np.random.Generator) -> Score:
    """The mean straightness over the codes that move anything.

    Args:
        paths: code -> its paths.
        steps: images per path.
        bootstrap: resamples of the paths.
        rng: of the resamples.
    """
    moving = {name: each for name, each in paths.items() if each.lengths.mean() > UNMOVED}
    if not moving:
        return replace(Score.undefined("Traversing the codes changes no image."), better="higher", bounds=(0, 1))
    draws = len(next(iter(moving.values())).ends)
    resamples = rng.multinomial(draws, np.full(draws, 1 / draws), size=bootstrap)
    by_code = {name: float(each.straightness(np.ones((1, draws)))[0]) for name, each in moving.items()}
    value = float(np.mean([*by_code.values()]))
    replicates = np.mean([each.straightness(resamples) for each in moving.values()], axis=0)
    low, high = bootstrap_interval(value, replicates, (0, 1))
    chance = 1 / (steps - 1) ** 2
    return Score(value, low, high, chance, ceiling=1.0, details={"by_code": by_code}, better="higher", bounds=(0, 1))
