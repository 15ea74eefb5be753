"""Roughly what metrics will take, before anything is computed: from what they declare, the sizes and the machine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from joblib import cpu_count

from disentangle_bench.errors import DbenchError
from disentangle_bench.evaluation.bootstrap import USUAL
from disentangle_bench.evaluation.context import Context
from disentangle_bench.evaluation.intervals import HALVES, MOST_ROWS
from disentangle_bench.evaluation.metric_call import MetricCall, sizes_of, values_of_each
from disentangle_bench.evaluation.plan import Step
from disentangle_bench.evaluation.reference_levels import are_kept, effort_of
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.metrics.metric import Size
from disentangle_bench.representation.variables import Variables

WITHOUT_FITS = 0.2
"""Roughly what values on a resample take where nothing is fitted anew, as a share of what the scores take."""
WIDE = 10.0
"""Columns of codes times values of factors that are many, as a multiple of those of `MetricInfo.seconds`."""
ALONE: Mapping[Size, float] = {"columns": 100.0, "factors": 100.0, "values": 10.0}
"""What is many of one of them, whatever the others are."""
LONGEST, TOGETHER = 120.0, 300.0
"""Seconds for a metric of so many that was not asked for, and for all such metrics."""
PIXELS = 28 * 28
ANY_SIZE = 0.1
"""Share of the work on images that does not depend on their size."""
PROCESSES, THREADS = 0.8, 0.5
"""Work in p processes, or on images in p threads, is that power of p times as fast."""
OF_IMAGES = {"generator", "images", "classifier"}
OF_CODES = {"codes", "factors", "train", "posterior_parameters"}


def predicted_seconds(steps: Sequence[Step], subject: Subject, context: Context) -> dict[str, float]:
    """Predict what each metric of an evaluation takes, with what is to stand beside its scores.

    A part that takes long to make counts for the first metric that takes it.
    """
    making = dict(subject.making)
    predicted = {}
    for step in steps:
        parts = sum(making.pop(part, 0.0) for part in (*step.info.needs, *step.info.uses) if part in subject.parts)
        predicted[step.name] = _seconds(step, subject, context)
        if parts:
            predicted[step.name] += parts * _scale_of_images(subject.parts)
    return predicted


def too_wide(steps: Sequence[Step], subject: Subject, context: Context) -> dict[str, float]:
    """Find the metrics that would take long because there are so many codes, factors or classes, and how long.

    Which ones they are does not depend on what the cache holds, so that a second evaluation scores the same.
    """
    of_codes = [step for step in steps if OF_CODES >= {*step.info.needs} >= {"codes"}]
    if not of_codes:
        return {}
    sizes = _sizes(subject)
    if sizes["columns"] * sizes["values"] < WIDE and all(sizes[size] < many for size, many in ALONE.items()):
        return {}
    predicted = {step.name: _seconds(step, subject, context, cached=False) for step in of_codes}
    computed, total = set(), 0.0
    for name, seconds in sorted(predicted.items(), key=lambda item: item[1]):
        total += seconds
        if seconds <= LONGEST and total <= TOGETHER:
            computed.add(name)
    return {name: seconds for name, seconds in predicted.items() if name not in computed}


def _seconds(step: Step, subject: Subject, context: Context, *, cached: bool = True) -> float:
    info = step.info
    if OF_IMAGES & {*info.needs}:
        return info.seconds * _scale_of_images(subject.parts)
    if not info.resamplable:
        sizes = _sizes(subject) if "codes" in info.needs else {}
        return info.seconds * math.prod(sizes.get(size, 1.0) for size in info.grows_with)
    try:
        return seconds_of_call(step.call_on(subject), context, cached=cached)
    except DbenchError:  # which the metric then gives for its reason
        return 0.0


def _sizes(subject: Subject) -> dict[Size, float]:
    """Return the sizes of the codes and the factors of a subject; see `sizes_of`."""
    factors = subject.parts.get("factors")
    return sizes_of(
        Variables.wrap(subject.parts["codes"]), None if factors is None else Variables.wrap(factors, prefix="f")
    )


def _scale_of_images(parts: Mapping[str, object]) -> float:
    import torch  # which codes alone do not need, and which takes a second or two to import

    shape = getattr(parts["images"], "shape", ()) if "images" in parts else ()
    size = math.prod(shape[1:]) / PIXELS if shape else 1.0
    return float((ANY_SIZE + (1 - ANY_SIZE) * size) / torch.get_num_threads() ** THREADS)


def seconds_of_call(call: MetricCall, context: Context, *, cached: bool = True) -> float:
    """Predict what a metric of codes and factors takes.

    Scaled from what the metric declares by the sizes that it declares this to grow with.

    Args:
        call: the metric and its rows.
        context: what is to stand beside the scores.
        cached: whether levels that are in the user's cache cost nothing.
    """
    info, times = call.info, 1.0
    if context.levels and not (
        cached and len(call.codes) <= MOST_ROWS and are_kept(call)
    ):  # to look is to read all rows
        effort = effort_of(call)
        times += effort.simulations * min(1.0, effort.rows / len(call.codes))
    if info.interval == "held-out":
        times += (USUAL if context.resamples is None else context.resamples) * (0 if info.slow else WITHOUT_FITS)
    elif info.interval == "halves":
        times += (HALVES if context.resamples is None else context.resamples) / 2
    else:
        times += USUAL if context.resamples is None else context.resamples
    processes = 1.0
    if info.slow:  # a factor is fitted by one process, and one of thousands of classes keeps the others waiting
        values = values_of_each(call.factors)
        processes = min(cpu_count(), sum(values) / max(values))
    return float(info.seconds * call.scale * times / processes**PROCESSES)
