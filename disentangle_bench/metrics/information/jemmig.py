"""JEMMIG: joint entropy minus the mutual information gap."""

from __future__ import annotations

import numpy as np

from disentangle_bench.metrics.information.contingency import Contingency, best_and_second
from disentangle_bench.metrics.information.mig import ONE_CODE
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric


@metric(
    "jemmig",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1908.09961, section 4.3; arXiv:2012.09276",
    default=False,
)
def jemmig(codes: Codes, factors: Factors, *, num_bins: int = 20) -> dict[str, Score]:
    """How exactly the best code of each factor is that factor, neither less nor more, and no other code knows of it.

    The paper's figure is `H(c_best, v) - I(c_best; v) + I(c_second; v)` in nats, 0 for a code that is the factor and no
    more, at most `H(v) + ln(bins)` for a code that falls into so many cells. That is the part `nats`, the mean over
    factors, of which less is better. The headline is the mean of 1 minus its share of that maximum, so that more is
    better; the paper's normalised figure is 1 minus the headline.

    The program of the review (arXiv:2012.09276) gives the headline, too, but takes the number of bins for the number of
    cells also of a code with another number of categories; here they are counted. Of codes that know equally much the
    one with the least entropy is the best; there, it goes by the last digit. Fine bins cost: a code that tells more
    values apart than the factor has is no longer the factor and no more.

    Args:
        codes: `(n, d)`; continuous ones and angles are cut into equal-width bins, categories count as they are.
        factors: `(n, k)`; likewise. Those that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The headline in [0, 1] and `nats`; undefined for a single code. In the details each factor's figures.

    Raises:
        DbenchError: arrays that do not fit together, NaN, fewer than 4 samples or 2 bins.
    """
    return from_counts(Contingency.of(codes, factors, num_bins))


def from_counts(counts: Contingency) -> dict[str, Score]:
    """JEMMIG of samples that have been counted."""
    information = counts.information()
    if information.reason or len(information.code_names) < 2:
        undefined = Score.undefined(information.reason or ONE_CODE)
        return {"": undefined, "nats": undefined}
    shared = information.shared.T
    best, second = best_and_second(shared, information.codes)
    each = range(len(shared))
    joint = information.codes[best] + information.factors - shared[each, best]
    nats = joint - shared[each, best] + shared[each, second]
    shares = 1 - nats / (information.factors + np.log(np.array(information.code_bins)[best]))
    details = {
        "factors": list(information.factor_names),
        "nats": nats.tolist(),
        "shares": shares.tolist(),
        "best_codes": [information.code_names[code] for code in best],
        "constant_factors": list(information.constant),
    }
    return {
        "": Score(float(np.clip(shares.mean(), 0, 1)), details=details),
        "nats": Score(float(max(nats.mean(), 0)), unit="nats", better="lower", bounds=(0, None)),
    }
