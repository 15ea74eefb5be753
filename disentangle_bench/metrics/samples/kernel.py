"""The kernel distance of generated to real images in the features of a classifier of the same dataset."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import LatentSpec
from disentangle_bench.metrics.intervals import mean_interval
from disentangle_bench.metrics.metric import Classifier, Generator, Score, Scores, metric, pairing
from disentangle_bench.metrics.samples.features import NO_CLASSIFIER, Features, Floats

LARGEST_SUBSET = 1000  # as in the paper
FEWEST = 2  # images in each subset of either half of the real ones


@metric(
    "classifier-kernel-distance",
    version=1,
    bounds=(None, None),
    better="lower",
    source="arXiv:1801.01401, section 4, with the features of a classifier of the dataset instead of Inception's",
)
def classifier_kernel_distance(
    generator: Generator,
    latents: LatentSpec,
    images: ArrayLike,
    train: ArrayLike | None = None,
    classifier: Classifier | None = None,
    *,
    samples: int = 10_000,
    subsets: int = 10,
    seed: int = 0,
) -> Scores:
    """How far generated images are from real ones by a kernel on a classifier's features. This is not Inception-KID.

    The squared maximum mean discrepancy with the kernel `(x'y / f + 1)^3` of features `(f,)`, by the unbiased
    estimator: its mean is 0 for a generator whose images are as the real ones, whatever their number, so it can come
    out negative. It assumes no Gaussians. As in the paper it is the mean over subsets of 1,000 images; here these are
    disjoint, so that their spread gives a Student's interval that holds (those of the paper share images).

    The floor is the same estimate between two halves of the real images; the ceiling is that, or the distance itself
    where a lucky draw is below it. Chance is the distance of real images whose pixels were shuffled among images, each
    apart from the others. Figures of two datasets do not compare.

    Args:
        generator: of the images.
        latents: the priors.
        images: real ones, `(n, c, h, w)`, uint8 or float in [0, 1].
        train: `(n,)` bool: the training split, on which the classifier was trained; it is left out.
        classifier: gives the features `(n, f)`.
        samples: the most real images to take, and as many generated ones.
        subsets: how many to deal the images into; of at most 1,000 each.
        seed: of latents and subsets.

    Returns:
        The distance; its samples are the subsets' estimates. Its details hold `real_to_real`, with an interval.

    Raises:
        MetricError: fewer than 2 subsets, or too few images for them; images that do not fit together, or that are NaN
            or infinite.
    """
    if subsets < 2:
        raise MetricError(f"classifier-kernel-distance was asked for {subsets} subsets.", "Ask for 2 or more.")
    if classifier is None:
        return Score.undefined(NO_CLASSIFIER)
    fewest = 2 * FEWEST * subsets
    features = Features.of(generator, latents, images, train, classifier, samples=samples, fewest=fewest, seed=seed)
    return _score(features, subsets)


def kernel_distance(first: ArrayLike, second: ArrayLike) -> float:
    """The unbiased estimate of the squared maximum mean discrepancy with the kernel `(x'y / f + 1)^3`.

    Args:
        first: `(n, f)`.
        second: `(m, f)`.

    Example:
        >>> kernel_distance([[0.0], [0.0]], [[1.0], [1.0]])
        7.0
    """
    x, y = (np.asarray(points, dtype=np.float64) for points in (first, second))
    return _mean_of_pairs(x) + _mean_of_pairs(y) - 2 * float(_kernel(x, y).mean())


def _kernel(x: Floats, y: Floats) -> Floats:
    return np.asarray((x @ y.T / x.shape[1] + 1) ** 3, dtype=np.float64)


def _mean_of_pairs(x: Floats) -> float:
    """The kernel's mean over pairs of different points."""
    values, n = _kernel(x, x), len(x)
    return float(values.sum() - np.trace(values)) / (n * (n - 1))


def _score(features: Features, subsets: int) -> Score:
    real, half = features.real, len(features) // 2
    estimates = _estimates(features.generated, real, subsets)
    between_halves = _estimates(real[:half], real[half:], subsets)
    value, floor = float(estimates.mean()), float(between_halves.mean())
    low, high = mean_interval(estimates)
    floor_low, floor_high = mean_interval(between_halves)
    return Score(
        value,
        low,
        high,
        chance=float(_estimates(features.shuffled, real, subsets).mean()),
        ceiling=min(value, floor),
        samples=estimates,
        pairing=pairing("subsets of real images", real),
        details={
            "real_to_real": {"value": floor, "low": floor_low, "high": floor_high},
            "images_in_a_subset": _size(len(real), subsets),
            "features": real.shape[1],
            "interval": "Student's over disjoint subsets of the real and of the generated images",
        },
    )


def _estimates(first: Floats, second: Floats, subsets: int) -> Floats:
    """The distance between the subsets of the one and of the other set of points `(n, f)`: `(subsets,)`."""
    size = _size(len(first), subsets)
    parts = (slice(place * size, (place + 1) * size) for place in range(subsets))
    return np.array([kernel_distance(first[part], second[part]) for part in parts])


def _size(points: int, subsets: int) -> int:
    return min(LARGEST_SUBSET, points // subsets)
