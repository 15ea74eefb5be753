"""Metrics in batches, and over two processes, against the plain functions on all rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import multiprocessing

from disentangle_bench.errors import MetricError, RepresentationError, UnknownNameError
from disentangle_bench.metrics import METRICS, mutual_information_gap
from disentangle_bench.metrics.information.accumulators import COUNTED, Accumulator, Ranges
from disentangle_bench.metrics.information.bins import Bins
from disentangle_bench.metrics.information.contingency import Binning
from disentangle_bench.metrics.information.rmig import REACH
from disentangle_bench.metrics.metric import Score
from tests.metrics.information.two_ranks import RANKS, data, work

BINNINGS = {"rmig": Binning(100, 20, REACH)}


def batches(parts: int = 7):
    return list(zip(*(np.array_split(array, parts) for array in data()), strict=True))


def accumulated(metric: str) -> Accumulator:
    ranges = Ranges()
    for batch in batches():
        ranges.update(*batch)
    accumulator = Accumulator(metric, *ranges.bins(binning=BINNINGS.get(metric)))
    for batch in batches():
        accumulator.update(*batch)
    return accumulator


def parts_of(scores) -> dict[str, Score]:
    return {"": scores} if isinstance(scores, Score) else scores


@pytest.mark.parametrize("metric", COUNTED)
def test_batches_score_as_the_whole(metric):
    found, expected = parts_of(accumulated(metric).compute()), parts_of(METRICS.get(metric)(*data()))
    assert list(found) == list(expected)
    for part, score in expected.items():
        assert found[part].value == pytest.approx(score.value, abs=1e-12)


def test_ranges_that_are_known_beforehand():
    codes, factors = data()
    low, high = codes.min(axis=0), codes.max(axis=0)
    bins = [Bins.between(f"c{i + 1}", float(low[i]), float(high[i])) for i in range(3)]
    values = [Bins.of_values("f1", range(3)), Bins.of_values("f2", range(5))]
    accumulator = Accumulator("mig", bins, values)
    accumulator.update(torch.from_numpy(codes.astype(np.float64)).requires_grad_(), torch.from_numpy(factors))
    score = accumulator.compute()
    assert isinstance(score, Score)
    assert score.value == pytest.approx(mutual_information_gap(codes.astype(np.float64), factors).value, abs=1e-12)


def test_values_beyond_the_ranges_fall_into_the_outermost_bins():
    bins = [Bins.between("c", -1, 1, 2)], [Bins.of_values("f", ["a", "b"])]
    accumulator = Accumulator("mutual-information-matrix", *bins)
    accumulator.update([-9.0, 9.0, -0.5, 0.5], np.array(["a", "b", "a", "b"]))
    assert accumulator.counts().joint.tolist() == [[2, 0], [0, 2]]


def test_reset_forgets_the_samples_and_keeps_the_bins():
    accumulator = accumulated("mig")
    before = accumulator.compute()
    accumulator.reset()
    with pytest.raises(MetricError, match="only 0 samples"):
        accumulator.compute()
    for batch in batches(3):
        accumulator.update(*batch)
    assert accumulator.compute() == before


def test_ranges_can_be_reset():
    ranges = Ranges()
    ranges.update(np.array([[1e6]]), np.array([[5]]))
    ranges.reset()
    with pytest.raises(MetricError, match="no sample to take ranges from"):
        ranges.bins()
    ranges.update(np.array([[0.0], [1.0]]), np.array([[0], [1]]))
    (codes,), (factors,) = ranges.bins(num_bins=2)
    assert codes.marks.tolist() == [0, 0.5, 1]
    assert factors.marks.tolist() == [0, 1]


def test_kinds_can_be_given():
    ranges = Ranges(code_kinds=["categorical"], factor_kinds=["continuous"])
    ranges.update(np.array([[0.0], [2.0]]), np.array([[0], [4]]))
    (codes,), (factors,) = ranges.bins(num_bins=2)
    assert (codes.equal_width, factors.equal_width) == (False, True)


def test_invalid_input():
    bins = [Bins.between("c", 0, 1)], [Bins.of_values("f", [0, 1])]
    with pytest.raises(MetricError, match="'c1-accuracy' needs more than counts"):
        Accumulator("c1-accuracy", *bins)
    with pytest.raises(UnknownNameError, match="'mgi'"):
        Accumulator("mgi", *bins)
    accumulator = Accumulator("mig", *bins)
    with pytest.raises(MetricError, match="2 codes but bins for 1"):
        accumulator.update(np.zeros((3, 2)), np.zeros(3, dtype=int))
    with pytest.raises(RepresentationError, match="3 rows and 'factors' has 2"):
        accumulator.update(np.zeros(3), np.zeros(2, dtype=int))
    with pytest.raises(MetricError, match="1 values of 'f', such as 7"):
        accumulator.update(np.zeros(2), np.array([0, 7]))
    with pytest.raises(RepresentationError, match="NaN"):
        accumulator.update(np.array([0.0, np.nan]), np.array([0, 1]))


@pytest.mark.slow
def test_two_processes_score_as_one(tmp_path: Path):
    multiprocessing.spawn(work, args=(str(tmp_path),), nprocs=RANKS)
    expected = mutual_information_gap(*data())
    for rank in range(RANKS):
        for score in json.loads((tmp_path / f"{rank}.json").read_text()):
            assert score["value"] == pytest.approx(expected.value, abs=1e-12)
            assert score["details"]["best_codes"] == expected.details["best_codes"]
