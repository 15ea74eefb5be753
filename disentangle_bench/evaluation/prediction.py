"""Roughly what metrics will take, before anything is computed: from what they declare, the sizes and the machine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from joblib import cpu_count

from disentangle_bench.errors import DbenchError
from disentangle_bench.evaluation.bootstrap import USUAL
from disentangle_bench.evaluation.context import Context
from disentangle_bench.evaluation.intervals import HALVES, MOST_ROWS
from disentangle_bench.evaluation.metric_call import REFERENCE, MetricCall
from disentangle_bench.evaluation.plan import Step
from disentangle_bench.evaluation.reference_levels import are_kept, effort_of
from disentangle_bench.evaluation.subject import Subject

WITHOUT_FITS = 0.2
"""Roughly what values on a resample take where nothing is fitted anew, as a share of what the scores take."""
WIDE = 10.0
"""Codes times values of factors, as a multiple of those that `MetricInfo.seconds` is declared for, that are many."""
LONGEST = 120.0
"""Seconds for a metric of so many that was not asked for."""
PIXELS = 28 * 28
ANY_SIZE = 0.1
"""Share of the work on images that does not depend on their size."""
PROCESSES, THREADS = 0.8, 0.5
"""Work in p processes, or on images in p threads, is that power of p times as fast."""
OF_IMAGES = {"generator", "images", "classifier"}


def predicted_seconds(steps: Sequence[Step], subject: Subject, context: Context) -> dict[str, float]:
    """Predict what each metric of an evaluation takes, with what is to stand beside its scores.

    A part that takes long to make counts for the first metric that takes it.
    """
    making = dict(subject.making)
    predicted = {}
    for step in steps:
        parts = sum(making.pop(part, 0.0) for part in (*step.info.needs, *step.info.uses) if part in subject.parts)
        predicted[step.name] = _seconds(step, subject, context) + parts * _scale_of_images(subject.parts)
    return predicted


def too_wide(steps: Sequence[Step], subject: Subject, context: Context) -> dict[str, float]:
    """Find the metrics that would take long because there are so many codes, factors or classes, and how long."""
    of_rows = [step for step in steps if step.info.resamplable]
    if not of_rows:
        return {}
    call = of_rows[0].call_on(subject)
    if call.scale * REFERENCE[0] / len(call.codes) < WIDE:
        return {}
    predicted = {step.name: _seconds(step, subject, context) for step in of_rows}
    return {name: seconds for name, seconds in predicted.items() if seconds > LONGEST}


def _seconds(step: Step, subject: Subject, context: Context) -> float:
    info = step.info
    if OF_IMAGES & {*info.needs}:
        return info.seconds * _scale_of_images(subject.parts)
    if not info.resamplable:
        return info.seconds
    try:
        return seconds_of_call(step.call_on(subject), context)
    except DbenchError:  # which the metric then gives for its reason
        return 0.0


def _scale_of_images(parts: Mapping[str, object]) -> float:
    shape = getattr(parts["images"], "shape", ()) if "images" in parts else ()
    size = math.prod(shape[1:]) / PIXELS if shape else 1.0
    return float((ANY_SIZE + (1 - ANY_SIZE) * size) / torch.get_num_threads() ** THREADS)


def seconds_of_call(call: MetricCall, context: Context) -> float:
    """Predict what a metric of codes and factors takes.

    Scaled from what the metric declares for 10,000 samples by the numbers of samples, codes and values of factors.
    """
    info, times = call.info, 1.0
    if context.levels and (len(call.codes) > MOST_ROWS or not are_kept(call)):  # to look is to read all rows
        effort = effort_of(call)
        times += effort.simulations * min(1.0, effort.rows / len(call.codes))
    if info.interval == "held-out":
        times += (USUAL if context.resamples is None else context.resamples) * (0 if info.slow else WITHOUT_FITS)
    elif info.interval == "halves":
        times += (HALVES if context.resamples is None else context.resamples) / 2
    else:
        times += USUAL if context.resamples is None else context.resamples
    processes = min(cpu_count(), len(call.factors.names)) if info.slow else 1
    return float(info.seconds * call.scale * times / processes**PROCESSES)
