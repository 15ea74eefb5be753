"""Each rule catches a metric that breaks it, and passes a sound one."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from disentangle_bench.errors import SettingError
from disentangle_bench.metrics.conformance import check_metric
from disentangle_bench.metrics.inputs import Observations
from disentangle_bench.metrics.metric import Score, Scores, metric
from tests.metrics.information.pairwise import entropies, pairwise_information

DECLARED: dict[str, Any] = {"version": 1, "bounds": (0, 1), "better": "higher", "source": "defined here"}
Metric = Callable[..., Scores]


def share(codes: Any, factors: Any) -> float | None:
    """The best code's share of each factor's entropy, averaged."""
    data = Observations.of(codes, factors)
    if data.reason:
        return None
    return float((pairwise_information(data.codes, data.factors).max(axis=0) / entropies(data.factors)).mean())


def as_score(value: float | None) -> Score:
    return Score.undefined("no factor varies") if value is None else Score(value)


def metric_of(change: Callable[[Any, Any, float], Any], **declared: Any) -> Metric:
    """The sound metric, with its value passed through `change(codes, factors, value)`."""

    @metric("small", **(DECLARED | declared))
    def small(codes: Any, factors: Any) -> Scores:
        """Share of a factor's entropy that its best code holds, on average.

        Args:
            codes: `(n, d)`.
            factors: `(n, k)`.
        """
        value = share(codes, factors)
        return as_score(None if value is None else change(codes, factors, value))

    return small


def broken(function: Metric) -> set[str]:
    return {outcome.rule for outcome in check_metric(function) if outcome.fault}


def sound(_codes: Any, _factors: Any, value: float) -> float:
    return value


def test_a_sound_metric_passes_every_rule() -> None:
    assert broken(metric_of(sound)) == set()


def first_code(codes: Any, _factors: Any, value: float) -> float:
    return value / (1 + float(abs(np.mean(np.asarray(codes)[:, 0]))))


def warns(_codes: Any, _factors: Any, value: float) -> float:
    warnings.warn("mind", stacklevel=1)
    return value


def draws(_codes: Any, _factors: Any, value: float) -> float:
    return value * (0.9 + 0.1 * np.random.rand())


def overwrites(codes: Any, _factors: Any, value: float) -> float:
    values = codes.values if hasattr(codes, "values") else np.asarray(codes)
    values[0] = 1
    return value


def order(codes: Any, _factors: Any, value: float) -> float:
    return value * 0.5 if float(np.asarray(codes)[0, 0]) > float(np.asarray(codes)[-1, 0]) else value


@pytest.mark.parametrize(
    ("change", "declared", "caught"),
    [
        (lambda c, f, value: 0.5, {}, "scores perfect codes better than noise"),
        (sound, {"better": "lower"}, "scores perfect codes better than noise"),
        (lambda c, f, value: 2 * value, {}, "stays in bounds for perfect codes"),
        (lambda c, f, value: math.nan, {}, "stays in bounds for noise codes"),
        (warns, {}, "stays in bounds for dead codes"),
        (first_code, {}, "ignores the scale of codes, if declared scale-invariant"),
        (first_code, {}, "ignores the order of codes"),
        (draws, {}, "gives the same score for the same seed"),
        (draws, {}, "changes neither its inputs nor global random states"),
        (overwrites, {}, "changes neither its inputs nor global random states"),
        (order, {}, "ignores the order of samples"),
        (sound, {"source": "a friend"}, "names its source"),
        (sound, {"version": 0}, "has a version"),
        (sound, {"bounds": (1, 0)}, "has bounds in order"),
    ],
)
def test_a_rule_catches_a_metric_that_breaks_it(change: Any, declared: Any, caught: str) -> None:
    assert caught in broken(metric_of(change, **declared))


def test_a_metric_may_declare_that_it_depends_on_scale() -> None:
    assert "ignores the scale of codes, if declared scale-invariant" not in broken(
        metric_of(first_code, scale_invariant=False)
    )


def test_a_metric_that_checks_nothing_is_caught() -> None:
    @metric("Small!", **DECLARED)
    def careless(codes: Any, factors: Any, *, strange: Any = np.zeros(2)) -> Scores:  # noqa: B008
        """Short."""
        return Score(float(np.nan_to_num(np.asarray(codes, dtype=float)).std() > 0))

    faults = broken(careless)
    assert {
        "has a lower-case name with dashes",
        "has a one-sentence summary",
        "has settings that JSON can hold",
        "documents every argument",
        "rejects NaN, naming column and count",
        "rejects different lengths",
        "handles only constant factors",
    } - faults <= {"handles only constant factors"}
    assert "rejects infinite codes" in faults


def test_a_metric_of_other_parts_is_checked_for_its_declaration() -> None:
    @metric("drawn", **DECLARED)
    def drawn(generator: Any) -> Scores:
        """Quality of a generator's images, in one number.

        Args:
            generator: latents -> images.
        """
        raise AssertionError(generator)

    outcomes = list(check_metric(drawn))
    assert len(outcomes) == 7
    assert not any(outcome.fault for outcome in outcomes)


def test_an_unknown_setting_is_reported() -> None:
    with pytest.raises(SettingError, match="takes no settings, and 'bins' was given"):
        list(check_metric(metric_of(sound), {"bins": 3}))
