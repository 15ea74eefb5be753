"""Codes that are drawn on the spot: perfect for the factors beside them, or corrupted in a known way to a known degree.

A suite of such codes shows how metrics react to what is wrong with codes.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from disentangle_bench.recipe.tables import Integer, Number, Table
from disentangle_bench.representation import Representation
from disentangle_bench.seeds import derive_seed

VERSION = 1
"""Version of the codes that a table yields at a seed; raised when they change."""
SIZES = (4, 5, 6, 8)
"""Values of the four factors."""
JITTER = 0.1
"""Noise on perfect codes, in standard deviations: of a factor of 8 values, one code in 70 is nearer to another value.

With less of it a rotated code, a sum of two such lattices, would still spell out both factors.
"""
FILE = "codes.npz"
"""The file of the codes in a cell's folder."""
Count = Annotated[Integer, Field(ge=0, le=len(SIZES))]


class Synthetic(Table):
    """What is wrong with codes of four factors; nothing by default.

    There are 4, 5, 6 and 8 values of the factors, all equally frequent, and one standardized code for each, with noise
    of 0.1 standard deviations; beside these, codes of noise. What is set is done in the order below.

    Attributes:
        rows: samples.
        correlation: of the first two factors (of the normal variables whose quantiles they are).
        mixing: degrees by which the plane of the first two codes is rotated, and that of the next two.
        dropped: how many factors, from the first, have no code; noise takes its place.
        spare: codes of noise.
        duplicated: how many codes, from the first, are repeated, each copy with a little noise of its own.
        noise: on every code, in standard deviations of a perfect one.
        warp: the power to which codes are raised, with their sign: monotone, and ever less linear.
        bins: how many evenly spaced values between -2 and 2 codes are rounded to.
    """

    rows: Annotated[Integer, Field(ge=50, le=1_000_000)] = 2_000
    correlation: Annotated[Number, Field(ge=0, lt=1)] = 0
    mixing: Annotated[Number, Field(ge=-360, le=360)] = 0
    dropped: Count = 0
    spare: Annotated[Integer, Field(ge=0, le=100)] = 2
    duplicated: Count = 0
    noise: Annotated[Number, Field(ge=0)] = 0
    warp: Annotated[Number, Field(gt=0, le=20)] = 1
    bins: Annotated[Integer, Field(ge=2)] | None = None

    def draw(self, seed: int) -> Representation:
        """Draw the codes at a seed; the factors are the same at every seed, as a dataset's are."""
        factors = self._factors()

        def normal(purpose: str, columns: int) -> NDArray[np.float64]:
            rng = np.random.default_rng(derive_seed(seed, "synthetic", purpose))
            return rng.standard_normal((columns, self.rows)).T  # the first columns do not depend on how many there are

        sizes = np.array(SIZES)
        held = (factors - (sizes - 1) / 2) / np.sqrt((sizes**2 - 1) / 12) + JITTER * normal("jitter", len(SIZES))
        cos, sin = np.cos(np.radians(self.mixing)), np.sin(np.radians(self.mixing))
        held = held @ np.kron(np.eye(2), np.array([[cos, sin], [-sin, cos]]))
        held[:, : self.dropped] = normal("dropped", self.dropped)
        copies = held[:, : self.duplicated] + JITTER * normal("copies", self.duplicated)
        codes = np.column_stack([held, normal("spare", self.spare), copies])
        codes += self.noise * normal("noise", codes.shape[1])
        codes = np.sign(codes) * np.abs(codes) ** self.warp
        if self.bins is not None:
            step = 4 / (self.bins - 1)
            codes = np.clip(np.round((codes + 2) / step), 0, self.bins - 1) * step - 2
        return Representation.of(codes, factors, factor_names=("a", "b", "c", "d"))

    def _factors(self) -> NDArray[np.int64]:
        from scipy.special import ndtr  # takes longer than to print a table

        rng = np.random.default_rng(derive_seed(0, "synthetic", "factors"))
        normal = rng.standard_normal((self.rows, len(SIZES)))
        normal[:, 1] = self.correlation * normal[:, 0] + np.sqrt(1 - self.correlation**2) * normal[:, 1]
        return np.asarray(np.minimum((ndtr(normal) * SIZES).astype(np.int64), np.array(SIZES) - 1))
