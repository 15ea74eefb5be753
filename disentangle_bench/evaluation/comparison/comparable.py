"""Why two scores are not of the same: other data, another version of the metric, other settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from disentangle_bench.evaluation.choices import unlike_choices
from disentangle_bench.evaluation.results import OF_IMAGES, Results, ScoreEntry

ASIDE = ("seed", "bootstrap")
"""Settings of metrics that do not change what is measured."""
Group = Sequence[Results]


def seed_of(results: Results) -> int | None:
    """The seed of a run, where known."""
    seed = results.subject.get("seed")
    return int(seed) if seed is not None else None


def paired_runs(first: Group, second: Group) -> list[tuple[Results, Results]]:
    """Pair two groups by seed, if both have the same ones; empty otherwise."""
    seeds = [seed_of(results) for results in first]
    others = {seed_of(results): results for results in second}
    if None in seeds or set(seeds) != set(others) or len(others) < len(second):
        return []
    return [(results, others[seed]) for results, seed in zip(first, seeds, strict=True)]


def unlike_data(first: Group, second: Group) -> str:
    """Say in what the data of two groups differ, seed by seed where they are paired; empty if nothing is known to."""
    pairs = paired_runs(first, second) or [*product(first[:1], second), *product(first[1:], second[:1])]
    return next(filter(None, (_unlike(before.subject, after.subject) for before, after in pairs)), "")


def is_unchecked(first: Group, second: Group) -> bool:
    """Whether it is not known of two groups that their data are the same."""
    return any(
        not _hashes(before.subject).keys() & _hashes(after.subject).keys()
        for before, after in (paired_runs(first, second) or [(first[0], second[0])])
        if before.scores and after.scores
    )


def _hashes(subject: Mapping[str, Any]) -> dict[str, str]:
    """What is known of a subject's data: of a run or a model images, factors and split; of a file factors and split."""
    keys = {"samples_sha256": "factors or train rows"}
    if subject.get("kind") in OF_IMAGES:
        keys["data_sha256"] = "images, factors or train rows"
    return {what: subject[key] for key, what in keys.items() if subject.get(key) is not None}


def _unlike(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Of what is known of both, the first thing that differs."""
    for key, say in {
        "dataset": "of {}, not of {}",
        "samples": "of {:,} samples, not of {:,}",
        "train": "with {:,} rows to fit on, not with {:,}",
    }.items():
        both = after.get(key), before.get(key)
        if None not in both and both[0] != both[1]:
            return say.format(*both)
    if unlike := _unlike_factors(before.get("factors"), after.get("factors")) or unlike_choices(before, after):
        return unlike
    known, others = _hashes(before), _hashes(after)
    differing = [what for what in known if known[what] != others.get(what, known[what])]
    return f"of other samples: {differing[0]} differ" if differing else ""


def _unlike_factors(before: Sequence[Mapping[str, Any]] | None, after: Sequence[Mapping[str, Any]] | None) -> str:
    if before is None or after is None:
        return ""
    names, others = [factor["name"] for factor in before], [factor["name"] for factor in after]
    if names != others:
        return f"of the factors {', '.join(others)}, not of {', '.join(names)}"
    for one, other in zip(before, after, strict=True):
        for key, what in {"kind": "kind", "classes": "number of classes"}.items():
            if one.get(key) != other.get(key):
                return f"of a factor {one['name']} whose {what} is {other.get(key)}, not {one.get(key)}"
    return ""


def unlike_entries(entries: Sequence[ScoreEntry]) -> str:
    """Say why these entries are not the same measurement; empty if they are.

    Another seed of a metric's own, or more resamples for its interval, do not make it another.
    """
    versions = sorted({entry.version for entry in entries})
    if len(versions) > 1:
        return f"by versions {' and '.join(map(str, versions))} of the metric"
    settings = [{key: value for key, value in entry.settings.items() if key not in ASIDE} for entry in entries]
    keys = sorted({key for each in settings for key in each})
    unlike = [key for key in keys if any(each.get(key) != settings[0].get(key) for each in settings)]
    return f"with a different {', '.join(unlike)}" if unlike else ""
