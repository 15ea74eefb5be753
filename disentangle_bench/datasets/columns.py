"""Columns of the user's own values, as factors: the kind of each, and the class that each value stands for.

A kind that is not given is guessed. Text is categorical, and so are integers from 0 on without gaps; numbers with at
most 100 distinct values, each of which occurs twice on average, are ordinal; all others are continuous. Unknown values
are NaN among numbers, and empty among texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.factor import Factor, as_variables
from disentangle_bench.datasets.table import Table
from disentangle_bench.errors import DataError, SettingError
from disentangle_bench.representation.kinds import KINDS, Kind, are_decimals, is_unknown
from disentangle_bench.representation.variables import Variables

LABELS = ("class", "label")
_FEW = 100

Columns = Mapping[str, NDArray[np.generic]]


def parse_kinds(text: str) -> dict[str, Kind]:
    """Parse a setting such as `azimuth=cyclic,shape=categorical`.

    Raises:
        SettingError: it is not in that form, or names an unknown kind.
    """
    found: dict[str, Kind] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, kind = (side.strip() for side in part.partition("="))
        if not name or kind not in KINDS:
            raise SettingError(
                f"kinds = {text!r} cannot be read at {part!r}.", f"NAME=KIND; kinds: {', '.join(KINDS)}."
            )
        found[name] = cast("Kind", kind)
    return found


def as_factors(columns: Columns, kinds: Mapping[str, Kind], where: str) -> tuple[tuple[Factor, ...], Variables | None]:
    """Turn columns `(n,)` of text or numbers into factors and their values `(n, k)`; None without columns.

    A factor with classes is given by their numbers, in the order of the values that they stand for; NaN is unknown.

    Raises:
        SettingError: a kind for an unknown column.
        DataError: infinite values, none that is known, text where the kind wants numbers, or decimals as text.
    """
    for name in kinds:
        if name not in columns:
            raise SettingError(
                f"kinds names {name!r}, which {where} does not have.", f"It has {', '.join(columns) or 'no columns'}."
            )
    if not columns:
        return (), None
    pairs = [_factor(name, values, kinds.get(name), where) for name, values in columns.items()]
    factors = tuple(factor for factor, _ in pairs)
    stacked = np.stack([values for _, values in pairs], axis=1)
    are_classes = all(factor.size for factor in factors) and not np.isnan(stacked).any()
    return factors, as_variables(factors, stacked.astype(np.int64) if are_classes else stacked)


def numbers(table: Table, kinds: Mapping[str, Kind], leave: Sequence[str] = ()) -> dict[str, NDArray[np.generic]]:
    """Return the columns of a table except some, as numbers where they are numbers.

    Raises:
        DataError: most values of a column are numbers and some are not, unless its kind is given as categorical.
    """
    found: dict[str, NDArray[np.generic]] = {}
    for name, texts in table.columns.items():
        if name in leave:
            continue
        values, bad = np.full(len(texts), np.nan), []
        known = np.flatnonzero(texts != "").tolist()
        for row in known:
            try:
                values[row] = float(texts[row])
            except ValueError:
                bad.append(row)
        kind = kinds.get(name)
        if bad and kind != "categorical" and (kind is not None or 2 * len(bad) <= len(known)):
            raise DataError(
                f"{table.where}: line {table.lines[bad[0]]}: {str(texts[bad[0]])!r} in the column {name!r} is not a "
                f"number; {len(known) - len(bad)} of its {len(known)} values are.",
                f"Repair it, or set kinds to {name}=categorical.",
            )
        found[name] = texts if bad else values
    return found


def label_of(factors: Sequence[Factor], wanted: str = "") -> str | None:
    """Return the name of the factor that is an image's class, if any.

    Args:
        factors: among which it is.
        wanted: its name; by default it is the categorical one called `class` or `label`.

    Raises:
        SettingError: there is no factor of the wanted name, or it has no classes.
    """
    if wanted:
        with_classes = [factor.name for factor in factors if factor.size is not None]
        if wanted not in with_classes:
            raise SettingError(
                f"label = {wanted!r} is not a factor with classes.",
                f"Those are {', '.join(with_classes) or 'none'}; kinds declares others.",
            )
        return wanted
    named = [factor.name for factor in factors if factor.kind == "categorical" and factor.name.lower() in LABELS]
    return named[0] if named else None


def _factor(
    name: str, values: NDArray[np.generic], kind: Kind | None, where: str
) -> tuple[Factor, NDArray[np.float64]]:
    is_text = values.dtype.kind == "U"
    if not is_text:
        values = values.astype(np.float64)
        if broken := int(np.isinf(values).sum()):
            raise DataError(f"{where}: {broken} values of {name!r} are infinite.", "Repair or remove those rows.")
    if is_text and kind not in (None, "categorical"):
        raise DataError(f"{where}: {name!r} is {kind} and holds text.", "Give numbers.")
    given = values[~is_unknown(values)]
    if is_text and kind is None and are_decimals(values):
        raise DataError(
            f"{where}: {name!r} holds numbers as text, such as {str(given[0])!r}.",
            f"Give numbers, or set kinds to {name}=categorical, if they are names.",
        )
    if not len(given):
        raise DataError(f"{where}: no value of {name!r} is known.", "Leave the column out.")
    known, places = np.unique(given, return_inverse=True)
    ranks = np.full(len(values), np.nan)
    ranks[~is_unknown(values)] = places
    if kind is None:
        few = len(known) <= min(_FEW, len(given) // 2)
        numbered = is_text or np.array_equal(known, np.arange(len(known)))
        kind = "categorical" if numbered else "ordinal" if few else "continuous"
    if kind == "continuous":
        return Factor(name, kind), values.astype(np.float64)
    if not is_text and np.array_equal(known, np.arange(len(known))):
        return Factor(name, kind, len(known)), ranks
    return Factor.of(name, kind, known.tolist()), ranks
