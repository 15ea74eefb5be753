"""Scores that are kept, held to what a command asks for: options of an evaluation do not change them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from disentangle_bench.errors import SettingError
from disentangle_bench.evaluation.choices import CHOICES, say_choices
from disentangle_bench.evaluation.results import Results, plain
from disentangle_bench.run import Run

Settings = Mapping[str, Mapping[str, Any]]


def require_no_choice(run: Run, select: Mapping[str, Any]) -> None:
    """Refuse a choice of codes and factors of a run, whose codes and factors are what its model and dataset declare.

    Raises:
        SettingError: something is chosen.
    """
    if select:
        raise SettingError(
            f"Codes and factors can be chosen of a file, and {run.path} is a run.",
            f"Once it is evaluated, give the file with its codes: {run.representation_file}.",
        )


def require_as_asked(
    results: Results, path: Path, *, settings: Settings, select: Mapping[str, Any], rows: int | None, seed: int
) -> None:
    """Refuse scores that were made with other settings, codes, factors, rows or another seed than are asked for.

    Args:
        results: that are kept.
        path: of their run or file.
        settings: metric name -> settings that are asked for.
        select: which codes and factors are, as arguments of `Representation.select`.
        rows: how many samples are; None for any number.
        seed: of the evaluation; 0 for any.

    Raises:
        SettingError: they were made with others, or something is chosen by its position in a file that is not there.
    """
    if position := _position(results, select):
        raise SettingError(
            f"The scores in {path} do not say which code or factor stood at position {position} of its file.",
            "Choose codes and factors by name.",
        )
    unlike = (
        _unlike_settings(results, settings) or _unlike_rows(results, rows, seed) or _unlike_selection(results, select)
    )
    if unlike:
        how = f"`dbench eval {path}` with the same options scores it so"
        if path.is_file():
            how = "Compare the file of codes itself, or its scores by `dbench eval` with the same options"
        raise SettingError(f"The scores in {path} are {unlike}.", f"{how}; or leave the option out.")


def _unlike_settings(results: Results, settings: Settings) -> str:
    for metric, scores in results.by_metric().items():
        for key, value in settings.get(metric, {}).items():
            [had, *_] = [entry.settings.get(key) for entry in scores.values()]
            if had != plain(value):
                return f"of {metric} with {key} = {had}, not {value}"
    return ""


def _unlike_rows(results: Results, rows: int | None, seed: int) -> str:
    samples, had = results.subject.get("samples"), results.provenance.get("seed")
    of_all = "drawn_from" not in results.subject
    if rows is not None and samples is not None and (samples > rows or (samples < rows and not of_all)):
        return f"of {samples:,} samples, not of {rows:,}"
    return f"by seed {had}, not by seed {seed}" if seed and had not in (None, seed) else ""


def _position(results: Results, select: Mapping[str, Any]) -> str:
    """Return the first choice that is a position; a number may be the name of a code or factor as well."""
    names = {each["name"] for part in ("codes", "factors") for each in results.subject.get(part, ())}
    merged = (select.get("groups") or {}).values()
    chosen = [*(select.get("codes") or ()), *(select.get("factors") or ()), *(name for of in merged for name in of)]
    positions = (str(each) for each in chosen if str(each).isdecimal() and str(each) not in names)
    return next(positions, "")


def _unlike_selection(results: Results, select: Mapping[str, Any]) -> str:
    made = results.subject.get(CHOICES) or {}
    merge = {name: list(columns) for name, columns in (select.get("groups") or {}).items()}
    codes, missing = list(map(str, select.get("codes") or ())), sorted(map(str, select.get("missing") or ()))
    asked = {"codes": codes, "merge": merge, "missing": missing}
    unlike = {key: choice for key, choice in asked.items() if choice and made.get(key) != choice}
    if unlike:
        return f"with {say_choices(made)}, not with {say_choices(unlike)}"
    return _unlike_factors(results, select)


def _unlike_factors(results: Results, select: Mapping[str, Any]) -> str:
    described = {each["name"]: each["kind"] for part in ("codes", "factors") for each in results.subject.get(part, ())}
    had = [factor["name"] for factor in results.subject.get("factors", ())]
    wanted = list(map(str, select.get("factors") or ()))
    if wanted and wanted != had:
        return f"of the factors {', '.join(had) or 'none'}, not of {', '.join(wanted)}"
    for name, kind in (select.get("kinds") or {}).items():
        if described.get(name) != kind:
            return f"of {name} as {described.get(name, 'nothing')}, not as {kind}"
    return ""
