"""Modularity: does each code know one factor at most?"""

from __future__ import annotations

import numpy as np

from disentangle_bench.metrics.information.contingency import Contingency
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric

ONE_FACTOR = "modularity needs two factors that vary; there is one"
NO_CODE = "no code knows anything of the factors"


@metric("modularity", version=1, bounds=(0, 1), better="higher", source="arXiv:1802.05312, section 3")
def modularity(codes: Codes, factors: Factors, *, num_bins: int = 20) -> Score:
    """How little each code knows of other factors than the one that it knows best.

    The mean over codes of `1 - sum of I(c; v)^2 over the other factors / ((k - 1) I(c; v_best)^2)`. It compares a
    code's figures with each other, however small they are: noise scores about 0.7, so look at the chance level.

    Of a code that knows nothing at all, such as a constant one, the ratio is undefined, and it is left out of the mean.
    disentanglement_lib counts it as 0: its figure is this one times the share of codes that are not left out.

    Args:
        codes: `(n, d)`; continuous ones and angles are cut into equal-width bins, categories count as they are.
        factors: `(n, k)`; likewise. Those that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The mean in [0, 1]; undefined for a single factor. In its details each code's figure.

    Raises:
        DbenchError: arrays that do not fit together, NaN, fewer than 4 samples or 2 bins.
    """
    return from_counts(Contingency.of(codes, factors, num_bins))


def from_counts(counts: Contingency) -> Score:
    """Modularity of samples that have been counted."""
    information = counts.information()
    if information.reason or len(information.factor_names) < 2:
        return Score.undefined(information.reason or ONE_FACTOR)
    knows = information.shared.max(axis=1) > 0
    if not knows.any():
        return Score.undefined(NO_CODE)
    squares = np.square(information.shared[knows])
    greatest = squares.max(axis=1)
    figures = 1 - (squares.sum(axis=1) - greatest) / (greatest * (squares.shape[1] - 1))
    names = np.array(information.code_names)
    details = {
        "codes": names[knows].tolist(),
        "modularities": figures.tolist(),
        "best_factors": [information.factor_names[factor] for factor in squares.argmax(axis=1)],
        "codes_left_out": names[~knows].tolist(),
        "constant_factors": list(information.constant),
    }
    return Score(float(figures.mean()), details=details)
