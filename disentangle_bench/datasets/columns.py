"""Columns of the user's own values, as factors: which kind each is, and which class each value stands for.

What is not said is guessed: text is categorical, and so are whole numbers from 0 on without gaps; numbers of which no
more than 100 differ, each there twice on average, are ordinal; all others are continuous.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.factor import Factor, as_variables
from disentangle_bench.datasets.table import Table
from disentangle_bench.errors import DataError, SettingError
from disentangle_bench.representation.kinds import KINDS, Kind
from disentangle_bench.representation.variables import Variables

LABELS = ("class", "label")
_FEW = 100

Columns = Mapping[str, NDArray[np.generic]]


def parse_kinds(text: str) -> dict[str, Kind]:
    """What a setting such as `azimuth=cyclic,shape=categorical` says.

    Raises:
        SettingError: it is not in that form, or a kind that there is not.
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
    """The factors that columns `(n,)` of text or numbers are, and their values `(n, k)`; None of no columns.

    A factor with classes is given by their numbers, in the order of the values that they stand for.

    Raises:
        SettingError: a kind for a column that there is not.
        DataError: values that are NaN or infinite, or text where the kind wants numbers.
    """
    for name in kinds:
        if name not in columns:
            raise SettingError(f"kinds names {name!r}, which {where} does not have.", f"It has {_listed(columns)}.")
    if not columns:
        return (), None
    pairs = [_factor(name, values, kinds.get(name), where) for name, values in columns.items()]
    factors = tuple(factor for factor, _ in pairs)
    stacked = np.stack([values for _, values in pairs], axis=1)
    return factors, as_variables(factors, stacked.astype(np.int64) if all(f.size for f in factors) else stacked)


def numbers(table: Table, kinds: Mapping[str, Kind], leave: Sequence[str] = ()) -> dict[str, NDArray[np.generic]]:
    """The columns of a table, as numbers where they are; without those to leave out.

    Raises:
        DataError: most values of a column are numbers and some are not, unless it is said to be categorical.
    """
    chosen = {name: texts for name, texts in table.columns.items() if name not in leave}
    return {name: _numbers(table, name, texts, kinds.get(name)) for name, texts in chosen.items()}


def label_of(factors: Sequence[Factor]) -> str | None:
    """The categorical factor that is called `class` or `label`, if there is one."""
    named = [factor.name for factor in factors if factor.kind == "categorical" and factor.name.lower() in LABELS]
    return named[0] if named else None


def _numbers(table: Table, name: str, texts: NDArray[np.str_], kind: Kind | None) -> NDArray[np.generic]:
    values = [_number(text) for text in texts.tolist()]
    bad = [row for row, value in enumerate(values) if value is None]
    if not bad:
        return np.array(values, dtype=np.float64)
    if kind == "categorical" or (kind is None and 2 * len(bad) > len(values)):
        return texts
    raise DataError(
        f"{table.where}: line {table.lines[bad[0]]}: {str(texts[bad[0]])!r} in the column {name!r} is not a number; "
        f"{len(values) - len(bad)} of its {len(values)} values are.",
        f"Repair it, or set kinds to {name}=categorical.",
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _factor(
    name: str, values: NDArray[np.generic], kind: Kind | None, where: str
) -> tuple[Factor, NDArray[np.float64]]:
    is_text = values.dtype.kind == "U"
    if not is_text:
        values = values.astype(np.float64)
        broken = int((~np.isfinite(values)).sum())
        if broken:
            raise DataError(
                f"{where}: {broken} values of {name!r} are NaN or infinite.", "Repair or remove those rows."
            )
    if is_text and kind not in (None, "categorical"):
        raise DataError(f"{where}: {name!r} is {kind} and holds text.", "Give numbers.")
    known, ranks = np.unique(values, return_inverse=True)
    kind = kind or _guess(known, len(values), is_text)
    if kind == "continuous":
        return Factor(name, kind), values.astype(np.float64)
    if not is_text and np.array_equal(known, np.arange(len(known))):
        return Factor(name, kind, len(known)), ranks.astype(np.float64)
    return Factor.of(name, kind, known.tolist()), ranks.astype(np.float64)


def _guess(known: NDArray[np.generic], n: int, is_text: bool) -> Kind:
    if is_text or np.array_equal(known, np.arange(len(known))):
        return "categorical"
    return "ordinal" if len(known) <= min(_FEW, n // 2) else "continuous"


def _listed(columns: Columns) -> str:
    return ", ".join(columns) or "no columns"
