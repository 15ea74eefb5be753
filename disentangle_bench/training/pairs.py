"""Pairs and groups of training images that differ in some of their ground-truth factors."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.datasets.dataset import Dataset
from disentangle_bench.errors import DataError, SettingError
from disentangle_bench.models.model import ImageRows

TRIES = 1000
"""How often a pair or a group is drawn anew whose other images are not in the training split."""

Rows = NDArray[np.int64]


def training_classes(dataset: Dataset, model: str) -> NDArray[np.int64]:
    """Return the class `(n, d)` of each training image in each factor.

    Args:
        dataset: whose factors all have classes.
        model: that is trained on pairs, for the message.

    Raises:
        DataError: it has factors without classes, or none.
    """
    if dataset.ground_truth is None:
        raise DataError(
            f"The model {model!r} is trained on pairs or groups of images that differ in some factors; "
            f"{dataset.info.name} has no ground truth to draw them from.",
            "Choose a dataset whose factors all have classes, such as sprites; `dbench list datasets` shows them.",
        )
    return dataset.ground_truth.classes(np.flatnonzero(dataset.train))


class Pairs:
    """Draws pairs and groups, each a function of its seed, so that a resumed run sees the same ones.

    Args:
        images: `(n, c, h, w)` uint8.
        classes: `(n, d)`: the class of each in each factor, from 0 on.
        size: pairs in a batch over all processes.
        share: the rows of a batch that belong to this process.
        device: where the images are put.
        weights: `(n,)`: how likely each image is, in relation; by default all are as likely. A pair is as likely as the
            product of both.
    """

    def __init__(
        self,
        images: ImageRows,
        classes: NDArray[np.int64],
        size: int,
        share: slice,
        device: torch.device,
        *,
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        self.images, self.size, self.share, self.device = images, size, share, device
        self.weights = None if weights is None else weights / weights.max()
        self._reached = None if weights is None else np.cumsum(weights)
        self.classes = classes
        self.sizes = tuple((classes.max(axis=0) + 1).tolist())
        self.varied = np.flatnonzero(np.ptp(classes, axis=0))
        keys = np.ravel_multi_index(tuple(classes.T), self.sizes)
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    def at(self, seed: int, k: int | None) -> tuple[Tensor, Tensor]:
        """A batch of pairs, the share of this process: twice `(b, c, h, w)` float32 in [0, 1].

        Raises:
            SettingError: k is out of range. DataError: no pair of images differs in so many factors.
        """
        rows = self.rows(seed, k)
        first, second = (torch.from_numpy(of[self.share]).to(self.device) for of in rows)
        return self.images[first].float().div_(255), self.images[second].float().div_(255)

    def rows(self, seed: int, k: int | None) -> tuple[Rows, Rows]:
        """Draw the rows `(size,)` of the first and of the second images; those in no training image are drawn anew."""
        if not len(self.varied) or (k is not None and not 1 <= k <= len(self.varied)):
            raise SettingError(
                f"Pairs that differ in k = {k} factors cannot be drawn.",
                f"{len(self.varied)} factors of the training images vary; choose a k from 1 to that many."
                if len(self.varied)
                else "No factor of the training images varies.",
            )
        generator = np.random.default_rng(seed)
        first, second = np.empty(self.size, np.int64), np.empty(self.size, np.int64)
        absent = np.arange(self.size)
        for _ in range(TRIES):
            first[absent] = self._first(len(absent), generator)
            second[absent] = self._find(self._changed(self.classes[first[absent]], k, generator), generator)
            absent = absent[~self._accepted(second[absent], generator)]
            if not len(absent):
                return first, second
        raise DataError(
            f"{TRIES} draws found no pair of training images that differ in exactly {k or 'so many'} factors.",
            "Choose another k, a dataset with images of more combinations, or factors that are correlated less.",
        )

    def group(self, seed: int) -> tuple[Tensor, int, int]:
        """A batch `(b, c, h, w)` that differs in one factor, its place among those that vary, and how many vary.

        Raises:
            DbenchError: no images differ in one factor alone.
        """
        rows, factor = self.group_rows(seed)
        return (
            self.images[torch.from_numpy(rows[self.share]).to(self.device)].float().div_(255),
            factor,
            len(self.varied),
        )

    def group_rows(self, seed: int) -> tuple[Rows, int]:
        """Draw the rows `(size,)` of images that differ in one factor, and its place among those that vary."""
        if not len(self.varied):
            raise SettingError("Groups of images cannot be drawn.", "No factor of the training images varies.")
        generator = np.random.default_rng(seed)
        for _ in range(TRIES):
            place = int(generator.integers(len(self.varied)))
            factor = self.varied[place]
            alone = np.tile(self.classes[self._first(1, generator)], (self.sizes[factor], 1))
            alone[:, factor] = np.arange(self.sizes[factor])
            there = alone[self._find(alone, generator) >= 0]
            if len(there) > 1:
                return self._find(there[self._chosen(there, generator)], generator), place
        raise DataError(
            f"{TRIES} draws found no training images that differ in one factor alone.",
            "Choose a dataset with images of more combinations.",
        )

    def _first(self, count: int, generator: np.random.Generator) -> Rows:
        """Draw the rows `(count,)` of first images."""
        if self._reached is None:
            return generator.integers(len(self.classes), size=count)
        places = generator.random(count) * self._reached[-1]
        rows: Rows = np.minimum(np.searchsorted(self._reached, places, side="right"), len(self._reached) - 1)
        return rows

    def _accepted(self, rows: Rows, generator: np.random.Generator) -> NDArray[np.bool_]:
        """Whether there is an image in each row `(b,)`, -1 for none, and its weight lets it be the second of a pair."""
        there: NDArray[np.bool_] = rows >= 0
        return there if self.weights is None else there & (generator.random(len(rows)) < self.weights[rows])

    def _chosen(self, classes: Rows, generator: np.random.Generator) -> Rows:
        """Choose `size` of a group's classes `(b, d)`."""
        if self.weights is None:
            return generator.integers(len(classes), size=self.size)
        weights = self.weights[self._find(classes, generator)]
        chosen: Rows = generator.choice(len(classes), size=self.size, p=weights / weights.sum())
        return chosen

    def _changed(self, classes: Rows, k: int | None, generator: np.random.Generator) -> Rows:
        """Change k factors of each row to other classes."""
        shape = (len(classes), len(self.varied))
        wanted = k or generator.integers(1, max(2, len(self.varied)), size=(len(classes), 1))
        chosen = generator.random(shape).argsort(axis=1).argsort(axis=1) < wanted
        sizes = np.array(self.sizes)[self.varied]
        others = (classes[:, self.varied] + generator.integers(1, sizes, size=shape)) % sizes
        changed = classes.copy()
        changed[:, self.varied] = np.where(chosen, others, classes[:, self.varied])
        return changed

    def _find(self, classes: Rows, generator: np.random.Generator) -> Rows:
        """Return the row of an image with these classes, at random if there are several, or -1 if there is none."""
        keys = np.ravel_multi_index(tuple(classes.T), self.sizes)
        start, stop = (np.searchsorted(self._keys, keys, side=side) for side in ("left", "right"))
        place = start + (generator.random(len(keys)) * (stop - start)).astype(np.int64)
        found: Rows = self._order[np.minimum(place, len(self._order) - 1)]
        return np.where(stop > start, found, -1)
