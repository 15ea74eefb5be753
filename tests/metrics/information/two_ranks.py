"""The work of each of two processes in `test_accumulators.py`, in a module that they can import."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from torch import distributed

from disentangle_bench.metrics.information.accumulators import Accumulator, Ranges
from disentangle_bench.metrics.metric import Score

RANKS = 2


def data(rows: int = 601) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    factors = rng.integers(0, (3, 5), (rows, 2))
    return np.column_stack([factors + rng.normal(size=(rows, 2)), rng.normal(size=rows)]).astype(np.float32), factors


def work(rank: int, folder: str) -> None:
    """Count every second row in two batches, and write the score of both processes together."""
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=RANKS)
    codes, factors = (array[rank::RANKS] for array in data())
    batches = list(zip(np.array_split(codes, 2), np.array_split(factors, 2), strict=True))
    ranges = Ranges()
    for batch in batches:
        ranges.update(*batch)
    accumulator = Accumulator("mig", *ranges.bins())
    for batch in batches:
        accumulator.update(*batch)
    scores = [accumulator.compute(), accumulator.compute()]  # computing twice counts nothing twice
    told = [asdict(score) for score in scores if isinstance(score, Score)]
    Path(folder, f"{rank}.json").write_text(json.dumps(told))
    distributed.destroy_process_group()
