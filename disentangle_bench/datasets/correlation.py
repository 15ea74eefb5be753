"""Correlated factors: how often training draws each image of a dataset on which evaluation draws all alike.

The distribution is that of arXiv:2006.07886 and arXiv:2210.07347 and of the latter's program,
`disentangling-correlated-factors`: with c1 and c2 the classes of two factors, scaled to [0, 1],

    p(image) ~ prod over pairs of exp(-(c1 - c2)^2 / (2 sigma^2))

That program scales the values of a factor; here it is their numbers, which is the same where values are evenly spaced.
Neither treats cyclic factors as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.factor import Factor
from disentangle_bench.errors import DataError, SettingError, UnknownNameError

LEAST_SIGMA, MOST_SIGMA = 0.01, 10.0
"""Below, factors of different sizes have hardly a pair of classes in common; above, nothing is correlated."""
EVERY = "all"
"""Stands for each other factor, one pair with each."""
_FORM = "FACTOR:FACTOR=SIGMA, separated by commas, such as posX:posY=0.1; all as the second factor is each other one"


class Correlation(NamedTuple):
    """A pair of factors that are correlated; the smaller sigma, the more so."""

    first: str
    second: str
    sigma: float

    def __str__(self) -> str:
        return f"{self.first} with {self.second} (sigma {self.sigma:g})"


def parse_correlations(text: str, factors: Sequence[Factor], dataset: str) -> tuple[Correlation, ...]:
    """Parse a setting such as `posX:posY=0.1,shape:scale=0.4`, or `shape:all=0.2`.

    Args:
        text: the setting; nothing is correlated by an empty one.
        factors: those of the dataset.
        dataset: its name, for messages.

    Raises:
        SettingError: another form, a sigma out of range, a pair twice or of a factor with itself, or of one that has no
            classes. UnknownNameError: an unknown factor.
    """
    usable = [factor.name for factor in factors if (factor.size or 0) > 1]
    found: list[Correlation] = []
    for part in filter(None, map(str.strip, text.split(","))):
        first, second, sigma = _split(part, text)
        for name in (first,) if second == EVERY else (first, second):
            _require_classes(name, usable, factors, dataset)
        others = [name for name in usable if name != first] if second == EVERY else [second]
        found += [Correlation(first, other, sigma) for other in others]
    seen: set[frozenset[str]] = set()
    for first, second, _ in found:
        if first == second:
            raise SettingError(f"correlate = {text!r} pairs {first!r} with itself.", "Name two factors.")
        if frozenset((first, second)) in seen:
            raise SettingError(f"correlate = {text!r} has the pair {first}, {second} twice.", "Give one sigma a pair.")
        seen.add(frozenset((first, second)))
    return tuple(found)


def correlation_weights(
    correlations: Sequence[Correlation], classes: Mapping[str, NDArray[np.int64]], sizes: Mapping[str, int]
) -> NDArray[np.float64]:
    """Return how likely each image is to be drawn, relative to the likeliest, `(n,)`.

    Args:
        correlations: at least one.
        classes: factor -> the class `(n,)` of each image, from 0 on.
        sizes: factor -> how many classes it has.
    """
    scaled = {name: classes[name] / (sizes[name] - 1) for pair in correlations for name in pair[:2]}
    logs = sum(-((scaled[first] - scaled[second]) ** 2) / (2 * sigma**2) for first, second, sigma in correlations)
    weights: NDArray[np.float64] = np.exp(logs - np.max(logs))  # so that at least one does not vanish
    return weights


def _split(part: str, text: str) -> tuple[str, str, float]:
    names, _, sigma = (side.strip() for side in part.rpartition("="))
    first, _, second = (side.strip() for side in names.partition(":"))
    try:
        value = float(sigma)
    except ValueError:
        value = None
    if not first or not second or value is None:
        raise SettingError(f"correlate = {text!r} cannot be read at {part!r}.", f"{_FORM}.")
    if not LEAST_SIGMA <= value <= MOST_SIGMA:
        raise SettingError(
            f"correlate = {text!r} has a sigma of {sigma}, in units of the factors' ranges.",
            f"Give {LEAST_SIGMA:g} to {MOST_SIGMA:g}; published experiments have 0.04 to 0.7.",
        )
    return first, second, value


def _require_classes(name: str, usable: Sequence[str], factors: Sequence[Factor], dataset: str) -> None:
    if name in usable and len(usable) > 1:
        return
    if name not in [factor.name for factor in factors]:
        raise UnknownNameError(f"factor of {dataset}", name, [factor.name for factor in factors])
    raise DataError(
        f"The factor {name!r} of {dataset} cannot be correlated with another one.",
        f"Name factors with two or more classes: {', '.join(usable)}."
        if len(usable) > 1
        else f"{dataset} has not two factors with two or more classes; leave correlate out.",
    )
