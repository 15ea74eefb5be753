"""The data: a full grid of factors, and codes that are fixed functions of it with known faults."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics.inputs import drawn_mask

Floats = NDArray[np.float64]
SIZES = (5, 6, 8, 10, 12)
SMALL_SIZES = (2, 3, 4)
"""For tests."""
CASES = ("perfect", "leaky", "rotated", "dead", "noise")
MODELS = ("perfect", "leaky", "rotated", "mixed", "noise", "dead")


@dataclass(frozen=True, eq=False)
class Arrays:
    """What a program scores: `codes (n, d)`, `factors (n, k)`, `train (n,)`, and several `models (m, n, d)`."""

    codes: Floats
    factors: NDArray[np.int64]
    train: NDArray[np.bool_]
    models: Floats

    def write(self, path: Path) -> Path:
        np.savez(path, codes=self.codes, factors=self.factors, train=self.train, models=self.models)
        return path


@dataclass(frozen=True)
class Grid:
    """Every combination of the factors' values once, in order, and codes from encoders with several faults.

    Noise is part of the encoder: a row has the same code each time it is drawn.
    """

    sizes: tuple[int, ...] = SIZES
    seed: int = 0

    @cached_property
    def factors(self) -> NDArray[np.int64]:
        """`(n, k)`, the last factor changing fastest."""
        return np.stack(np.unravel_index(np.arange(np.prod(self.sizes)), self.sizes), axis=1).astype(np.int64)

    @cached_property
    def standard(self) -> Floats:
        """The factors with mean 0 and variance 1."""
        return np.asarray((self.factors - self.factors.mean(axis=0)) / self.factors.std(axis=0))

    def codes(self, case: str) -> Floats:
        """`(n, d)` of an encoder.

        perfect: each code is one factor. leaky: each code is one factor, plus some of the others and noise; two hold
        nothing. rotated: an orthogonal mix. dead: one code never varies, one hardly does, the others are one factor
        each plus noise. noise: codes that hold nothing.
        """
        rng = np.random.default_rng([self.seed, CASES.index(case)])
        ones = self.standard
        n, k = ones.shape
        noise = rng.standard_normal((n, k))
        if case == "perfect":
            return ones
        if case == "leaky":
            mixing = np.eye(k) + 0.5 * rng.standard_normal((k, k))
            return np.column_stack([ones @ mixing + 0.5 * noise, rng.standard_normal((n, 2))])
        if case == "rotated":
            return np.asarray(ones @ np.linalg.qr(rng.standard_normal((k, k)))[0])
        if case == "dead":
            return np.column_stack([np.zeros(n), 0.01 * rng.standard_normal(n), ones + noise])
        return noise

    def models(self, rows: NDArray[np.int64]) -> Floats:
        """Codes `(m, n, k)` of several models for the same samples; one model has a dead code."""
        rng = np.random.default_rng([self.seed, 100])
        ones = self.standard[rows]
        n, k = ones.shape
        turns = [np.linalg.qr(rng.standard_normal((k, k)))[0] for _ in range(2)]
        noise = rng.standard_normal((3, n, k))
        dead = np.column_stack([ones[:, 1:], 0.01 * noise[2, :, 0]])
        by_name = {
            "perfect": -ones[:, ::-1],
            "leaky": ones @ (np.eye(k) + 0.3 * rng.standard_normal((k, k))) + 0.5 * noise[0],
            "rotated": ones @ turns[0],
            "mixed": (ones + 0.5 * ones @ turns[1]) ** 3,
            "noise": noise[1],
            "dead": dead,
        }
        return np.stack([by_name[name] for name in MODELS])

    def arrays(self, case: str, rows: int | None = None, factors: int | None = None) -> Arrays:
        """The whole grid or a random sample of its rows, with all or the first factors."""
        n = len(self.factors)
        chosen = np.arange(n) if rows is None else np.random.default_rng(self.seed).permutation(n)[:rows]
        codes, values = self.codes(case)[chosen], self.factors[chosen, :factors]
        return Arrays(codes, values, drawn_mask(len(chosen), seed=self.seed), self.models(chosen[:rows]))
