"""Metrics of counts, batch by batch and over all processes: `update`, `compute`, `reset`, as torchmetrics has them.

    ranges = CodeRanges()                            # a first pass, if the bins are not known beforehand
    for codes, factors in loader:
        ranges.update(codes, factors)
    mig = Accumulator("mig", *ranges.cells())
    for codes, factors in loader:
        mig.update(codes, factors)
    print(mig.compute().value)

Where `torch.distributed` is initialised, `bins` and `compute` take all processes' samples together and every process
has to call them; each process updates with its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import distributed

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics import METRICS
from disentangle_bench.metrics.information.bins import Bins, bins_of_summaries
from disentangle_bench.metrics.information.contingency import Contingency, Layout
from disentangle_bench.metrics.inputs import MINIMUM
from disentangle_bench.metrics.metric import Codes, Factors, Score, Scores
from disentangle_bench.representation import Representation
from disentangle_bench.representation.summary import Summaries, total_summaries
from disentangle_bench.representation.variables import Variables

COUNTED = ("mig", "rmig", "mig-sup", "jemmig", "dcimig", "modularity", "mutual-information-matrix")
"""The metrics that are functions of counts; the module of each has a function `from_counts`."""


class CodeRanges:
    """How far codes and factors reach: the first pass, from which the cells of the second follow.

    Args:
        code_kinds: of the codes; else as `Variables` guesses them: integers are categories, floats continuous.
        factor_kinds: of the factors.
    """

    def __init__(self, code_kinds: Sequence[str] | None = None, factor_kinds: Sequence[str] | None = None) -> None:
        self._kinds = code_kinds, factor_kinds
        self._names: tuple[tuple[str, ...], tuple[str, ...]] = (), ()
        self._extents: tuple[Summaries, Summaries] | None = None

    def update(self, codes: Codes, factors: Factors) -> None:
        """Look at some more samples: codes `(n, d)` and factors `(n, k)`, arrays or tensors on any device.

        Raises:
            RepresentationError: arrays that do not fit together, NaN or infinite values.
        """
        pair = _pair(codes, factors, self._kinds)
        seen = pair[0].summaries, pair[1].summaries
        self._names = pair[0].names, pair[1].names
        self._extents = seen if self._extents is None else _together([self._extents, seen])

    def bins(self, num_bins: int = 20, *, layout: Layout | None = None) -> tuple[tuple[Bins, ...], tuple[Bins, ...]]:
        """The cells of codes and of factors, as the metrics have them that see all samples at once.

        Args:
            num_bins: of each continuous variable.
            layout: other bins, such as those of `rmig`.

        Raises:
            MetricError: no process has seen a sample.
        """
        seen = [
            (names, summaries) for names, summaries in _from_all((self._names, self._extents)) if summaries is not None
        ]
        if not seen:
            raise MetricError("There is no sample to take ranges from.", "Call `update` first.")
        names = seen[0][0]
        codes, factors = _together([summaries for _, summaries in seen])
        bins = Layout(num_bins, num_bins) if layout is None else layout
        return (
            bins_of_summaries(names[0], codes, bins.code_bins, reach=bins.reach),
            bins_of_summaries(names[1], factors, bins.factor_bins),
        )

    def reset(self) -> None:
        """Forget all samples."""
        self._extents = None


class Accumulator:
    """A metric of counts, whose samples come in batches.

    Args:
        metric: its name, one of `COUNTED`.
        codes: the cells of each code, from `CodeRanges.bins`, or `Bins.between` and `Bins.of_values`.
        factors: the cells of each factor.

    Raises:
        MetricError: a metric that needs more than counts.
    """

    def __init__(self, metric: str, codes: Sequence[Bins], factors: Sequence[Bins]) -> None:
        self._score = _from_counts(metric)
        self._none = Contingency.none(codes, factors)
        self._counts = self._none

    def update(self, codes: Codes, factors: Factors) -> None:
        """Count some more samples: codes `(n, d)` and factors `(n, k)`, arrays or tensors on any device.

        Raises:
            RepresentationError: arrays that do not fit together, NaN or infinite values.
            MetricError: another number of variables than cells were made for, or a value without a cell.
        """
        rows, columns = _pair(codes, factors, (None, None))
        for variables, bins, what in ((rows, self._none.codes, "codes"), (columns, self._none.factors, "factors")):
            if len(variables.names) != len(bins):
                raise MetricError(
                    f"There are {len(variables.names)} {what} and cells for {len(bins)}.",
                    "Give all of them, in order.",
                )
        self._counts = self._counts.with_rows(rows, columns)

    def counts(self) -> Contingency:
        """The counts of all processes."""
        joint = self._counts.joint
        return Contingency(_summed(joint), self._none.codes, self._none.factors)

    def compute(self) -> Scores:
        """What the metric says of all samples, those of other processes too.

        Raises:
            MetricError: fewer than 4 samples.
        """
        counts = self.counts()
        if counts.samples < MINIMUM:
            raise MetricError(f"There are only {counts.samples:.0f} samples.", f"Give {MINIMUM} or more to `update`.")
        return self._score(counts)

    def reset(self) -> None:
        """Forget all samples; the cells stay."""
        self._counts = self._none


def _from_counts(metric: str) -> Callable[[Contingency], Score | dict[str, Score]]:
    function = METRICS.get(metric)
    if metric not in COUNTED:
        raise MetricError(f"The metric {metric!r} needs more than counts.", f"Use one of {', '.join(COUNTED)}.")
    score: Callable[[Contingency], Score | dict[str, Score]] = import_module(function.__module__).from_counts
    return score


def _pair(
    codes: ArrayLike | Variables, factors: ArrayLike | Variables, kinds: tuple[Sequence[str] | None, ...]
) -> tuple[Variables, Variables]:
    rows = Variables.wrap(codes, kinds=kinds[0])
    columns = Variables.wrap(factors, kinds=kinds[1], prefix="f")
    Representation(rows, columns)  # of one length, or an error
    return rows, columns


def _together(parts: Sequence[tuple[Summaries, Summaries]]) -> tuple[Summaries, Summaries]:
    return total_summaries(codes for codes, _ in parts), total_summaries(factors for _, factors in parts)


def _distributed() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def _from_all(own: Any) -> list[Any]:
    """What each process has, in order of rank."""
    if not _distributed():
        return [own]
    found: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(found, own)
    return found


def _summed(joint: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sum over processes."""
    if not _distributed():
        return joint
    total = torch.from_numpy(joint.copy())
    if distributed.get_backend() == "nccl":  # which sums on devices only
        total = total.cuda()
    distributed.all_reduce(total)
    return np.asarray(total.cpu().numpy())
