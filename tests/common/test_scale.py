"""A metric that declares that scale and place of a code do not matter keeps its scores on any; none fails on any."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from disentangle_bench.metrics import METRICS, Score, info_of
from disentangle_bench.metrics.conformance import cases
from disentangle_bench.metrics.metric import MetricInfo
from tests.common.test_metrics import EXTRAS, SETTINGS

CASE = cases.perfect()
CODES = np.round(CASE.codes * 2**10) / 2**10  # of which a shift by 1.7e9 loses nothing
MOVED = {"shifted": CODES + 1.7e9} | {f"times 2^{power}": np.ldexp(CODES, power) for power in (-27, 259, 498)}
HARD = MOVED | {
    "one outlier": np.where(np.arange(CODES.size).reshape(CODES.shape) == 17, 1e100, CODES),
    "subnormal": np.ldexp(CODES, -1065),
    "tiny": np.ldexp(CODES, -498),
}
TOLERANCE = {"dci/lightgbm": 0.05}
"""Its bins have their own place for 0."""


def info(name: str) -> MetricInfo:
    return info_of(METRICS.get(name))


def of_codes(name: str) -> bool:
    return "codes" in info(name).needs and set(info(name).needs) <= {"codes", "factors", "train"}


def scores_of(name: str, codes: np.ndarray) -> dict[str, Any]:
    if name in EXTRAS:
        pytest.importorskip(EXTRAS[name])
    parts = {"codes": codes, "factors": CASE.factors, "train": CASE.train}
    given = {part: parts[part] for part in (*info(name).needs, *info(name).uses) if part in parts}
    scores = METRICS.get(name)(**given, **SETTINGS[name])
    return {part: of.value for part, of in ({"": scores} if isinstance(scores, Score) else scores).items()}


SLOW = {"dci/lightgbm": pytest.mark.slow}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=SLOW.get(name, ())) for name in METRICS if of_codes(name) and info(name).scale_invariant],
)
def test_scores_do_not_depend_on_scale_and_place(name: str) -> None:
    expected = scores_of(name, CODES)
    for how, codes in MOVED.items():
        assert scores_of(name, codes) == pytest.approx(expected, abs=TOLERANCE.get(name, 1e-6)), how


@pytest.mark.parametrize("how", HARD)
@pytest.mark.parametrize("name", [name for name in METRICS if of_codes(name) and name not in EXTRAS])
def test_codes_of_any_size_have_finite_scores_without_a_warning(name: str, how: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = scores_of(name, HARD[how])
    assert all(value is None or np.isfinite(value) for value in scores.values())
