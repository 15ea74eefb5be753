"""Gaps of information that allow for factors that depend on each other: DMIG, XMIG and DLIG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from disentangle_bench.metrics.information.contingency import Binning, Contingency, cells_of_groups
from disentangle_bench.metrics.information.counted import Recount
from disentangle_bench.metrics.inputs import paired
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric, with_resampling
from disentangle_bench.metrics.resampling import Resampling, Weights

Floats = NDArray[np.float64]
LEAST = 1e-9
"""Nats of entropy below which one factor determines another."""


@dataclass(frozen=True, eq=False)
class Shared:
    """What codes and factors share, in nats, and which code is which factor's.

    Attributes:
        codes: `(d, k)` information of each code and each factor that varies.
        factors: `(k, k)` information of each two factors, on the diagonal their entropies.
        owner: `(k,)` the code of each factor: one each, those of which the sum of the shares of entropy is greatest.
        code_names, factor_names: names of these codes and factors.
        constant: names of the factors that were left out because they never change.
    """

    codes: Floats
    factors: Floats
    owner: NDArray[np.int64]
    code_names: tuple[str, ...]
    factor_names: tuple[str, ...]
    constant: tuple[str, ...]

    @classmethod
    def of(cls, codes: Contingency, factors: Contingency) -> Self:
        """Take it from the counts of codes and factors, and of factors and factors."""
        known, among = codes.information(), factors.information()
        varies = np.isin(among.code_names, known.factor_names)
        owner = linear_sum_assignment(known.normalized.T, maximize=True)[1]
        between = among.shared[varies]
        return cls(known.shared, between, owner, known.code_names, known.factor_names, known.constant)

    @property
    def reason(self) -> str:
        """Why no gap is defined; empty if one is."""
        if not self.factor_names:
            return f"no factor varies: {', '.join(self.constant)}"
        codes, factors = len(self.code_names), len(self.factor_names)
        return f"{factors} factors need a code each; there are {codes}" if codes < factors else ""

    def conditional(self, factor: int, given: int) -> float:
        """Return the entropy of one factor given another."""
        return float(self.factors[factor, factor] - self.factors[factor, given])

    def score(self, gaps: Floats, others: list[str], what: str, bounds: tuple[float | None, float | None]) -> Score:
        """Average the gaps `(k,)` of the factors; NaN where the other factor determines the factor."""
        defined = np.isfinite(gaps)
        if not defined.any():
            return Score.undefined("every factor is determined by another one")
        details: dict[str, Any] = {
            "factors": list(self.factor_names),
            "codes": [self.code_names[code] for code in self.owner],
            what: others,
            "gaps": [float(gap) if np.isfinite(gap) else None for gap in gaps],
            "constant_factors": list(self.constant),
        }
        return Score(float(gaps[defined].mean()), bounds=bounds, details=details)


def _score(score: Callable[[Shared], Score], codes: Codes, factors: Factors, num_bins: int) -> Score:
    """Score what codes and factors share, and what resamples of the rows do, counted in the same bins."""
    rows, columns = paired(codes, factors)
    rows = cells_of_groups(rows, Binning(num_bins, num_bins))
    known = Recount(Contingency.of(rows, columns, num_bins), rows, columns)
    among = Recount(Contingency.of(columns, columns, num_bins), columns, columns)

    def values(weights: Weights) -> dict[str, float]:
        drawn = score(Shared.of(known.of(weights), among.of(weights)))
        return {} if drawn.value is None else {"": drawn.value}

    found = score(Shared.of(known.counts, among.counts))
    return with_resampling(found, ("",), Resampling(len(rows), "rows", values))


def _runners_up(values: Floats, owner: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the column `(k,)` of the greatest of each row's values `(k, p)` but that of its owner `(k,)`."""
    others = values.copy()
    others[np.arange(len(values)), owner] = -np.inf
    return np.asarray(others.argmax(axis=1))


