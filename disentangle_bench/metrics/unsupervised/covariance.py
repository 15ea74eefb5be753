"""The covariance of ordinal and continuous codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.conditioning import common_exponent
from disentangle_bench.metrics.inputs import varies
from disentangle_bench.metrics.metric import Codes
from disentangle_bench.representation import Representation


@dataclass(frozen=True, eq=False)
class Covariance:
    """The sample covariance `(d, d)` of the ordinal and continuous codes that vary.

    Attributes:
        codes: their names.
        constant: names of ordinal and continuous codes that never change, which are left out.
        unscaled: names of categorical and cyclic codes, which have no covariance and are left out.
        reason: why the covariance is undefined, or empty.
        exponent: the matrix is that of the codes times this power of two, which is 0 unless they are huge or tiny.
    """

    matrix: NDArray[np.float64]
    codes: tuple[str, ...]
    constant: tuple[str, ...]
    unscaled: tuple[str, ...]
    reason: str = ""
    exponent: int = 0

    @classmethod
    def of(cls, codes: Codes) -> Self:
        """The covariance of codes `(n, d)`.

        Raises:
            RepresentationError: an array of another shape, NaN or infinite values.
            MetricError: a single sample.
        """
        wrapped = Representation.of(codes).codes
        if len(wrapped) < 2:
            raise MetricError("There is only 1 sample.", "Give 2 or more.")
        scaled = wrapped.of_kind("ordinal", "continuous")
        alive = tuple(name for name in scaled if varies(wrapped.column(name)))
        constant = tuple(name for name in scaled if name not in alive)
        unscaled = tuple(name for name in wrapped.names if name not in scaled)
        if len(alive) < 2:
            reason = f"of {len(wrapped.names)} codes, {len(alive)} are ordinal or continuous and vary; 2 are needed"
            return cls(np.zeros((0, 0)), alive, constant, unscaled, reason)
        values = np.stack([wrapped.column(name) for name in alive]).astype(np.float64)
        exponent = common_exponent(values)
        return cls(np.cov(np.ldexp(values, exponent)), alive, constant, unscaled, exponent=exponent)

    def details(self) -> dict[str, object]:
        """Names of the codes that are scored and of those that are not."""
        left_out = {"constant_codes": list(self.constant), "categorical_and_cyclic_codes": list(self.unscaled)}
        return {"codes": list(self.codes), **left_out}
