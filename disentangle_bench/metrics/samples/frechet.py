"""The Frechet distance between generated and real images in the features of a classifier of the dataset."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg
from threadpoolctl import threadpool_limits

from disentangle_bench.latents import LatentSpec
from disentangle_bench.metrics.generator.sampling import NO_CLASSIFIER
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervals import bootstrap_interval
from disentangle_bench.metrics.metric import Classifier, Generator, Score, Scores, metric
from disentangle_bench.metrics.samples.features import Features, Floats
from disentangle_bench.seeds import derive_seed

FEWEST = 4  # images: two in each half


@metric(
    "classifier-frechet-distance",
    version=1,
    bounds=(0, None),
    better="lower",
    source="arXiv:1706.08500, eq. 6, with the features of a classifier of the dataset instead of Inception's",
    seconds=14,
)
def classifier_frechet_distance(
    generator: Generator,
    latents: LatentSpec,
    images: ArrayLike,
    train: ArrayLike | None = None,
    classifier: Classifier | None = None,
    *,
    samples: int = 10_000,
    bootstrap: int = 100,
    seed: int = 0,
) -> Scores:
    """Frechet distance in a classifier's features (not FID): high when generated images differ from real ones.

    The squared 2-Wasserstein distance between two Gaussians with the means and covariances of the features of real and
    of generated images. The classifier was trained on the dataset itself, so the distance reflects what matters in it.

        d = |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))

    Does not see: features that differ in more than mean and covariance; what the classifier ignores; nor copies of
    training images, which score perfectly. Distances in two classifiers' features, hence of two datasets, are not
    comparable.

    The real test images are split into two halves. The distance is the mean of the distances from generated images to
    each half, with as many generated images as the half has. At n images it is biased upwards by roughly a constant
    over n; hence the floor, the distance between the two real halves, which has the same bias. The ceiling is that
    floor, or the distance itself where it happens to be smaller. Chance is the distance of real images in which each
    pixel was shuffled among the images, independently of all other pixels. All three use the same n.

    Args:
        generator: latents -> images `(n, c, h, w)`, float in [0, 1].
        latents: the priors.
        images: real ones, `(n, c, h, w)`, uint8 or float in [0, 1].
        train: `(n,)` bool, the training split, on which the classifier was trained; it is left out.
        classifier: gives the features `(n, f)`.
        samples: the most real images to use, and as many generated ones.
        bootstrap: resamples of all images for the interval.
        seed: of latents, halves and resamples.

    Returns:
        The distance, in squared units of the features; lower is better. Undefined without a classifier. Its details
        hold `real_to_real`, the terms `means` and `covariances`, the number of images in a half, and `real_variance`,
        the sum of the variances of the real features: a single image repeated, the mean in these features, would score
        that.

    Raises:
        DbenchError: fewer than 4 samples or test images, or 2 resamples; images that do not fit together, or that are
            NaN or infinite.

    References:
        Heusel et al. (2017), arXiv:1706.08500, eq. 6, with the features of a classifier of the dataset instead of
        Inception's.

    Example:
        The features are the one pixel. Half the real pixels are 1, the others 0; all generated pixels are 1. The means
        add `(1 - 1/2)^2` and the variances 1/4.

        >>> from types import SimpleNamespace
        >>> import numpy as np, torch
        >>> from disentangle_bench.latents import LatentSpec, Uniform
        >>> from disentangle_bench.metrics import classifier_frechet_distance
        >>> generator = lambda drawn: torch.ones(len(drawn), 1, 1, 1)
        >>> images = np.tile([0.0, 1.0], 500).reshape(-1, 1, 1, 1)
        >>> pixel = SimpleNamespace(features=lambda images: images.flatten(1))
        >>> score = classifier_frechet_distance(generator, LatentSpec(0, (Uniform(),)), images, classifier=pixel)
        >>> round(score.value, 2)
        0.5
    """
    require_at_least(FEWEST, samples=samples)
    require_at_least(2, bootstrap=bootstrap)
    if classifier is None:
        return Score.undefined(NO_CLASSIFIER)
    features = Features.of(generator, latents, images, train, classifier, samples=samples, fewest=FEWEST, seed=seed)
    return _score(features, bootstrap, np.random.default_rng(derive_seed(seed, "resamples")))


def frechet_distance(first: ArrayLike, second: ArrayLike) -> float:
    """The squared Frechet distance between Gaussians with the means and covariances of two sets of points.

    Args:
        first: `(n, f)`.
        second: `(m, f)`.

    Example:
        >>> frechet_distance([[0.0], [2.0]], [[3.0], [5.0]])
        9.0
    """
    a, b = (Moments.of(np.asarray(points, dtype=np.float64)) for points in (first, second))
    return sum(distance_parts(a, b))


class Moments(NamedTuple):
    """A mean `(f,)` and a factor `F (f, f)` of the covariance `F F'`."""

    mean: Floats
    factor: Floats

    @classmethod
    def of(cls, points: Floats, counts: NDArray[np.int64] | None = None) -> Moments:
        """Of points `(n, f)`, or of a resample that holds each of them `counts (n,)` times."""
        size = len(points)
        drawn = np.arange(size) if counts is None else np.flatnonzero(counts)  # of a resample, five points in eight
        weights = np.ones(size) if counts is None else counts[drawn].astype(np.float64)
        mean = weights @ points[drawn] / size
        rows = (points[drawn] - mean) * np.sqrt(weights)[:, None]
        values, vectors = linalg.eigh(rows.T @ rows / (size - 1))
        rounding = len(values) * np.finfo(np.float64).eps * values[-1]
        return cls(mean, vectors * np.sqrt(np.where(values > rounding, values, 0.0)))


class DistanceParts(NamedTuple):
    """The terms of the squared distance that are due to the means and to the covariances."""

    means: float
    covariances: float


def distance_parts(first: Moments, second: Moments) -> DistanceParts:
    """The two terms of the squared Frechet distance, both non-negative.

    With covariances `A A'` and `B B'`, the trace of the square root of their product is the sum of the singular values
    of `A' B`, which are real and non-negative. The product itself is not symmetric, and where it is singular, as it is
    with dead features, rounding makes its square root complex.
    """
    shift = first.mean - second.mean
    spread = np.square(first.factor).sum() + np.square(second.factor).sum()
    overlap = linalg.svdvals(first.factor.T @ second.factor).sum()
    return DistanceParts(float(shift @ shift), max(float(spread - 2 * overlap), 0.0))


class _Distances(NamedTuple):
    """The distances of one sample, or resample, of all images."""

    distance: DistanceParts
    floor: float


def _distances(real: list[Moments], generated: list[Moments]) -> _Distances:
    """From the moments of two halves each."""
    both = [distance_parts(*pair) for pair in zip(generated, real, strict=True)]
    return _Distances(DistanceParts(*np.mean(both, axis=0).tolist()), sum(distance_parts(*real)))


def _halves(points: Floats, rng: np.random.Generator | None = None) -> list[Moments]:
    """The moments of both halves of points `(n, f)`, or of a resample of each."""
    n = len(points) // 2
    counts = [None if rng is None else rng.multinomial(n, np.full(n, 1 / n)) for _ in range(2)]
    return [Moments.of(points[:n], counts[0]), Moments.of(points[n : 2 * n], counts[1])]


def _resamples(features: Features, bootstrap: int, rng: np.random.Generator) -> list[_Distances]:
    """In one thread: two, beside those of torch, take 2.5 times as long for matrices of this size."""
    with threadpool_limits(1, user_api="blas"):
        return [_distances(_halves(features.real, rng), _halves(features.generated, rng)) for _ in range(bootstrap)]


def _score(features: Features, bootstrap: int, rng: np.random.Generator) -> Score:
    real = _halves(features.real)
    distance, floor = _distances(real, _halves(features.generated))
    chance = sum(_distances(real, _halves(features.shuffled)).distance)
    value = sum(distance)
    resamples = _resamples(features, bootstrap, rng)
    low, high = bootstrap_interval(value, [sum(each.distance) for each in resamples], (0, None))
    floor_low, floor_high = bootstrap_interval(floor, [each.floor for each in resamples], (0, None))
    details = {
        "real_to_real": {"value": floor, "low": floor_low, "high": floor_high},
        **distance._asdict(),
        "images_in_a_half": len(features) // 2,
        "features": features.real.shape[1],
        "real_variance": float(features.real.var(axis=0, ddof=1).sum()),
        "interval": "percentile bootstrap over real and generated images, minus its own bias",
    }
    return Score(value, low, high, chance, min(value, floor), details=details)
