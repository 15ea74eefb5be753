"""Rules for what a dataset gives when it is loaded."""

from __future__ import annotations

import pickle

import numpy as np

from disentangle_bench.conformance import Rule, require, rule
from disentangle_bench.datasets.conformance.trial import Trial
from disentangle_bench.datasets.dataset import Dataset
from disentangle_bench.datasets.images import LazyImages
from disentangle_bench.representation.kinds import is_unknown

LOADED: dict[str, Rule[Trial]] = {}
"""By a name that completes "the dataset ..."."""
LOADS = "loads, with images of the declared number, shape and type"
"""The first of them, without which none of the others can be tried."""
FEWEST_TRAIN = 0.5
DRAWS = 16


@rule(LOADED, LOADS)
def loads(trial: Trial) -> None:
    dataset = trial.dataset
    require(isinstance(dataset, Dataset), f"load returned {type(dataset).__name__}; return a Dataset")
    if not trial.settings and not trial.declared.users_own:
        expected, given = (trial.declared.images, *trial.declared.shape), tuple(dataset.images.shape)
        require(given == expected, f"the images are {given}; the adapter's info declares {expected}")
    some = dataset.images[trial.rows]
    require(isinstance(some, np.ndarray), f"images[rows] is {type(some).__name__}; return a NumPy array")
    expected = (len(trial.rows), *dataset.info.shape)
    require(some.shape == expected and some.dtype == np.uint8, f"images[rows] is {some.dtype} {some.shape}")


@rule(LOADED, "has images that differ and use the range of a byte")
def images_differ(trial: Trial) -> None:
    some = trial.dataset.images[trial.rows]
    require(len(some) == 1 or bool((some != some[0]).any()), "all images that were looked at are equal")
    require(int(some.max()) > 1, "no value is above 1; images are whole numbers from 0 to 255, not from 0 to 1")


@rule(LOADED, "gives each image alike alone, in any order and by a slice")
def reads_alike(trial: Trial) -> None:
    images, rows = trial.dataset.images, trial.rows[: 2 * DRAWS]
    together = images[rows]
    require(np.array_equal(images[rows[::-1]][::-1], together), "rows in another order give different images")
    alone = np.stack([images[int(row)] for row in rows[:DRAWS]])
    require(np.array_equal(alone, together[:DRAWS]), "an image read alone differs from the same one among others")
    first = images[: min(DRAWS, len(images))]
    require(np.array_equal(first, images[np.arange(len(first))]), "a slice and its row numbers give different images")


@rule(LOADED, "can be sent to another process, if its images are read when needed")
def pickles(trial: Trial) -> None:
    images = trial.dataset.images
    if isinstance(images, LazyImages):
        rows = trial.rows[:DRAWS]
        copy = pickle.loads(pickle.dumps(images))
        require(np.array_equal(copy[rows], images[rows]), "the images of the copy differ")


@rule(LOADED, "gives the factors that it declares")
def factors(trial: Trial) -> None:
    dataset = trial.dataset
    names = tuple(factor.name for factor in dataset.info.factors)
    if dataset.factors is None:
        require(not names, f"info declares the factors {', '.join(names)}, and the dataset has none")
        return
    given, kinds = dataset.factors, tuple(factor.kind for factor in dataset.info.factors)
    require(given.names == names, f"the factors are {', '.join(given.names)}; info declares {', '.join(names)}")
    require(given.kinds == kinds, f"their kinds are {', '.join(given.kinds)}; info declares {', '.join(kinds)}")


@rule(LOADED, "numbers the classes of factors from 0 to their size")
def classes(trial: Trial) -> None:
    factors = trial.dataset.factors
    for factor in trial.dataset.info.factors if factors is not None else ():
        if factors is not None and factor.size is not None:
            column = factors.column(factor.name)
            beyond = sorted(set(np.unique(column[~is_unknown(column)]).tolist()) - set(range(factor.size)))
            says = f"the factor {factor.name!r} has the class {beyond[0] if beyond else ''}; "
            require(not beyond, f"{says}it declares {factor.size}, numbered from 0")


@rule(LOADED, "splits its images, most of them to train on and some to test on")
def splits(trial: Trial) -> None:
    dataset = trial.dataset
    train, n = dataset.train, len(dataset.images)
    require(train.dtype == bool and train.shape == (n,), f"train is {train.dtype} {train.shape}; give a mask ({n},)")
    share = float(train.mean())
    require(FEWEST_TRAIN < share < 1, f"{share:.0%} of the images are to train on; hold some out, fewer than half")
    sizes = len(dataset.split("train")), len(dataset.split("test"))
    require(sizes == (int(train.sum()), n - int(train.sum())), f"the splits have {sizes} images of {n}")
    declared = None if trial.settings else trial.declared.train_images
    require(declared in (None, sizes[0]), f"{sizes[0]} images are to train on; info.train_images is {declared}")


@rule(LOADED, "has images of every class in both splits, if it has labels")
def splits_hold_every_class(trial: Trial) -> None:
    everything = trial.dataset.labels()
    if everything is None:
        return
    known = set(everything[everything >= 0].tolist())
    for split in ("train", "test"):
        labels = trial.dataset.labels(split)
        lacking = sorted(known - set([] if labels is None else labels.tolist()))
        require(not lacking, f"the split {split!r} has no image of the classes {', '.join(map(str, lacking))}")


@rule(LOADED, "is the same to the bit when it is loaded again")
def loads_the_same(trial: Trial) -> None:
    first, again, rows = trial.dataset, trial.load(), trial.rows
    require(again.images.shape == first.images.shape, f"it has {len(again.images)} images, not {len(first.images)}")
    require(np.array_equal(again.images[rows], first.images[rows]), "the images differ")
    require(np.array_equal(again.train, first.train), "the split differs")
    same = again.factors is None if first.factors is None else _same_factors(first, again)
    require(same, "the factors differ")


def _same_factors(first: Dataset, again: Dataset) -> bool:
    """Compare all factors but measured ones, which follow from the images and take minutes."""
    if again.factors is None or first.factors is None or again.factors.names != first.factors.names:
        return False
    recorded = [factor.name for factor in first.info.factors if not factor.measured]
    columns = [(first.factors.column(name), again.factors.column(name)) for name in recorded]
    return all(np.array_equal(one, other, equal_nan=one.dtype.kind == "f") for one, other in columns)


@rule(LOADED, "holds fixed factors in images that are drawn by factors")
def holds_factors(trial: Trial) -> None:
    truth = trial.dataset.ground_truth
    if truth is None:
        return
    every = truth.classes(np.arange(len(truth)))
    for place, (factor, size) in enumerate(zip(truth.names, truth.sizes, strict=True)):
        last = size - 1
        require(bool((every[:, place] == last).any()), f"no image has the class {last} of {factor!r}")
        drawn, images = truth.sample(DRAWS, np.random.default_rng(0), {factor: last})
        require(bool((drawn[:, place] == last).all()), f"images drawn with {factor} {last} have {drawn[:, place]}")
        _, again = truth.sample(DRAWS, np.random.default_rng(0), {factor: last})
        require(np.array_equal(images, again), f"two draws by one seed with {factor} {last} give different images")
        found = truth.images[truth.index(drawn)]
        require(np.array_equal(found, images), "images found by their classes differ from those drawn")
