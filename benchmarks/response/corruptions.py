"""Perfect codes, and what is done to them: one corruption at a time, from nothing to a lot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
CLASSES = (4, 5, 6, 8)
"""Values of the four factors."""
ROWS = 2_000
JITTER = 0.1
"""Noise on perfect codes, in standard deviations: of a factor of 8 values, one code in 70 is nearer to another value.

With less of it a rotated code, a sum of two such lattices, would still spell out both factors.
"""
SPARE = 2
"""Codes of noise beside the four that hold a factor, where their number is not what is varied."""


@dataclass(frozen=True)
class Data:
    """Codes `(n, 6)` and factors `(n, 4)` before they are corrupted, and a generator for what is drawn."""

    codes: Floats
    factors: Integers
    rng: np.random.Generator


@dataclass(frozen=True)
class Corruption:
    """One thing that is done to codes.

    Attributes:
        title: what, in two lines at most.
        unit: of the levels.
        levels: how much, from the least on.
        apply: data and level -> corrupted codes.
        rows: of the data, where these are what is varied.
        correlation: of the first two factors, where this is what is varied.
    """

    title: str
    unit: str
    levels: Sequence[float]
    apply: Callable[[Data, float], Floats]
    rows: Callable[[float], int] = lambda _level: ROWS
    correlation: Callable[[float], float] = lambda _level: 0.0

    def arrays(self, level: float, seed: int) -> tuple[Floats, Integers]:
        """Corrupt perfect codes of fresh factors: codes `(n, d)` and factors `(n, 4)`."""
        rng = np.random.default_rng(seed)
        factors = draw_factors(self.rows(level), self.correlation(level), rng)
        codes = perfect_codes(factors, rng)
        return self.apply(Data(codes, factors, rng), level), factors


def draw_factors(rows: int, correlation: float, rng: np.random.Generator) -> Integers:
    """Draw factors `(n, 4)` whose values are equally frequent; the first two by a Gaussian copula."""
    normal = rng.standard_normal((rows, len(CLASSES)))
    normal[:, 1] = correlation * normal[:, 0] + np.sqrt(1 - correlation**2) * normal[:, 1]
    uniform = norm.cdf(normal)
    factors: Integers = np.minimum((uniform * CLASSES).astype(np.int64), np.array(CLASSES) - 1)
    return factors


def perfect_codes(factors: Integers, rng: np.random.Generator) -> Floats:
    """One standardized code for each factor, and spare ones of noise."""
    held = factors - (np.array(CLASSES) - 1) / 2
    held = held / np.sqrt((np.array(CLASSES) ** 2 - 1) / 12) + JITTER * rng.standard_normal(factors.shape)
    return np.concatenate([held, rng.standard_normal((len(factors), SPARE))], axis=1)


def mixed(data: Data, degrees: float) -> Floats:
    """Rotate the plane of the first two codes, and that of the next two."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    codes = data.codes.copy()
    codes[:, :2] @= turn.T
    codes[:, 2:4] @= turn.T
    return codes


def noisy(data: Data, deviations: float) -> Floats:
    """Add Gaussian noise to every code."""
    return data.codes + deviations * data.rng.standard_normal(data.codes.shape)


def dropped(data: Data, count: float) -> Floats:
    """Replace the codes of so many factors by noise."""
    codes = data.codes.copy()
    codes[:, : int(count)] = data.rng.standard_normal((len(codes), int(count)))
    return codes


def with_spare(data: Data, count: float) -> Floats:
    """Leave so many codes of noise beside those that hold a factor, or add what is missing."""
    more = data.rng.standard_normal((len(data.codes), max(0, int(count) - SPARE)))
    return np.concatenate([data.codes[:, : len(CLASSES) + int(count)], more], axis=1)


def duplicated(data: Data, count: float) -> Floats:
    """Append copies of so many codes, each with a little noise of its own."""
    copies = data.codes[:, : int(count)]
    return np.concatenate([data.codes, copies + JITTER * data.rng.standard_normal(copies.shape)], axis=1)


def warped(data: Data, power: float) -> Floats:
    """Raise codes to a power, with their sign: monotone, and ever less linear."""
    return np.sign(data.codes) * np.abs(data.codes) ** power


def binned(data: Data, values: float) -> Floats:
    """Round codes to so many values at even distances between -2 and 2."""
    step = 4 / (values - 1)
    return np.asarray(np.clip(np.round((data.codes + 2) / step), 0, values - 1) * step - 2)


def untouched(data: Data, _level: float) -> Floats:
    """Leave perfect codes as they are."""
    return data.codes


CORRUPTIONS: Mapping[str, Corruption] = {
    "mixing": Corruption("codes mixed\nin pairs", "degrees", (0, 5, 10, 20, 30, 45), mixed),
    "noise": Corruption("noise on\ncodes", "sd", (0, 0.25, 0.5, 1, 2, 4), noisy),
    "dropped": Corruption("factors\nnot encoded", "factors", (0, 1, 2, 3, 4), dropped),
    "spare": Corruption("codes of\nnoise", "codes", (0, 1, 2, 4, 6), with_spare),
    "duplicated": Corruption("codes\nduplicated", "codes", (0, 1, 2, 3, 4), duplicated),
    "warp": Corruption("monotone\nwarp", "power", (1, 2, 3, 5, 9), warped),
    "bins": Corruption("codes\nrounded", "values", (50, 20, 10, 5, 3, 2), binned),
    "rows": Corruption("samples", "number", (100, 300, 1_000, 3_000, 10_000, 30_000), untouched, rows=int),
    "correlation": Corruption(
        "factors\ncorrelated", "correlation", (0, 0.3, 0.5, 0.7, 0.9), untouched, correlation=float
    ),
}
