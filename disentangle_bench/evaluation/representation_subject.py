"""Codes and, where known, factors as a subject."""

from __future__ import annotations

import logging
from typing import Any

from disentangle_bench.errors import RepresentationError
from disentangle_bench.evaluation.description import describe_samples, doubts
from disentangle_bench.evaluation.digests import digest_of, fingerprint_of
from disentangle_bench.evaluation.evaluated import drawn_rows
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.metrics.inputs import MINIMUM, drawn_mask
from disentangle_bench.representation import Representation

_log = logging.getLogger(__name__)


def subject_of_representation(
    representation: Representation, name: str, seed: int = 0, *, rows: int | None = None
) -> Subject:
    """Make a subject of codes and, where known, factors.

    Args:
        representation: without a train mask, two thirds of its rows are drawn for it.
        name: for tables.
        seed: of that draw.
        rows: evaluate so many of the rows, drawn at random but the same for every representation of as many rows; by
            default all of them.

    Raises:
        RepresentationError: so few samples that no metric can be computed. SettingError: so few rows.
    """
    samples = len(representation.codes)
    if samples < MINIMUM:
        raise RepresentationError(f"There are only {samples} samples in {name}.", f"Give {MINIMUM} or more.")
    drawn = drawn_rows(samples, rows)
    data = representation if drawn is None else representation.rows(drawn)
    parts: dict[str, Any] = {"codes": data.codes}
    if data.factors is not None:
        for doubt in doubts(data.factors):
            _log.warning("%s", doubt)
        parts["factors"] = data.factors
        parts["train"] = drawn_mask(len(data.codes), seed) if data.train is None else data.train
    if data.posterior:
        parts["posterior_parameters"] = data.posterior
    fingerprint = fingerprint_of(data.factors, parts.get("train"))
    info = {
        "kind": "representation",
        "samples": len(data.codes),
        **({} if drawn is None else {"drawn_from": samples}),
        **describe_samples(
            data.codes.names, data.codes.kinds, data.factors, parts.get("train"), widths=data.codes.widths
        ),
        "data_sha256": digest_of(data.codes, data.factors, data.train, *data.posterior.values()),
        "samples_sha256": fingerprint or None,
    }
    return Subject(name, parts, info, fingerprint, seed if data.train is None else None)
