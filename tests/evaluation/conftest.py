"""Small resamplable metrics whose answers are known, and a cache of one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats.contingency import crosstab

from disentangle_bench.evaluation.metric_call import MetricCall
from disentangle_bench.metrics import Score, Scores, metric
from disentangle_bench.metrics.information.entropies import mutual_information
from disentangle_bench.metrics.metric import Codes, Factors, info_of
from disentangle_bench.representation import Representation


@metric("share", version=1, bounds=(0, 1), better="higher", source="this test")
def share(codes: Codes, factors: Factors, train: Any, *, seed: int = 0) -> Scores:
    """The share of test rows whose first code is their first factor."""
    test = ~np.asarray(train)
    agree = np.asarray(codes)[test, 0] == np.asarray(factors)[test, 0]
    return {"right": Score(float(agree.mean())), "wrong": Score(float(1 - agree.mean()), better="lower")}


@metric("information", version=1, bounds=(0, None), better="higher", source="this test", unit="nats")
def information(codes: Codes, factors: Factors) -> Scores:
    """The plug-in information of the first code and the first factor, which resampling raises."""
    return Score(float(mutual_information(crosstab(np.asarray(codes)[:, 0], np.asarray(factors)[:, 0]).count)))


MakeCall = Callable[..., MetricCall]


@pytest.fixture
def make_call() -> MakeCall:
    """A call of arrays, with the metric's usual settings."""

    def call(function: Any, codes: Any, factors: Any, train: Any = None, **settings: Any) -> MetricCall:
        data = Representation.of(codes, factors, train)
        return MetricCall(function, data.codes, data.factors, data.train, {**info_of(function).settings, **settings})

    return call


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("DBENCH_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _no_users_cache(cache: Path) -> None:
    """Tests neither read nor fill the user's."""
