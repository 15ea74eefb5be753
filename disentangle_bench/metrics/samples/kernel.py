"""The kernel distance between generated and real images in the features of a classifier of the dataset."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from disentangle_bench.latents import LatentSpec
from disentangle_bench.metrics.generator.sampling import NO_CLASSIFIER
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervals import mean_interval
from disentangle_bench.metrics.metric import Classifier, Generator, Score, Scores, metric, pairing
from disentangle_bench.metrics.samples.features import Features, Floats

LARGEST_SUBSET = 1000  # as in the paper
FEWEST = 2  # images per subset of each half of the real images


@metric(
    "classifier-kernel-distance",
    version=1,
    bounds=(None, None),
    better="lower",
    source="arXiv:1801.01401, section 4, with the features of a classifier of the dataset instead of Inception's",
    seconds=7,
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
    """Kernel distance in a classifier's features (not KID): high when generated images differ from real ones.

    The squared maximum mean discrepancy of the features x of real and y of generated images, by the unbiased estimator.
    It assumes no Gaussians and has mean 0 for a generator whose images are as the real ones, for any number of images,
    so it can be negative. It is the mean over subsets of up to 1,000 images, as in the paper; here the subsets are
    disjoint, so that their spread gives a valid Student's interval (the paper's share images).

        MMD^2   = E[k(x, x')] + E[k(y, y')] - 2 E[k(x, y)]
        k(a, b) = (a·b / f + 1)^3     for features of length f

    Does not see: what the classifier ignores; nor copies of training images, which score perfectly. Distances in two
    classifiers' features, hence of two datasets, are not comparable.

    The floor is the same estimate between two halves of the real images; the ceiling is that floor, or the distance
    itself where it happens to be smaller. Chance is the distance of real images in which each pixel was shuffled among
    the images, independently of all other pixels.

    Args:
        generator: latents -> images `(n, c, h, w)`, float in [0, 1].
        latents: the priors.
        images: real ones, `(n, c, h, w)`, uint8 or float in [0, 1].
        train: `(n,)` bool, the training split, on which the classifier was trained; it is left out.
        classifier: gives the features `(n, f)`.
        samples: the most real images to use, and as many generated ones.
        subsets: number of subsets, of at most 1,000 images each.
        seed: of latents and subsets.

    Returns:
        The distance, a pure number; lower is better. Its samples are the subsets' estimates. Undefined without a
        classifier. Its details hold `real_to_real`, with an interval.

    Raises:
        DbenchError: fewer than 2 subsets, or too few images for them; images that do not fit together, or that are NaN
            or infinite.

    References:
        Binkowski et al. (2018), arXiv:1801.01401, section 4, with the features of a classifier of the dataset instead
        of Inception's.

    Example:
        The features are the one pixel, 0 in real images and 1 in generated ones: k(0, 0) + k(1, 1) - 2 k(0, 1) = 1 + 8
        - 2.

        >>> from types import SimpleNamespace
        >>> import numpy as np, torch
        >>> from disentangle_bench.latents import LatentSpec, Uniform
        >>> from disentangle_bench.metrics import classifier_kernel_distance
        >>> generator = lambda drawn: torch.ones(len(drawn), 1, 1, 1)
        >>> images = np.zeros((100, 1, 1, 1))
        >>> pixel = SimpleNamespace(features=lambda images: images.flatten(1))
        >>> score = classifier_kernel_distance(generator, LatentSpec(0, (Uniform(),)), images, classifier=pixel)
        >>> score.value
        7.0
    """
    require_at_least(2, subsets=subsets)
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
    """The distance between each subset of one set of points `(n, f)` and that of the other, `(subsets,)`."""
    size = _size(len(first), subsets)
    parts = (slice(place * size, (place + 1) * size) for place in range(subsets))
    return np.array([kernel_distance(first[part], second[part]) for part in parts])


def _size(points: int, subsets: int) -> int:
    return min(LARGEST_SUBSET, points // subsets)