@metric(
    "dmig",
    version=1,
    bounds=(None, None),
    better="higher",
    source="arXiv:2110.05587",
    default=False,
    groups=True,
)
def dependency_aware_mutual_information_gap(codes: Codes, factors: Factors, *, num_bins: int = 20) -> Score:
    """Dependency-aware Mutual Information Gap (DMIG): high when each factor's code is ahead, dependence allowed for.

    MIG of perfect codes is below 1 where factors depend on each other, since the code of one factor is then informative
    about the other. DMIG divides the gap by what is left of the factor's entropy once the runner-up's own factor is
    known.

        DMIG = 1/k Σ_j [I(c_j; v_j) - I(c_r; v_j)] / H(v_j given v_r),    r = argmax_{i != j} I(c_i; v_j)

    c_j is the code of factor j, v_r the factor of code r; for a code r without a factor, H(v_j) is the divisor. Each
    factor has one code of its own, chosen so that the sum of their shares of entropy is greatest; the authors have them
    given. For independent factors DMIG is MIG, unless a factor's code is not its best one.

    Does not see: a code that holds several factors. It exceeds 1 where the runner-up's code holds less of its factor
    than all of it, and is negative where a factor's own code is not its best.

    Args:
        codes: `(n, d)`; continuous and cyclic codes are cut into equal-width bins, other kinds count value by value.
        factors: `(n, k)`; likewise. Factors that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The mean gap, a share of conditional entropy: 1 for perfect codes. Undefined with fewer codes than factors, or
        a single code; a factor that the runner-up's determines is left out. Its details hold the gap of each factor,
        the factor's code, and the runner-up.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples or fewer than 2 bins.

    References:
        Watcharasupat and Lerch (2021), arXiv:2110.05587; their package latte-metrics.

    Example:
        The codes are two factors that agree in three rows of four: MIG is 0.19.

        >>> from disentangle_bench.metrics import dependency_aware_mutual_information_gap
        >>> factors = [[0, 0], [0, 0], [0, 0], [0, 1], [1, 1], [1, 1], [1, 1], [1, 0]]
        >>> round(dependency_aware_mutual_information_gap(factors, factors).value, 3)
        1.0
    """
    return _score(_dmig, codes, factors, num_bins)


def _dmig(shared: Shared) -> Score:
    if shared.reason or len(shared.code_names) < 2:
        return Score.undefined(shared.reason or "a gap needs two codes; there is one")
    each, owner = np.arange(len(shared.owner)), shared.owner
    runners_up = _runners_up(shared.codes.T, owner)
    gaps = shared.codes[owner, each] - shared.codes[runners_up, each]
    factor_of = dict(zip(owner.tolist(), each.tolist(), strict=True))
    left = shared.factors.diagonal().copy()
    for factor, code in enumerate(runners_up.tolist()):
        if code in factor_of:
            left[factor] = shared.conditional(factor, factor_of[code])
    names = [shared.code_names[code] for code in runners_up]
    return shared.score(_shares(gaps, left), names, "second_codes", (None, None))


@metric(
    "xmig",
    version=1,
    bounds=(-1, 1),
    better="higher",
    source="Watcharasupat (2021), Controllable Music; latte-metrics",
    default=False,
    groups=True,
)
def dependency_blind_mutual_information_gap(codes: Codes, factors: Factors, *, num_bins: int = 20) -> Score:
    """Dependency-blind Mutual Information Gap (XMIG): high when codes without a factor carry no information.

    MIG whose runner-up is sought only among the codes that are no factor's, so that information which
    factors share does not count.

        XMIG = 1/k Σ_j [I(c_j; v_j) - max_{i spare} I(c_i; v_j)] / H(v_j)

    Each factor j has one code c_j of its own, chosen so that the sum of their shares of entropy is greatest; the
    authors have them given. The other codes are spare.

    Does not see: a factor in the code of another one, whether or not the two depend on each other. Read it beside
    `dmig`.

    Args:
        codes: `(n, d)`; continuous and cyclic codes are cut into equal-width bins, other kinds count value by value.
        factors: `(n, k)`; likewise. Factors that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The mean gap, a share of entropy in [-1, 1]; undefined unless there are more codes than factors. Its details
        hold the gap of each factor, the factor's code, and the spare code that is most informative about it.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples or fewer than 2 bins.

    References:
        Watcharasupat (2021), Controllable Music: Supervised Learning of Disentangled Representations for Music
        Generation; beside DMIG in the package latte-metrics.

    Example:
        The first code is the factor, the second one is independent of it.

        >>> from disentangle_bench.metrics import dependency_blind_mutual_information_gap
        >>> dependency_blind_mutual_information_gap([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 1, 1]).value
        1.0
    """
    return _score(_xmig, codes, factors, num_bins)


