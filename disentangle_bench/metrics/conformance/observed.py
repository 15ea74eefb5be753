"""Checks of what a metric of codes and factors says of small cases."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from disentangle_bench.errors import DbenchError
from disentangle_bench.metrics.conformance import cases
from disentangle_bench.metrics.conformance.cases import Case
from disentangle_bench.metrics.conformance.trial import Trial, require
from disentangle_bench.metrics.metric import Score
from disentangle_bench.representation.variables import Variables

_ROUNDING = 1e-9
_MARGIN = 0.05
Check = Callable[[Trial], None]


def _prefers_perfect_codes(trial: Trial) -> None:
    pairs = (cases.perfect, cases.noise), (cases.named, cases.misnamed)
    for perfect, noise in ((trial.headline(first()), trial.headline(second())) for first, second in pairs):
        if perfect is not None and noise is not None:
            sign = {"higher": 1, "lower": -1, "neither": 0}[trial.info.better]
            kept = sign == 0 or sign * (perfect - noise) > _MARGIN
            require(kept, f"perfect codes score {perfect:.3f}, noise {noise:.3f}")
            return
    require(False, "neither perfect codes nor noise have a score, be the codes continuous or categories")


def _sound(case: Callable[[], Case]) -> Check:
    def run(trial: Trial) -> None:
        for part, score in trial.scores(case()).items():
            _require_sound(trial, part, score)

    return run


def _require_sound(trial: Trial, part: str, score: Score) -> None:
    name = part or "the score"
    require((score.value is None) == bool(score.reason), f"{name} is {score.value} with the reason {score.reason!r}")
    low, high = trial.info.bounds if score.bounds is None else score.bounds
    if score.value is not None:
        inside = (low is None or score.value >= low - _ROUNDING) and (high is None or score.value <= high + _ROUNDING)
        require(math.isfinite(score.value), f"{name} is {score.value}; give Score.undefined(reason)")
        require(inside, f"{name} is {score.value}, beyond the bounds {low} to {high}")
    json.dumps(dict(score.details), allow_nan=False)


def _repeats_itself(trial: Trial) -> None:
    case = cases.perfect()
    first, second = trial.scores(case), trial.scores(case)
    require(first == second, "the same codes, factors and seed score differently")


def _leaves_its_inputs(trial: Trial) -> None:
    case = cases.mixed()
    before, state = deepcopy(case), _global_state()
    trial.scores(case)
    same = np.array_equal(before.codes.values, case.codes.values) and np.array_equal(before.factors, case.factors)
    require(same and np.array_equal(before.train, case.train), "its inputs were changed")
    require(_global_state() == state, "a global random state was changed")


def _global_state() -> tuple[bytes, int, bytes]:
    _, keys, position, *_ = np.random.get_state()
    return np.asarray(keys).tobytes(), int(position), torch.get_rng_state().numpy().tobytes()


def _ignores_the_order_of_samples(trial: Trial) -> None:
    case = cases.perfect()
    order = np.random.default_rng(1).permutation(len(case.train))
    trial.require_same(case, case.rows(order), "another order of the samples")


def _ignores_the_order_of_codes(trial: Trial) -> None:
    case = cases.perfect()
    trial.require_same(case, replace(case, codes=case.codes[:, ::-1].copy()), "another order of the codes")


def _ignores_the_names_of_classes(trial: Trial) -> None:
    if trial.info.relabel_invariant:
        case = cases.perfect()
        renamed = np.array(["delta", "alpha", "charlie", "bravo"])[case.factors]
        trial.require_same(case, replace(case, factors=renamed), "renaming the classes")


def _ignores_the_names_of_categories(trial: Trial) -> None:
    case = cases.mixed()
    values = case.codes.values.copy()
    values[:, 0] = np.array([7, 2, 9, 4])[values[:, 0].astype(int)]
    renamed = Variables.wrap(values, kinds=case.codes.kinds)
    trial.require_same(case, replace(case, codes=renamed), "renaming the categories of a code")


def _ignores_the_scale_of_codes(trial: Trial) -> None:
    if trial.info.scale_invariant:
        case = cases.perfect()
        stretched = case.codes * np.array([4.0, 0.25, 2.0]) + np.array([-1.0, 3.0, 0.0])
        trial.require_same(case, replace(case, codes=stretched), "stretching and shifting the codes")


def _takes_tensors(trial: Trial) -> None:
    case = cases.perfect()
    parts = (torch.tensor(part) for part in (case.codes, case.factors, case.train))
    trial.require_same(case, Case(*parts), "giving torch tensors")  # type: ignore[arg-type]


def _refuses(change: Callable[[Case], Case], *said: str) -> Check:
    def run(trial: Trial) -> None:
        try:
            scores = trial.scores(change(cases.perfect()))
        except DbenchError as error:
            missing = [word for word in said if word not in str(error)]
            require(not missing, f"the message {str(error)!r} does not name {', '.join(missing)}")
        else:
            defined = [score.value for score in scores.values() if score.value is not None]
            require(not defined, f"no error, but {defined}")

    return run


def _with_codes(case: Case, place: Any, value: float) -> Case:
    codes = case.codes.copy()
    codes[place] = value
    return replace(case, codes=codes)


OBSERVED: dict[str, Check] = {
    "scores perfect codes better than noise": _prefers_perfect_codes,
    **{f"stays in bounds for {name} codes": _sound(case) for name, case in cases.REPRESENTATIONS.items()},
    **{f"copes with {name}": _sound(case) for name, case in cases.ODDITIES.items()},
    "gives the same number for the same seed": _repeats_itself,
    "leaves its inputs and the global state alone": _leaves_its_inputs,
    "ignores the order of samples": _ignores_the_order_of_samples,
    "ignores the order of codes": _ignores_the_order_of_codes,
    "ignores the names of classes, if it says so": _ignores_the_names_of_classes,
    "ignores the names of categories": _ignores_the_names_of_categories,
    "ignores the scale of codes, if it says so": _ignores_the_scale_of_codes,
    "takes torch tensors": _takes_tensors,
    "refuses NaN and names column and count": _refuses(
        lambda case: _with_codes(case, (slice(3), 1), np.nan), "'c2'", "3"
    ),
    "refuses infinite codes": _refuses(lambda case: _with_codes(case, (0, 0), np.inf), "'c1'", "1"),
    "refuses lengths that differ": _refuses(lambda case: replace(case, factors=case.factors[:-1]), "240", "239"),
    "refuses too few samples": _refuses(lambda case: case.rows(np.arange(2)), "2"),
}
