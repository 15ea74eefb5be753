"""Simulated codes beside the factors of a subject: codes that know nothing, and perfect ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from disentangle_bench.evaluation.metric_call import MetricCall
from disentangle_bench.representation.kinds import Kind, is_unknown
from disentangle_bench.representation.variables import Variables
from disentangle_bench.seeds import derive_seed

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CodeKind:
    """What a simulation keeps of a code.

    Attributes:
        name: of the code.
        kind: of the code.
        values: how many whole values it has; 0 if it has others.
        width: how many columns it has.
    """

    name: str
    kind: Kind
    values: int = 0
    width: int = 1

    def draw(self, samples: int, rng: np.random.Generator) -> Floats:
        """Draw a code `(samples,)` that knows nothing: standard normal, or values of equal frequency.

        One of several columns is `(samples, width)`.
        """
        if self.width > 1:
            return rng.standard_normal((samples, self.width))
        if self.kind != "continuous" and self.values:
            return rng.integers(self.values, size=samples).astype(np.float64)
        return rng.uniform(0, 2 * np.pi, samples) if self.kind == "cyclic" else rng.standard_normal(samples)


@dataclass(frozen=True, eq=False)
class Likeness:
    """What a simulation keeps of a subject: which values its factors have together, and nothing of its codes but sizes.

    Attributes:
        codes: of the subject.
        factors: `(n, k)` rows of the subject, sorted; some of them if there are too many.
        train: `(n,)` bool, which of these are for fitting, or as of `known_rows.drawn_splits`; None without splits.
        samples: number of rows of the subject.
    """

    codes: tuple[CodeKind, ...]
    factors: Variables
    train: NDArray[np.bool_] | None
    samples: int

    @classmethod
    def of(cls, call: MetricCall, max_rows: int) -> Self:
        """Return the likeness of the data of a metric."""
        rows = _some_rows(len(call.codes), call.train, max_rows)
        some = thinned(call.factors, rows)
        train = None if call.train is None else np.asarray(call.train)[rows]
        order = np.lexsort([*some.values.T[::-1], *([] if train is None else np.atleast_2d(train.T))])
        of = call.codes
        codes = tuple(
            CodeKind(name, kind, 0 if summary.values is None else len(summary.values), width)
            for name, kind, summary, width in zip(
                of.names, of.kinds, of.summaries, of.widths or (1,) * len(of.names), strict=True
            )
        )
        return cls(codes, some.rows(order), None if train is None else train[order], len(call.codes))

    def values(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it, the rows of the factors as a digest."""
        kept = self.factors.values
        joint = hashlib.sha256(kept.dtype.str.encode() + np.ascontiguousarray(kept).tobytes())
        return {
            "codes": [[code.name, code.kind, code.values, *[code.width][code.width < 2 :]] for code in self.codes],
            "factors": [[*pair] for pair in zip(self.factors.names, self.factors.kinds, strict=True)],
            "joint": joint.hexdigest(),
            "rows": len(self.factors),
            "train": None if self.train is None else hashlib.sha256(self.train.tobytes()).hexdigest(),
        }

    def shuffled(self, rng: np.random.Generator) -> tuple[Variables, NDArray[np.bool_] | None]:
        """Return the rows of the factors, and which are for fitting, in a random order."""
        order = rng.permutation(len(self.factors))
        return self.factors.rows(order), None if self.train is None else self.train[order]

    def ignorant_codes(self, rng: np.random.Generator) -> Variables:
        """Draw codes `(n, d)` that know nothing."""
        columns = [code.draw(len(self.factors), rng) for code in self.codes]
        return self._variables(columns, [code.kind for code in self.codes])

    def perfect_codes(self, factors: Variables, rng: np.random.Generator, *, noise: bool) -> Variables:
        """Make codes `(n, d)` each of which is one factor, as far as both go; the others are noise, or constant.

        A continuous code stays continuous and holds its factor's numbers, so that a metric cuts it into bins here, too;
        other codes take their factor's kind. Factors go to codes of their own kind first, then to continuous ones.
        """
        owner = self._owners()
        columns, kinds = [], []
        for place, code in enumerate(self.codes):
            if place in owner:
                column = _with_values(factors.values[:, owner[place]], rng)
                numbers = np.unique(column, return_inverse=True)[1] if column.dtype.kind == "U" else column
                rest = np.zeros((len(factors), code.width - 1))  # one of several columns leaves the others constant
                columns.append(np.column_stack([np.asarray(numbers, dtype=np.float64), rest]))
                kinds.append("continuous" if code.kind == "continuous" else factors.kinds[owner[place]])
            else:
                columns.append(code.draw(len(factors), rng) if noise else np.zeros((len(factors), code.width)))
                kinds.append(code.kind)
        return self._variables(columns, kinds)

    @property
    def varying(self) -> list[int]:
        """The positions of the factors that vary."""
        columns = (column[~is_unknown(column)] for column in self.factors.values.T)
        return [place for place, column in enumerate(columns) if len(column) and (column != column[0]).any()]

    @property
    def spare(self) -> int:
        """How many perfect codes are left over."""
        return max(0, len(self.codes) - len(self.varying))

    def _owners(self) -> dict[int, int]:
        """Return position of a code -> position of its factor."""
        varying = self.varying
        kinds = [self.factors.kinds[place] for place in varying]
        fit = [[2 if code.kind == kind else int(code.kind == "continuous") for kind in kinds] for code in self.codes]
        places, owned = linear_sum_assignment(np.array(fit).reshape(len(self.codes), -1), maximize=True)
        return {int(place): varying[factor] for place, factor in zip(places, owned, strict=True)}

    def _variables(self, columns: Sequence[Floats], kinds: Sequence[Kind]) -> Variables:
        widths = tuple(code.width for code in self.codes)
        names = tuple(code.name for code in self.codes)
        return Variables(np.column_stack(columns), names, tuple(kinds), widths if max(widths) > 1 else ())


def _some_rows(samples: int, train: NDArray[np.bool_] | None, most: int) -> NDArray[np.int64]:
    """Draw rows of each split in proportion, in order: rows at even distances might all have one value of a factor."""
    if train is not None and train.ndim > 1:  # a split for each factor: rows of any
        train = None
    splits = [np.ones(samples, dtype=bool)] if train is None else [np.asarray(train), ~np.asarray(train)]
    rng = np.random.default_rng(derive_seed(0, "reference levels", "rows"))
    drawn = []
    for split in map(np.flatnonzero, splits):
        size = len(split) if samples <= most else min(len(split), max(1, round(most * len(split) / samples)))
        drawn.append(rng.choice(split, size, replace=False))
    return np.sort(np.concatenate(drawn))


def _with_values(column: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """A factor with its own values, drawn, where it is unknown: a code that holds it has some value there, too."""
    unknown = is_unknown(column)
    if not unknown.any():
        return column
    filled = column.copy()
    filled[unknown] = rng.choice(column[~unknown], int(unknown.sum()))
    return filled


def thinned(variables: Variables, rows: NDArray[np.int64]) -> Variables:
    """Return some rows, in order; of variables in a file, one batch is read at a time."""
    parts, start = [], 0
    for batch in variables.batches():
        inside = rows[(rows >= start) & (rows < start + len(batch))]
        parts.append(batch.values[inside - start])
        start += len(batch)
    return Variables(np.concatenate(parts), variables.names, variables.kinds)
