"""Evaluation of a file by the default metrics: values alone, and with intervals, chance and ceiling from a cold cache.

Beside it, the interval of one metric from held-out predictions that are resampled, against models fitted anew, and its
fits with all threads, against one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import ThreadpoolController

from benchmarks.perf.metrics import CODES, SIZES, make_parts
from benchmarks.perf.timing import CLOCKS, Row, Spread, ratios, report
from benchmarks.perf.training import Plan
from disentangle_bench.evaluation.context import Context, add_context
from disentangle_bench.evaluation.intervals import resampled_weights
from disentangle_bench.evaluation.metric_call import MetricCall
from disentangle_bench.metrics import METRICS, explicitness, info_of
from disentangle_bench.metrics.resampling import Resampling
from disentangle_bench.representation import Representation
from disentangle_bench.storage import user_cache

MOST_SECONDS, MOST_SECONDS_ALONE = 90, 30
LEAST_RATIO = 10
FEW_METRICS = ["mig", "sap", "explicitness"]
"""What a quick trial computes."""
RESAMPLES = 5
Clock = Callable[[], float]


def measure(plan: Plan) -> str:
    """The report, in Markdown. Every metric is computed once, since all of them take minutes."""
    parts = make_parts(plan.samples)
    rows, alone, whole = [], 0.0, 0.0
    with empty_cache():
        for name in FEW_METRICS if plan.samples < Plan.samples else default_metrics():
            value, context = _seconds(metric_call(name, parts), plan.clock)
            alone, whole = alone + value, whole + value + context
            rows += [Row(f"{name}, value", value), Row(f"{name}, interval, chance and ceiling", context)]
    on_two = " of wall time on two idle cores"
    rows += [
        Row("all values", alone, target=f"at most {MOST_SECONDS_ALONE}{on_two}"),
        Row("all, with what stands beside them", whole, target=f"at most {MOST_SECONDS}{on_two}"),
        Row(
            "explicitness on resamples: fitted anew, in times of held-out predictions resampled",
            resampling_ratio(parts, plan),
            target=f"at least {LEAST_RATIO}",
        ),
        Row("explicitness with a thread for each processor, in times of one thread", threads_ratio(parts, plan)),
    ]
    return report(f"Seconds of the default metrics, {plan.samples:,} x {CODES} codes, factors of {SIZES} values", rows)


@contextmanager
def empty_cache() -> Iterator[None]:
    """Give the program a cache in which there is nothing, for a block; the files of datasets are where they were."""
    data = os.environ.get("DBENCH_DATA") or str(user_cache("datasets"))
    with TemporaryDirectory() as folder, patch.dict(os.environ, {"DBENCH_CACHE": folder, "DBENCH_DATA": data}):
        yield


def default_metrics() -> list[str]:
    """The metrics of codes and factors that `dbench eval FILE` computes."""
    infos = [info_of(METRICS.get(name)) for name in METRICS]
    return [info.name for info in infos if info.default and info.resamplable]


def metric_call(name: str, parts: dict[str, Any]) -> MetricCall:
    """A metric on codes and factors, with its default settings."""
    data = Representation.of(**parts)
    if data.factors is None:
        raise TypeError("codes without factors")
    function = METRICS.get(name)
    return MetricCall(function, data.codes, data.factors, data.train, info_of(function).settings)


def resampling_ratio(parts: dict[str, Any], plan: Plan) -> Spread:
    """How much longer explicitness takes on resamples of all rows than on resamples of held-out predictions."""
    resampling = explicitness(**parts)["test"].resampling
    anew = metric_call("explicitness", parts).resampling()
    contenders = {
        name: partial(_resample, of) for name, of in (("anew", anew), ("held-out", resampling)) if of is not None
    }
    seconds = plan.interleave(contenders, most_rounds=3)
    return ratios(seconds["anew"], seconds["held-out"])


def threads_ratio(parts: dict[str, Any], plan: Plan) -> Spread:
    """How much longer the fits of explicitness take where BLAS shares its matrices among threads."""
    contenders = {"all": partial(_unlimited, partial(explicitness, **parts)), "one": partial(explicitness, **parts)}
    seconds = plan.interleave(contenders, most_rounds=3)
    return ratios(seconds["all"], seconds["one"])


def _unlimited(work: Callable[[], object]) -> None:
    with patch.object(ThreadpoolController, "limit", return_value=nullcontext()):
        work()


def _resample(resampling: Resampling) -> None:
    for seed in range(RESAMPLES):
        resampling.values(resampled_weights(resampling.units, None, seed))


def _seconds(call: MetricCall, clock: Clock) -> tuple[float, float]:
    times = [clock()]
    scores = call.scores()
    settle(clock)
    times.append(clock())
    add_context(call, scores, Context(), times[1] - times[0])
    settle(clock)
    value, context = np.diff([*times, clock()])
    return float(value), float(context)


def settle(clock: Clock) -> None:
    """End the processes that shared the work, whose processor time counts only then."""
    if clock is CLOCKS["cpu"]:
        get_reusable_executor().shutdown(wait=True)
