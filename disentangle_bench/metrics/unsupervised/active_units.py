"""How many codes respond to the data at all."""

from __future__ import annotations

import numpy as np

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.dispersion import spreads
from disentangle_bench.metrics.metric import Codes, Score, metric
from disentangle_bench.representation import Representation


@metric(
    "active-units",
    version=1,
    bounds=(0, None),
    better="higher",
    source="arXiv:1509.00519, section 5",
    scale_invariant=False,
)
def active_units(codes: Codes, *, min_variance: float = 0.01) -> Score:
    """How many codes vary over the data, by a variance of their posterior mean above 0.01; the others are dead.

    The threshold is absolute, made for codes whose prior has variance 1. Of ordinal and continuous codes the usual
    variance; of a categorical code Gini's, half the share of pairs of samples in different categories; of a cyclic
    code the angular variance.

    Args:
        codes: `(n, d)`: the means of the posterior over the data, or the categories.
        min_variance: a code that varies by more is active.
    """
    wrapped = Representation.of(codes).codes
    if len(wrapped) < 2:
        raise MetricError("There is only 1 sample.", "Give 2 or more.")
    variances = spreads(wrapped)
    active, names = variances > min_variance, np.array(wrapped.names)
    details = {
        "active_codes": names[active].tolist(),
        "dead_codes": names[~active].tolist(),
        "variances": variances.tolist(),
    }
    return Score(float(active.sum()), ceiling=float(len(names)), details=details)
