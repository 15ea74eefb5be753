"""Images by their factors: the grid of a set whose factors are all known, complete or with gaps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.images import Images
from disentangle_bench.errors import DataError, UnknownNameError

Classes = NDArray[np.int64]


class GroundTruth:
    """A sampler: factors to images, with some factors held fixed.

    Args:
        images: `(n, c, h, w)` uint8.
        factors: `k` of them, each with a size.
        classes: `(n, k)`: the class of each image in each factor, from 0 on.

    Attributes:
        names: of the factors.
        sizes: how many classes each factor has.
        cells: the number of combinations of classes; some may have no image.

    Raises:
        DataError: a factor without classes, classes out of range or of another shape.
    """

    def __init__(self, images: Images, factors: Sequence[Factor], classes: Classes) -> None:
        self.images, self.factors = images, tuple(factors)
        self.names = tuple(factor.name for factor in factors)
        self.sizes = tuple(_size(factor) for factor in factors)
        self.cells = combinations(factors)
        if self.cells > np.iinfo(np.int64).max:
            raise DataError(f"Factors of the sizes {self.sizes} have more combinations than 64 bits can number.")
        if classes.shape != (len(self.images), len(self.sizes)):
            raise DataError(f"{len(self.images)} images and {len(self.sizes)} factors have classes {classes.shape}.")
        self._within(classes)
        self._classes = classes
        keys, rows = np.unique(np.ravel_multi_index(tuple(classes.T), self.sizes), return_index=True)
        self._keys, self._rows = keys.astype(np.int64), rows.astype(np.int64)  # sorted; the first image of each

    @property
    def whole(self) -> bool:
        """Whether there is an image of every combination of classes."""
        return len(self._keys) == self.cells

    def __len__(self) -> int:
        return len(self.images)

    def _within(self, classes: Classes) -> None:
        beyond = (classes < 0) | (classes >= self.sizes)
        if beyond.any():
            row, column = np.argwhere(beyond)[0]
            raise DataError(
                f"The factor {self.names[column]!r} has the class {classes[row, column]}; "
                f"it has {self.sizes[column]} classes, from 0 on."
            )

    def index(self, classes: ArrayLike) -> NDArray[np.int64]:
        """Return the rows `(b,)` of the images with these classes `(b, k)`; of several such images, the first.

        Raises:
            DataError: an unknown class, or a combination without an image.
        """
        wanted = np.atleast_2d(_whole(classes, "class"))
        if wanted.shape[1] != len(self.sizes):
            raise DataError(
                f"There are classes of {wanted.shape[1]} factors instead of those of {', '.join(self.names)}."
            )
        self._within(wanted)
        keys = np.ravel_multi_index(tuple(wanted.T), self.sizes)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        absent = self._keys[places] != keys
        if absent.any():
            said = ", ".join(f"{name} {value}" for name, value in zip(self.names, wanted[absent][0], strict=True))
            raise DataError(f"There is no image with the classes {said}.", "The grid of this set has gaps.")
        rows: NDArray[np.int64] = self._rows[places]
        return rows

    def classes(self, rows: ArrayLike) -> Classes:
        """Return the classes `(b, k)` of the images in these rows `(b,)`."""
        return self._classes[_whole(rows, "row")]

    def sample(
        self, n: int, generator: np.random.Generator, fixed: Mapping[str, int] | None = None
    ) -> tuple[Classes, NDArray[np.uint8]]:
        """Draw `n` images, with replacement, uniformly over the combinations that have an image.

        Args:
            n: how many.
            generator: of the draws.
            fixed: factor name -> its class, which all of them have.

        Returns:
            Their classes `(n, k)` and the images `(n, c, h, w)` uint8.

        Raises:
            UnknownNameError: an unknown factor.
            DataError: an unknown class, or no image has these fixed classes.
        """
        rows = self.rows_with(n, generator, fixed or {})
        images: NDArray[np.uint8] = self.images[rows]
        return self.classes(rows), images

    def rows_with(self, n: int, generator: np.random.Generator, fixed: Mapping[str, int]) -> NDArray[np.int64]:
        """Draw the rows `(n,)` of images with these classes; see `sample`."""
        for name in fixed:
            if name not in self.names:
                raise UnknownNameError("factor", name, self.names)
        columns = {self.names.index(name): int(_whole(number, f"class of {name!r}")) for name, number in fixed.items()}
        if self.whole:
            drawn = np.stack([generator.integers(size, size=n) for size in self.sizes], axis=1)
            for column, number in columns.items():
                drawn[:, column] = number
            return self.index(drawn)
        return generator.choice(self._candidates(columns), size=n)

    def _candidates(self, columns: Mapping[int, int]) -> NDArray[np.int64]:
        rows, chosen = self._rows, self.classes(self._rows)
        for column, number in columns.items():
            if not 0 <= number < self.sizes[column]:
                self._within(np.where(np.arange(len(self.sizes)) == column, number, 0)[None])
            kept = chosen[:, column] == number
            rows, chosen = rows[kept], chosen[kept]
        if not len(rows):
            said = ", ".join(f"{self.names[column]} {number}" for column, number in columns.items())
            raise DataError(f"There is no image with {said}.", "The grid of this set has gaps.")
        return rows


def combinations(factors: Sequence[Factor]) -> int:
    """Return how many combinations of the factors' classes there are."""
    return math.prod(map(_size, factors))


def grid(factors: Sequence[Factor]) -> Classes:
    """Return every combination of the factors' classes `(n, k)`, the first factor slowest."""
    sizes = [_size(factor) for factor in factors]
    return np.stack(np.unravel_index(np.arange(combinations(factors)), sizes), axis=1).astype(np.int64)


def _whole(numbers: ArrayLike, what: str) -> NDArray[np.int64]:
    """Refuse numbers other than integers: a class's value, such as 0.75, would stand for another class."""
    given = np.asarray(numbers)
    if given.size and given.dtype.kind not in "iu":
        raise DataError(
            f"{given.ravel().tolist()[0]!r} is not a {what}, which is an integer from 0 on.",
            "`info.factors` lists the value that each class stands for, in order.",
        )
    return given.astype(np.int64)


def _size(factor: Factor) -> int:
    if factor.size is None:
        raise DataError(f"The factor {factor.name!r} is continuous.", "Only factors with classes make a grid.")
    return factor.size
