"""Active units: the number of codes that vary over the data."""

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
    seconds=0.001,
    grows_with=("rows", "codes"),
)
def active_units(codes: Codes, *, min_variance: float = 0.01) -> Score:
    """Active units: higher when more codes vary over the data; the codes that do not are dead.

    A code is active if the variance of its posterior mean over the data exceeds a threshold.

        A_u    = Var_x(E[u ~ q(u given x)])
        active = number of codes u with A_u > 0.01

    The variance is the usual one of ordinal and continuous codes; Gini's of a categorical code, which is half the share
    of pairs of samples in different categories; the angular variance of a cyclic code.

    Does not see: what an active code holds. Noise is active.

    Args:
        codes: `(n, d)`, the means of the posterior over the data, or the categories.
        min_variance: the threshold. It is absolute, made for codes whose prior has variance 1.

    Returns:
        The number of active codes; the ceiling is d. Its details name the active and the dead codes, with their
        variances.

    Raises:
        DbenchError: NaN or infinite values, or a single sample.

    References:
        Burda et al. (2015), arXiv:1509.00519, section 5.

    Example:
        The second code moves too little.

        >>> from disentangle_bench.metrics import active_units
        >>> active_units([[-1.0, 0.01], [1.0, 0.02], [0.0, 0.03]]).value
        1.0
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
