"""The difference of two scores on the rows that they share: how often its interval holds the true one."""

import numpy as np
import pytest

from disentangle_bench.evaluation.comparison import compare_results
from disentangle_bench.evaluation.representation_subject import subject_of_representation
from disentangle_bench.evaluation.score import score_subject
from disentangle_bench.representation import Representation
from disentangle_bench.representation.variables import Variables

ROWS, TRIALS = 400, 200


def difference(seed: int) -> tuple[float, float, float]:
    """Of the MIG of codes with much and with little noise, most of which they share: value and interval."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, 4, size=(ROWS, 2))
    shared, own = rng.normal(0, 0.7, size=(2, ROWS, 2))
    subjects = []
    for name, scale in (("noisy", 1.0), ("clear", 0.7)):
        codes = Variables.wrap(factors + scale * shared + 0.2 * own)
        representation = Representation(codes, Variables.wrap(factors, prefix="f"))
        subjects.append(score_subject(subject_of_representation(representation, name), ["mig"], levels=False))
    [found] = compare_results(subjects).rows[0].differences
    assert found.method == "paired bootstrap over rows"
    return found.value, found.low, found.high


@pytest.mark.slow
def test_the_interval_holds_as_often_as_it_says():
    values, lows, highs = np.array([difference(seed) for seed in range(TRIALS)]).T
    held = np.mean((lows < values.mean()) & (values.mean() < highs))
    assert 0.91 < held < 0.99  # three standard errors of 200 trials around 0.95
