"""Simulated codes and factors of the sizes of a subject: codes that know nothing, and perfect ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from disentangle_bench.evaluation.metric_call import MetricCall
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CodeKind:
    """What a simulation keeps of a code.

    Attributes:
        name: of the code.
        kind: of the code.
        values: how many whole values it has; 0 if it has others.
    """

    name: str
    kind: Kind
    values: int = 0

    def draw(self, samples: int, rng: np.random.Generator) -> Floats:
        """Draw a code `(samples,)` that knows nothing: standard normal, or values of equal frequency."""
        if self.kind != "continuous" and self.values:
            return rng.integers(self.values, size=samples).astype(np.float64)
        return rng.uniform(0, 2 * np.pi, samples) if self.kind == "cyclic" else rng.standard_normal(samples)


@dataclass(frozen=True, eq=False)
class Sizes:
    """What a simulation keeps of a subject: its sizes, and not which values go together.

    Attributes:
        codes: of the subject.
        factors: `(n, k)`, each column sorted on its own; some rows at even distances if there are too many.
        train: number of rows for fitting; None without splits.
        samples: number of rows of the subject.
    """

    codes: tuple[CodeKind, ...]
    factors: Variables
    train: int | None
    samples: int

    @classmethod
    def of(cls, call: MetricCall, max_rows: int) -> Self:
        """Return the sizes of the data of a metric."""
        samples = len(call.codes)
        rows = min(samples, max_rows)
        some = thinned(call.factors, np.arange(rows) * samples // rows)
        train = None
        if call.train is not None:
            train = min(max(round(float(call.train.mean()) * rows), 1), rows - 1)
        codes = tuple(
            CodeKind(name, kind, 0 if summary.values is None else len(summary.values))
            for name, kind, summary in zip(call.codes.names, call.codes.kinds, call.codes.summaries, strict=True)
        )
        return cls(codes, Variables(np.sort(some.values, axis=0), some.names, some.kinds), train, samples)

    def values(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it, the values of the factors as a digest."""
        columns = [f"{column.dtype.kind}{'|'.join(map(str, column.tolist()))}" for column in self.factors.values.T]
        return {
            "codes": [[code.name, code.kind, code.values] for code in self.codes],
            "factors": [[*pair] for pair in zip(self.factors.names, self.factors.kinds, strict=True)],
            "margins": hashlib.sha256("\0".join(columns).encode()).hexdigest(),
            "rows": len(self.factors),
            "train": self.train,
        }

    def draw_factors(self, rng: np.random.Generator) -> Variables:
        """Draw factors that are independent of each other and have the subject's counts."""
        columns = [rng.permutation(column) for column in self.factors.values.T]
        return Variables(np.stack(columns, axis=1), self.factors.names, self.factors.kinds)

    def draw_train(self, rng: np.random.Generator) -> NDArray[np.bool_] | None:
        """Draw a train mask `(n,)` of the subject's share."""
        return None if self.train is None else np.asarray(rng.permutation(len(self.factors)) < self.train)

    def ignorant_codes(self, rng: np.random.Generator) -> Variables:
        """Draw codes `(n, d)` that know nothing."""
        columns = [code.draw(len(self.factors), rng) for code in self.codes]
        return self._variables(columns, [code.kind for code in self.codes])

    def perfect_codes(self, factors: Variables, rng: np.random.Generator, *, noise: bool) -> Variables:
        """Make codes `(n, d)` each of which is one factor, as far as both go; the others are noise, or constant.

        A continuous code stays continuous and holds its factor's numbers, so that a metric cuts it into bins here, too;
        other codes take their factor's kind. Factors go to codes of their own kind first, then to continuous ones.
        """
        owner = self._owners(factors.kinds)
        columns, kinds = [], []
        for place, code in enumerate(self.codes):
            if place in owner:
                column = factors.values[:, owner[place]]
                numbers = np.unique(column, return_inverse=True)[1] if column.dtype.kind == "U" else column
                columns.append(np.asarray(numbers, dtype=np.float64))
                kinds.append("continuous" if code.kind == "continuous" else factors.kinds[owner[place]])
            else:
                columns.append(code.draw(len(factors), rng) if noise else np.zeros(len(factors)))
                kinds.append(code.kind)
        return self._variables(columns, kinds)

    def _owners(self, kinds: Sequence[Kind]) -> dict[int, int]:
        """Return position of a code -> position of its factor."""
        fit = [[2 if code.kind == kind else int(code.kind == "continuous") for kind in kinds] for code in self.codes]
        places, owned = linear_sum_assignment(np.array(fit), maximize=True)
        return dict(zip(places.tolist(), owned.tolist(), strict=True))

    def _variables(self, columns: Sequence[Floats], kinds: Sequence[Kind]) -> Variables:
        return Variables(np.stack(columns, axis=1), tuple(code.name for code in self.codes), tuple(kinds))


def thinned(variables: Variables, rows: NDArray[np.int64]) -> Variables:
    """Return some rows, in order; of variables in a file, one batch is read at a time."""
    parts, start = [], 0
    for batch in variables.batches():
        inside = rows[(rows >= start) & (rows < start + len(batch))]
        parts.append(batch.values[inside - start])
        start += len(batch)
    return Variables(np.concatenate(parts), variables.names, variables.kinds)
