"""Run every check that concerns a metric, and say how each came out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from disentangle_bench.metrics.conformance.declared import DECLARED
from disentangle_bench.metrics.conformance.observed import OBSERVED
from disentangle_bench.metrics.conformance.trial import Broken, Trial
from disentangle_bench.metrics.metric import Scores, info_of
from disentangle_bench.settings import check_settings

CHECKS = {**DECLARED, **OBSERVED}
"""All checks by what they ask; those of `OBSERVED` concern metrics of codes and factors alone."""


@dataclass(frozen=True)
class Outcome:
    """How one check came out; `fault` is empty where it was kept."""

    check: str
    fault: str


def check(function: Callable[..., Scores], settings: Mapping[str, Any] | None = None) -> Iterator[Outcome]:
    """Check a metric, one outcome at a time.

    A metric that asks for other parts than codes and factors is checked for what it declares.

    Args:
        function: what `@metric` decorated.
        settings: at which to try it; settings at which it is quick make the checks so.

    Raises:
        UnknownNameError: a setting that it does not have. SettingError: an invalid value of one.
    """
    trial = Trial(function, check_settings(function, settings or {}, kind="metric", name=info_of(function).name))
    for name, run in CHECKS.items():
        if name in DECLARED or info_of(function).resamplable:
            yield Outcome(name, _fault(run, trial))


def _fault(run: Callable[[Trial], None], trial: Trial) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run(trial)
    except Broken as broken:
        return str(broken)
    except Exception as error:  # noqa: BLE001 - whatever a metric raises is what its author wants to know
        return f"{type(error).__name__}: {error}"
    return ""
