"""Metrics of counts, batch by batch and over all processes, with torchmetrics' `update`, `compute` and `reset`.

    ranges = Ranges()                            # a first pass, if the bins are not known beforehand
    for codes, factors in loader:
        ranges.update(codes, factors)
    mig = Accumulator("mig", *ranges.bins())
    for codes, factors in loader:
        mig.update(codes, factors)
    print(mig.compute().value)

Each process updates with its own samples. Where `torch.distributed` is initialized, `bins` and `compute` combine the
samples of all processes, so every process has to call them.
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
from disentangle_bench.metrics.information.contingency import Binning, Contingency
from disentangle_bench.metrics.inputs import MINIMUM
from disentangle_bench.metrics.metric import Codes, Factors, Scores
from disentangle_bench.representation import Representation
from disentangle_bench.representation.summary import Summaries, total_summaries
from disentangle_bench.representation.variables import Variables

COUNTED = ("mig", "rmig", "mig-sup", "jemmig", "dcimig", "modularity", "mutual-information-matrix")
"""The metrics that are functions of counts alone; the module of each has a function `from_counts`."""


class Ranges:
    """The ranges of codes and factors: a first pass over the data that finds the bins for the second.

    Args:
        code_kinds: kind of each code; by default integers are categories and floats are continuous.
        factor_kinds: kind of each factor, likewise.
    """

    def __init__(self, code_kinds: Sequence[str] | None = None, factor_kinds: Sequence[str] | None = None) -> None:
        self._kinds = code_kinds, factor_kinds
        self._names: tuple[tuple[str, ...], tuple[str, ...]] = (), ()
        self._summaries: tuple[Summaries, Summaries] | None = None

    def update(self, codes: Codes, factors: Factors) -> None:
        """Take in more samples.

        Args:
            codes: `(n, d)`, an array or a tensor on any device.
            factors: `(n, k)`, likewise.

        Raises:
            RepresentationError: the arrays differ in length or hold NaN or infinite values.
        """
        pair = _pair(codes, factors, self._kinds)
        seen = pair[0].summaries, pair[1].summaries
        self._names = pair[0].names, pair[1].names
        self._summaries = seen if self._summaries is None else _merged([self._summaries, seen])

    def bins(self, num_bins: int = 20, *, binning: Binning | None = None) -> tuple[tuple[Bins, ...], tuple[Bins, ...]]:
        """Return the bins of the codes and of the factors that a metric of all samples at once would use.

        Args:
            num_bins: number of bins of each continuous variable.
            binning: other bins, such as those of `rmig`.

        Raises:
            MetricError: No process has taken in a sample.
        """
        seen = [
            (names, summaries)
            for names, summaries in _gathered((self._names, self._summaries))
            if summaries is not None
        ]
        if not seen:
            raise MetricError("There is no sample to take ranges from.", "Call `update` first.")
        names = seen[0][0]
        codes, factors = _merged([summaries for _, summaries in seen])
        binning = binning or Binning(num_bins, num_bins)
        return (
            bins_of_summaries(names[0], codes, binning.code_bins, reach=binning.reach),
            bins_of_summaries(names[1], factors, binning.factor_bins),
        )

    def reset(self) -> None:
        """Forget all samples."""
        self._summaries = None


class Accumulator:
    """A metric of counts whose samples come in batches.

    Args:
        metric: name of the metric, one of `COUNTED`.
        codes: bins of each code, from `Ranges.bins`, or `Bins.between` and `Bins.of_values`.
        factors: bins of each factor.

    Raises:
        MetricError: the metric needs more than counts.
    """

    def __init__(self, metric: str, codes: Sequence[Bins], factors: Sequence[Bins]) -> None:
        function = METRICS.get(metric)
        if metric not in COUNTED:
            raise MetricError(f"The metric {metric!r} needs more than counts.", f"Use one of {', '.join(COUNTED)}.")
        self._score: Callable[[Contingency], Scores] = import_module(function.__module__).from_counts
        self._empty = Contingency.empty(codes, factors)
        self._counts = self._empty

    def update(self, codes: Codes, factors: Factors) -> None:
        """Count more samples.

        Args:
            codes: `(n, d)`, an array or a tensor on any device.
            factors: `(n, k)`, likewise.

        Raises:
            RepresentationError: the arrays differ in length or hold NaN or infinite values.
            MetricError: the number of variables is not that of the bins, or a value falls into no bin.
        """
        rows, columns = _pair(codes, factors, (None, None))
        for variables, bins, what in ((rows, self._empty.codes, "codes"), (columns, self._empty.factors, "factors")):
            if len(variables.names) != len(bins):
                raise MetricError(
                    f"There are {len(variables.names)} {what} but bins for {len(bins)}.", "Give all of them, in order."
                )
        self._counts = self._counts.with_rows(rows, columns)

    def counts(self) -> Contingency:
        """Return the counts of all processes."""
        return Contingency(_summed(self._counts.joint), self._empty.codes, self._empty.factors)

    def compute(self) -> Scores:
        """Score the samples of all processes.

        Raises:
            MetricError: there are fewer than 4 samples.
        """
        counts = self.counts()
        if counts.samples < MINIMUM:
            raise MetricError(f"There are only {counts.samples:.0f} samples.", f"Give {MINIMUM} or more to `update`.")
        return self._score(counts)

    def reset(self) -> None:
        """Forget all samples and keep the bins."""
        self._counts = self._empty


def _pair(
    codes: ArrayLike | Variables, factors: ArrayLike | Variables, kinds: tuple[Sequence[str] | None, ...]
) -> tuple[Variables, Variables]:
    rows = Variables.wrap(codes, kinds=kinds[0])
    columns = Variables.wrap(factors, kinds=kinds[1], prefix="f")
    Representation(rows, columns)  # raises unless both have one length
    return rows, columns


def _merged(parts: Sequence[tuple[Summaries, Summaries]]) -> tuple[Summaries, Summaries]:
    return total_summaries(codes for codes, _ in parts), total_summaries(factors for _, factors in parts)


def _distributed() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def _gathered(own: Any) -> list[Any]:
    """Return the objects of all processes in order of rank."""
    if not _distributed():
        return [own]
    found: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(found, own)
    return found


def _summed(joint: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sum over all processes."""
    if not _distributed():
        return joint
    total = torch.from_numpy(joint.copy())
    if distributed.get_backend() == "nccl":  # which sums tensors on devices only
        total = total.cuda()
    distributed.all_reduce(total)
    return np.asarray(total.cpu().numpy())
