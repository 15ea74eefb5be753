"""What codes hold of factors, as heat maps: mutual information, and the importances of DCI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from disentangle_bench.evaluation.known_rows import BY_FACTOR
from disentangle_bench.evaluation.metric_call import MetricCall
from disentangle_bench.evaluation.results import Results
from disentangle_bench.metrics.information.mutual_information_matrix import mutual_information_matrix
from disentangle_bench.reports.figures.heat_map import Panel, Scale, heat_map, values_as_text
from disentangle_bench.representation.variables import Variables

HALVES = (0, 0.5, 1)


def information_map(shares: ArrayLike, codes: Sequence[str], factors: Sequence[str], *, title: str = "") -> Figure:
    """Draw how much of each factor's entropy each code holds.

    Args:
        shares: `(codes, factors)`, I(c; v) / H(v) in [0, 1].
        codes: a name for each row.
        factors: a name for each column.
        title: above the matrix.
    """
    values = np.asarray(shares, dtype=np.float64)
    scale = Scale("Blues", 0, 1, "mutual information, share of the factor's entropy", HALVES)
    return _map(values, codes, factors, scale, title)


def importance_map(importances: ArrayLike, codes: Sequence[str], factors: Sequence[str], *, title: str = "") -> Figure:
    """Draw how important each code is to predict each factor, as DCI weighs it.

    Args:
        importances: `(codes, factors)`; those for one factor sum to 1 if the predictor normalizes them.
        codes: a name for each row.
        factors: a name for each column.
        title: above the matrix.
    """
    values = np.asarray(importances, dtype=np.float64)
    scale = Scale("Greens", 0, max(1.0, float(values.max(initial=0))), "importance for predicting the factor", HALVES)
    return _map(values, codes, factors, scale, title)


def _map(values: np.ndarray, codes: Sequence[str], factors: Sequence[str], scale: Scale, title: str) -> Figure:
    panel = Panel(values, values_as_text(values))
    return heat_map([panel], codes, factors, scale, title=title, xlabel="factor", ylabel="code")


def figures_of(results: Results, parts: Mapping[str, Any]) -> dict[str, Figure]:
    """Draw the heat maps of a subject with codes and factors, by name.

    Mutual information is computed if it was not scored; importances are those that `dci` and its variants scored.
    """
    if "codes" not in parts or "factors" not in parts:
        return {}
    figures = {}
    details = information_shares(results, parts["codes"], parts["factors"])
    if "shares" in details:
        title = f"{results.name}: mutual information"
        figures["mutual-information"] = information_map(
            details["shares"], details["codes"], details["factors"], title=title
        )
    for metric, of in importances_of(results).items():
        title = f"{results.name}: importances of {metric.upper() if metric == 'dci' else metric}"
        name = f"{metric.replace('/', '-')}-importances"
        figures[name] = importance_map(of["importances"], of["codes"], of["factors"], title=title)
    return figures


def importances_of(results: Results) -> dict[str, Mapping[str, Any]]:
    """Look up the matrices of importances that were scored: metric -> `importances` `(d, k)`, `codes` and `factors`."""
    found: dict[str, Mapping[str, Any]] = {}
    for entry in results.scores.values():
        if "importances" in entry.details:
            found.setdefault(entry.metric, entry.details)
    return found


def information_shares(results: Results, codes: Any, factors: Any) -> Mapping[str, Any]:
    """Look up the matrix of mutual information, or compute it if it was not scored.

    Args:
        results: of the subject.
        codes: `(n, d)`.
        factors: `(n, k)`.

    Returns:
        `shares` `(d, k)` of the factors' entropies with the names of `codes` and `factors`; nothing if no factor
        varies.
    """
    entry = results.scores.get("mutual-information-matrix")
    if entry is not None:
        return _side_by_side(entry.details)
    wrapped = Variables.wrap(codes), Variables.wrap(factors, prefix="f")
    return _side_by_side(MetricCall(mutual_information_matrix, *wrapped, None, {}).scores()[""].details)


def _side_by_side(details: Mapping[str, Any]) -> Mapping[str, Any]:
    """The matrix of factors that were scored one by one, each on the rows where it is known; or what was given."""
    each = {name: of["details"] for name, of in details.get(BY_FACTOR, {}).items() if "shares" in of["details"]}
    if not each:
        return details
    shares = np.concatenate([of["shares"] for of in each.values()], axis=1)
    return {"shares": shares, "codes": next(iter(each.values()))["codes"], "factors": list(each)}
