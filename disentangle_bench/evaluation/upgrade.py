"""Results of older schemas as today's: the one place where the names of scores are taken apart.

Schema 1 had neither `metric`, `component` nor `code`, and told by its bounds that an association is an eta squared.
Early files of schema 2 do not say what of a score is arbitrary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OF_NO_CODE = {
    "mutual-information": (),
    "mutual-information/fresh": (),
    "mutual-information/nonparametric": (),
    "traversal-consistency": ("overall",),
    "image-measures": ("named",),
}
"""The metrics of schema 1 that scored codes one by one, and their components that belong to no code."""
RENAMED = {"beta-vae": "beta-vae-score", "factor-vae": "factor-vae-score"}
RESPELLED = "gaussian-wasserstein-correlation.normalised", "gaussian-wasserstein-correlation.normalized"


def upgraded(values: Any) -> Any:
    """The content of a `results.json` of any schema as of today's; what is damaged stays for validation to refuse."""
    if not isinstance(values, dict) or "scores" not in values:
        return values
    schema = max(values.get("schema_version", 0), 2)
    return {**values, "schema_version": schema, "scores": upgraded_scores(values["scores"])}


def upgraded_scores(scores: Any) -> Any:
    """Scores of any schema with today's fields, and under the names that metrics have today."""
    if not isinstance(scores, Mapping):
        return scores
    return _with_arbitrary(dict(_upgraded(name, entry) for name, entry in scores.items()))


def _with_arbitrary(scores: dict[str, Any]) -> dict[str, Any]:
    """Say of associations of codes with measures what is arbitrary; before `arbitrary`, their bounds said the kind."""
    old = {
        name: entry
        for name, entry in scores.items()
        if isinstance(entry, Mapping)
        and entry.get("metric") == "image-measures"
        and entry.get("code") is not None
        and "arbitrary" not in entry
    }
    codes = {entry["code"] for entry in old.values()}
    unsigned = {entry["code"] for entry in old.values() if entry.get("bounds") == [0, 1]}
    for name, entry in old.items():
        alike = unsigned if entry["code"] in unsigned else codes - unsigned
        arbitrary = [*([] if alike is unsigned else ["sign"]), *(["code"] if len(alike) > 1 else [])]
        scores[name] = {**entry, "arbitrary": arbitrary}
    return scores


def _upgraded(name: str, entry: Any) -> tuple[str, Any]:
    if name == RESPELLED[0] and isinstance(entry, Mapping):
        name, entry = RESPELLED[1], {**entry, "component": "normalized"}
    written, _, rest = name.partition(".")
    metric = RENAMED.get(written, written)
    full = f"{metric}.{rest}" if rest else metric
    if not isinstance(entry, Mapping) or "metric" in entry:
        return full, entry
    code, component = None, rest
    if rest and metric in OF_NO_CODE and rest not in OF_NO_CODE[metric]:
        code, _, component = rest.partition(".")
    fields = {"metric": metric, "component": component, "code": code, **entry}
    if metric == "image-measures" and code is not None and entry.get("value") is not None:
        association = "eta squared" if entry.get("bounds") == [0, 1] else "rank correlation"
        fields["details"] = {"association": association, **entry.get("details", {})}
    return full, fields
