"""Image measures: associations of codes with what can be measured on images of handwritten digits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from disentangle_bench.latents import Categorical, LatentSpec
from disentangle_bench.metrics.generator.associations import (
    Associations,
    MeasuredImages,
    associations,
    mean_strongest,
    mean_strongest_by_chance,
    on_resamples,
    profile,
    strongest,
    within_categories,
)
from disentangle_bench.metrics.generator.perturbation import pixel_spread
from disentangle_bench.metrics.generator.rank_correlation import Floats
from disentangle_bench.metrics.generator.sampling import draw_latents, image_batches, isolated_randomness
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervals import bootstrap_interval
from disentangle_bench.metrics.metric import Arbitrary, Codes, Generator, Score, Scores, metric, of_code
from disentangle_bench.representation.variables import Variables
from disentangle_bench.seeds import derive_seed

BATCH = 500
REAL = ".real"
"""Suffix of the components that are measured on real images."""
RANK_CORRELATION, ETA_SQUARED = "rank correlation", "eta squared"
FEWEST = 30  # images that are not blank; a rank correlation of fewer is meaningless
VISIBLE = 0.05  # of the spread over real images; ranks would count the slightest differences in full


@metric(
    "image-measures",
    version=1,
    bounds=(-1, 1),
    better="neither",
    source="defined here; measures by image moments and skeleton, eta squared of Kruskal and Wallis (1952)",
    seconds=8,
)
def image_measures(
    generator: Generator,
    latents: LatentSpec,
    images: ArrayLike | None = None,
    codes: Codes | None = None,
    train: ArrayLike | None = None,
    *,
    samples: int = 2000,
    bootstrap: int = 1000,
    seed: int = 0,
) -> Scores:
    """Image measures of codes: high when a code goes with slant, stroke thickness, width, height or ink.

    `c2.slant` is the rank correlation (Spearman's rho) of the code that went into the generator with the slant of the
    image that came out, all else being random; `c2.slant.real` is that of Q's mean on real test images with their
    slant. For a categorical code, which has no order, it is the share of the variance of the measure's ranks that lies
    between categories (eta squared). `named` is how clearly each continuous code is one of the measures.

        c2.slant = corr(rank c2, rank slant(x)),  x = G(z, c)
        c1.slant = Var[E[rank slant(x) given c1]] / Var[rank slant(x)]
        named    = mean over continuous codes of max_measure |corr(rank c, rank measure given the categorical codes)|

    Does not see: a relation that is not monotonic; nor anything but the five measures of `disentangle_bench.measures`,
    which are made for bright shapes on a dark ground.

    In `named` the categorical codes are given because the width of an image depends on the digit more than on anything
    else; its chance is the same value with the measures shuffled within categories.

    Args:
        generator: latents -> images `(n, 1, h, w)`.
        latents: the priors of codes and noise.
        images: real ones, `(n, 1, h, w)`, uint8 or float in [0, 1].
        codes: `(n, d)`, Q's categories and means for them. Without `images` and `codes` there are no `.real`
            components.
        train: `(n,)` bool, the training split, which is left out.
        samples: generated images, and the most real ones, drawn at random.
        bootstrap: resamples of the images, each ranked anew, for the intervals.
        seed: of latents, choice and resamples.

    Returns:
        `named`, in [0, 1], whose details name the measure of each code; then one component per code and measure, in
        [-1, 1], of a categorical code in [0, 1]. Its details hold the measure's mean, in its own unit, in nine equal
        shares of the images from low to high code, or in each category: in numbers, what a traversal shows. Blank
        images are left out and counted. A measure whose standard deviation over generated images is under 5 % of that
        over real ones is left out, since nobody sees it; all are if that holds of the pixels. Undefined for images of
        several channels or with fewer than 30 images that are not blank.

    Raises:
        DbenchError: fewer than 30 samples or 2 resamples; images, codes and train of different lengths, or codes
            without the names of the latent spec's.

    References:
        Defined here; measures by image moments and skeleton, eta squared of Kruskal and Wallis (1952).

    Example:
        The code is the brightness of the whole image.

        >>> import torch
        >>> from disentangle_bench.latents import LatentSpec, Uniform
        >>> from disentangle_bench.metrics import image_measures
        >>> generator = lambda drawn: ((drawn.codes[0] + 2) / 3)[:, None, None, None].expand(-1, 1, 8, 8)
        >>> scores = image_measures(generator, LatentSpec(0, (Uniform(),)), samples=50, bootstrap=2)
        >>> round(scores["c1.ink"].value, 3), scores["named"].details["c1"]["measure"]
        (1.0, 'ink')
    """
    require_at_least(FEWEST, samples=samples)
    require_at_least(2, bootstrap=bootstrap)
    drawn = draw_latents(latents, samples, seed, "image measures")
    with isolated_randomness(derive_seed(seed, "networks")):
        batches = [batch.cpu().numpy() for batch in image_batches(generator, drawn, BATCH)]
    generated_images = np.concatenate(batches)
    if generated_images.shape[1] != 1:
        return {"named": Score.undefined("Shapes are measured on images with one channel; these have more.")}
    values = dict(zip(latents.names, (values.numpy() for values in drawn.codes), strict=True))
    generated = MeasuredImages.of(generated_images[:, 0], values, latents)
    rng = np.random.default_rng(derive_seed(seed, "resamples of generated pictures"))
    real = None
    if images is not None and codes is not None:
        wrapped = Variables.wrap(codes)
        real = MeasuredImages.of_test_split(np.asarray(images), wrapped, train, latents, samples=samples, seed=seed)
    generated = generated.without(_invisible(generated_images, images, generated, real))
    scores = {"named": _named(generated, bootstrap, rng), **_associations(generated, bootstrap, rng)}
    if real is not None:
        rng = np.random.default_rng(derive_seed(seed, "resamples of real pictures"))
        scores |= _associations(real, bootstrap, rng, REAL)
    chance = _left_to_chance(latents)
    return {name: replace(score, arbitrary=chance.get(score.code or "", ())) for name, score in scores.items()}


def _invisible(
    generated_images: Floats, images: ArrayLike | None, generated: MeasuredImages, real: MeasuredImages | None
) -> list[str]:
    """Name the measures in which nobody sees that generated images differ: all of them if the images hardly do.

    That a measure varies is not enough: the thickness of a stroke jumps where its skeleton changes by a pixel.
    """
    if len(generated) < FEWEST:
        return []
    if pixel_spread(generated_images) < VISIBLE * pixel_spread(images):
        return list(generated.measures)
    if real is None or len(real) < FEWEST:
        return []
    spread = {name: (values.std(), real.measures[name].std()) for name, values in generated.measures.items()}
    return [name for name, (ours, theirs) in spread.items() if ours < VISIBLE * theirs]


def _left_to_chance(latents: LatentSpec) -> dict[str, tuple[Arbitrary, ...]]:
    """Code name -> whether a seed could as well give it the other sign, or its role to another code."""
    alike = [replace(code, name="") for code in latents.codes]
    chance: dict[str, tuple[Arbitrary, ...]] = {}
    for code, prior in zip(latents.codes, alike, strict=True):
        signs: tuple[Arbitrary, ...] = () if isinstance(code, Categorical) else ("sign",)
        chance[code.name] = (*signs, "code") if alike.count(prior) > 1 else signs
    return chance


def _associations(
    measured: MeasuredImages, bootstrap: int, rng: np.random.Generator, suffix: str = ""
) -> dict[str, Score]:
    if len(measured) < FEWEST:
        undefined = {f"{measure}{suffix}": Score.undefined(_too_few(measured)) for measure in measured.measures}
        return {name: score for code in measured.codes for name, score in of_code(code, undefined).items()}
    values = associations(measured, measured.once)
    replicates = on_resamples(associations, measured, bootstrap, rng)
    scores: dict[str, Score] = {}
    for code, measure in values:
        scores |= of_code(code, {f"{measure}{suffix}": _association(measured, code, measure, values, replicates)})
    unseen = {f"{measure}{suffix}": Score.undefined(_unseen(measure)) for measure in measured.invisible}
    return scores | {name: score for code in measured.codes for name, score in of_code(code, unseen).items()}


def _association(
    measured: MeasuredImages, code: str, measure: str, values: Associations, replicates: Associations
) -> Score:
    value = float(values[code, measure][0])
    if np.isnan(value):
        return Score.undefined(f"{code} or {measure} is the same for all images.")
    is_categorical = code in measured.categorical
    bounds = (0.0, 1.0) if is_categorical else (-1.0, 1.0)
    low, high = _interval(value, replicates[code, measure], bounds)
    chance = (len(np.unique(measured.codes[code])) - 1) / (len(measured) - 1) if is_categorical else 0.0
    details = {"association": ETA_SQUARED if is_categorical else RANK_CORRELATION, **profile(measured, code, measure)}
    return Score(value, low, high, chance, details=details, bounds=bounds)


def _named(measured: MeasuredImages, bootstrap: int, rng: np.random.Generator) -> Score:
    if not measured.continuous:
        return Score.undefined("There is no continuous code to name.")
    if len(measured) < FEWEST:
        return Score.undefined(_too_few(measured))
    if not measured.measures:
        return Score.undefined(_unseen("every measure"))
    correlations = within_categories(measured, measured.once)
    value = float(mean_strongest(correlations, measured)[0])
    if np.isnan(value):
        return Score.undefined("Every measure is the same for all images of a category.")
    replicates = mean_strongest(on_resamples(within_categories, measured, bootstrap, rng), measured)
    low, high = _interval(value, replicates, (0.0, 1.0))
    details = {code: strongest(correlations, measured, code) for code in measured.continuous}
    chance = mean_strongest_by_chance(measured, rng)
    return Score(value, low, high, chance, ceiling=1.0, details=details, better="higher", bounds=(0.0, 1.0))


def _unseen(measure: str) -> str:
    return f"Generated images differ in {measure} by under {100 * VISIBLE:g} % of how real ones do, which nobody sees."


def _too_few(measured: MeasuredImages) -> str:
    return f"Only {len(measured)} of {len(measured) + measured.blank} images are not blank."


def _interval(value: float, replicates: Floats, bounds: tuple[float, float]) -> tuple[float, float]:
    return bootstrap_interval(value, replicates[~np.isnan(replicates)], bounds)