def _xmig(shared: Shared) -> Score:
    if shared.reason or len(shared.code_names) == len(shared.factor_names):
        return Score.undefined(shared.reason or "every code is a factor's own, and none is spare")
    each, owner = np.arange(len(shared.owner)), shared.owner
    spare = np.delete(np.arange(len(shared.code_names)), owner)
    most = spare[shared.codes[spare].argmax(axis=0)]
    gaps = shared.codes[owner, each] - shared.codes[most, each]
    return shared.score(
        gaps / np.diag(shared.factors), [shared.code_names[code] for code in most], "spare_codes", (-1, 1)
    )


@metric(
    "dlig",
    version=1,
    bounds=(None, 1),
    better="higher",
    source="Watcharasupat (2021), Controllable Music; latte-metrics",
    default=False,
    groups=True,
)
def dependency_aware_latent_information_gap(codes: Codes, factors: Factors, *, num_bins: int = 20) -> Score:
    """Dependency-aware Latent Information Gap (DLIG): high when each code is informative about its own factor only.

    The counterpart of DMIG that starts from the codes: how much more informative a code is about its factor than about
    any other, as a share of what the other factor leaves open.

        DLIG = 1/k Σ_j [I(c_j; v_j) - I(c_j; v_r)] / H(v_j given v_r),    r = argmax_{l != j} I(c_j; v_l)

    Each factor j has one code c_j of its own, chosen so that the sum of their shares of entropy is greatest; the
    authors have them given.

    Does not see: spare codes, nor a factor that several codes hold. Information is compared in nats, so that a factor
    of many values weighs more than one of few.

    Args:
        codes: `(n, d)`; continuous and cyclic codes are cut into equal-width bins, other kinds count value by value.
        factors: `(n, k)`; likewise. Factors that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The mean gap, a share of conditional entropy: 1 for perfect codes, and at most 1. Undefined with fewer codes
        than factors, or a single factor; a factor that its runner-up determines is left out. Its details hold the gap
        of each factor, the factor's code, and the runner-up.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples or fewer than 2 bins.

    References:
        Watcharasupat (2021), Controllable Music: Supervised Learning of Disentangled Representations for Music
        Generation; beside DMIG in the package latte-metrics.

    Example:
        The codes are two factors that agree in three rows of four.

        >>> from disentangle_bench.metrics import dependency_aware_latent_information_gap
        >>> factors = [[0, 0], [0, 0], [0, 0], [0, 1], [1, 1], [1, 1], [1, 1], [1, 0]]
        >>> round(dependency_aware_latent_information_gap(factors, factors).value, 3)
        1.0
    """
    return _score(_dlig, codes, factors, num_bins)


def _dlig(shared: Shared) -> Score:
    if shared.reason or len(shared.factor_names) < 2:
        return Score.undefined(shared.reason or "a gap between factors needs two factors; there is one")
    each, own = np.arange(len(shared.owner)), shared.codes[shared.owner]
    others = _runners_up(own, each)
    left = [shared.conditional(factor, other) for factor, other in enumerate(others)]
    gaps = _shares(own[each, each] - own[each, others], np.array(left))
    return shared.score(gaps, [shared.factor_names[other] for other in others], "second_factors", (None, 1))


def _shares(gaps: Floats, left: Floats) -> Floats:
    """Divide gaps by the entropies that are left; NaN where nothing is."""
    return np.divide(gaps, left, out=np.full_like(gaps, np.nan), where=left > LEAST)
