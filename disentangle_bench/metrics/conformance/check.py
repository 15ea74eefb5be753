"""Run every check that applies to a metric."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from disentangle_bench.errors import DbenchError
from disentangle_bench.metrics.conformance.declared import DECLARED
from disentangle_bench.metrics.conformance.observed import OBSERVED, RETURNS_SCORES
from disentangle_bench.metrics.conformance.trial import Check, Failure, Trial
from disentangle_bench.metrics.metric import Scores, info_of
from disentangle_bench.settings import check_settings

CHECKS = {**DECLARED, **OBSERVED}
"""All checks by name; those of `OBSERVED` apply to metrics of codes and factors alone."""


@dataclass(frozen=True)
class Outcome:
    """The result of one check; `fault` is empty if it passed."""

    check: str
    fault: str


def check(function: Callable[..., Scores], settings: Mapping[str, Any] | None = None) -> Iterator[Outcome]:
    """Check a metric, one outcome at a time.

    A metric that needs other parts than codes and factors is only checked for what it declares; one that returns no
    scores is not checked further.

    Args:
        function: what `@metric` decorated.
        settings: the settings to check it with, such as those that make it fast.

    Raises:
        UnknownNameError: the metric has no such setting.
        SettingError: a setting has an invalid value.
    """
    trial = Trial(function, check_settings(function, settings or {}, kind="metric", name=info_of(function).name))
    for name, run in CHECKS.items():
        if name in DECLARED or info_of(function).resamplable:
            outcome = Outcome(name, _fault(run, trial))
            yield outcome
            if name == RETURNS_SCORES and outcome.fault:
                return


def _fault(run: Check, trial: Trial) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run(trial)
    except Failure as failure:
        return str(failure)
    except DbenchError as error:
        return " ".join(str(error).splitlines())
    except Exception as error:  # noqa: BLE001 - whatever a metric raises, its author wants to know
        return f"{type(error).__name__}: {error}"
    return ""
