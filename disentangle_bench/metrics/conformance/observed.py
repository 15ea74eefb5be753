"""Rules for the scores that a metric of codes and factors gives to small cases."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from disentangle_bench.conformance import Rule, require, rule
from disentangle_bench.errors import DbenchError, FaultyMetricError
from disentangle_bench.metrics.conformance import cases
from disentangle_bench.metrics.conformance.cases import ODDITIES, REPRESENTATIONS, Case
from disentangle_bench.metrics.conformance.trial import Trial
from disentangle_bench.metrics.metric import Score, outside_bounds
from disentangle_bench.representation.variables import Variables

_MARGIN = 0.05
OBSERVED: dict[str, Rule[Trial]] = {}
"""By a name that completes "the metric ..."."""
RETURNS_SCORES = "returns scores"
"""The first of them, without which none of the others can be tried."""


@rule(OBSERVED, RETURNS_SCORES)
def returns_scores(trial: Trial) -> None:
    try:
        trial.scores(cases.perfect())
    except FaultyMetricError:
        raise
    except (DbenchError, Warning):  # it may not be defined for such codes: this is for the other rules to report
        pass


@rule(OBSERVED, "scores perfect codes better than noise")
def prefers_perfect_codes(trial: Trial) -> None:
    pairs = (cases.perfect, cases.noise), (cases.named, cases.misnamed)
    for perfect, noise in ((trial.headline(first()), trial.headline(second())) for first, second in pairs):
        if perfect is not None and noise is not None:
            sign = {"higher": 1, "lower": -1, "neither": 0}[trial.info.better]
            better = sign == 0 or sign * (perfect - noise) > _MARGIN
            require(better, f"perfect codes score {perfect:.3f}, noise {noise:.3f}")
            return
    require(False, "neither perfect codes nor noise have a score, whether continuous or categorical")


def gives_valid_scores(case: Callable[[], Case]) -> Rule[Trial]:
    """Require that each score of a case is within bounds, or undefined with a reason."""

    def valid(trial: Trial) -> None:
        for component, score in trial.scores(case()).items():
            require_valid(trial, component or "the score", score)

    return valid


OBSERVED |= {f"stays in bounds for {name} codes": gives_valid_scores(case) for name, case in REPRESENTATIONS.items()}
OBSERVED |= {f"handles {name}": gives_valid_scores(case) for name, case in ODDITIES.items()}


def require_valid(trial: Trial, name: str, score: Score) -> None:
    require((score.value is None) == bool(score.reason), f"{name} is {score.value} with the reason {score.reason!r}")
    if score.value is not None:
        require(math.isfinite(score.value), f"{name} is {score.value}; give Score.undefined(reason)")
        outside = outside_bounds(score, trial.info)
        require(not outside, f"{name} is {outside}")
    json.dumps(dict(score.details), allow_nan=False)


@rule(OBSERVED, "gives the same score for the same seed")
def is_reproducible(trial: Trial) -> None:
    case = cases.perfect()
    first, second = trial.scores(case), trial.scores(case)
    require(first == second, "the same codes, factors and seed give different scores")


@rule(OBSERVED, "changes neither its inputs nor global random states")
def has_no_side_effects(trial: Trial) -> None:
    case = cases.mixed()
    before, state = deepcopy(case), _global_state()
    trial.scores(case)
    same = np.array_equal(before.codes.values, case.codes.values) and np.array_equal(before.factors, case.factors)
    require(same and np.array_equal(before.train, case.train), "it changed its inputs")
    require(_global_state() == state, "it changed a global random state")


def _global_state() -> tuple[bytes, int, bytes]:
    _, keys, position, *_ = np.random.get_state()
    return np.asarray(keys).tobytes(), int(position), torch.get_rng_state().numpy().tobytes()


@rule(OBSERVED, "ignores the order of samples")
def ignores_the_order_of_samples(trial: Trial) -> None:
    case = cases.perfect()
    order = np.random.default_rng(1).permutation(len(case.train))
    trial.require_same(case, case.rows(order), "another order of the samples")


@rule(OBSERVED, "ignores the order of codes")
def ignores_the_order_of_codes(trial: Trial) -> None:
    case = cases.perfect()
    trial.require_same(case, replace(case, codes=case.codes[:, ::-1].copy()), "another order of the codes")


@rule(OBSERVED, "ignores the names of classes, if declared relabel-invariant")
def ignores_the_names_of_classes(trial: Trial) -> None:
    if trial.info.relabel_invariant:
        case = cases.perfect()
        renamed = np.array(["delta", "alpha", "charlie", "bravo"])[case.factors]
        trial.require_same(case, replace(case, factors=renamed), "renaming the classes")


@rule(OBSERVED, "ignores the names of categories")
def ignores_the_names_of_categories(trial: Trial) -> None:
    case = cases.mixed()
    values = case.codes.values.copy()
    values[:, 0] = np.array([7, 2, 9, 4])[values[:, 0].astype(int)]
    renamed = Variables.wrap(values, kinds=case.codes.kinds)
    trial.require_same(case, replace(case, codes=renamed), "renaming the categories of a code")


@rule(OBSERVED, "ignores the scale of codes, if declared scale-invariant")
def ignores_the_scale_of_codes(trial: Trial) -> None:
    if trial.info.scale_invariant:
        case = cases.perfect()
        stretched = case.codes * np.array([4.0, 0.25, 2.0]) + np.array([-1.0, 3.0, 0.0])
        trial.require_same(case, replace(case, codes=stretched), "stretching and shifting the codes")


@rule(OBSERVED, "accepts torch tensors")
def accepts_tensors(trial: Trial) -> None:
    case = cases.perfect()
    parts = (torch.tensor(part) for part in (case.codes, case.factors, case.train))
    trial.require_same(case, Case(*parts), "giving torch tensors")  # type: ignore[arg-type]


def rejects(change: Callable[[Case], Case], *words: str) -> Rule[Trial]:
    """Require that a changed case is an error whose message has these words, or has no defined score."""

    def rejected(trial: Trial) -> None:
        try:
            scores = trial.scores(change(cases.perfect()))
        except DbenchError as error:
            missing = [word for word in words if word not in str(error)]
            require(not missing, f"the message {str(error)!r} does not name {', '.join(missing)}")
        else:
            defined = [score.value for score in scores.values() if score.value is not None]
            require(not defined, f"no error, but {defined}")

    return rejected


def _with_codes(case: Case, place: Any, value: float) -> Case:
    codes = case.codes.copy()
    codes[place] = value
    return replace(case, codes=codes)


OBSERVED |= {
    "rejects NaN, naming column and count": rejects(lambda case: _with_codes(case, (slice(3), 1), np.nan), "'c2'", "3"),
    "rejects infinite codes": rejects(lambda case: _with_codes(case, (0, 0), np.inf), "'c1'", "1"),
    "rejects different lengths": rejects(lambda case: replace(case, factors=case.factors[:-1]), "240", "239"),
    "rejects too few samples": rejects(lambda case: case.rows(np.arange(2)), "2"),
}
