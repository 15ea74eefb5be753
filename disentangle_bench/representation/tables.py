"""Arrays as people have them, as plain columns: tensors, data frames, structured arrays, lists of batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import RepresentationError
from disentangle_bench.representation.kinds import Kind, are_decimals, guess_kind, is_unknown

GREATEST = 1e151
"""The sum of the squares of a million such numbers is finite."""
EXPECTED_SHAPE = "Give an array of the shape (samples, variables), with one sample or more."


class Table(NamedTuple):
    """Columns `(n, d)` of numbers or text, with the names and kinds that came with them, if any did."""

    values: NDArray[Any]
    names: tuple[str, ...] | None = None
    kinds: tuple[Kind, ...] | None = None


def as_table(values: Any, what: str, *, partly: bool = False, declared: bool = False) -> Table:
    """Columns of an array `(n, d)` or `(n,)`, a tensor, a list of batches of either, or a table with named columns.

    Tensors may be on any device, of any type and part of a graph. Columns of a pandas DataFrame, a Series and a
    structured array keep their names and have a kind each; text beside numbers becomes the numbers of its sorted
    values. Numbers of less or more than double precision become double.

    Args:
        values: the columns.
        what: codes or factors, for messages.
        partly: whether values may be unknown: masked, NaN, None or empty text. Unknown numbers become NaN, unknown
            texts empty.
        declared: whether the kinds of the columns are given, so that numbers as text may be categories.

    Raises:
        RepresentationError: another shape or type, masked values where none may be unknown, or decimals as text.
    """
    named = _named_columns(values, what)
    if named is None:
        return Table(as_columns(values, what, partly=partly))
    columns = {name: as_columns(column, f"{what} {name!r}", partly=partly)[:, 0] for name, column in named.items()}
    if not columns:
        raise RepresentationError(f"The {what} have no columns.", EXPECTED_SHAPE)
    kinds = tuple(guess_kind(column.dtype) for column in columns.values())
    is_text = [column.dtype.kind == "U" for column in columns.values()]
    if not declared:
        refuse_decimals(columns)
    plain = [
        _ranks(column) if text and not all(is_text) else column
        for column, text in zip(columns.values(), is_text, strict=True)
    ]
    return Table(np.stack(plain, axis=1), tuple(columns), kinds)


def refuse_decimals(columns: Mapping[str, NDArray[Any]]) -> None:
    """Refuse columns `(n,)` of text that holds numbers with decimals, which would silently count as categories.

    Raises:
        RepresentationError: there are any.
    """
    for name, column in columns.items():
        if column.dtype.kind == "U" and are_decimals(column):
            raise RepresentationError(
                f"Column {name!r} holds numbers as text, such as {str(column[column != ''][0])!r}.",
                "Make them numbers, as by .astype(float). If they are names, give the kinds, its own as categorical.",
            )


def _ranks(texts: NDArray[np.str_]) -> NDArray[Any]:
    """The numbers, from 0, of sorted texts; NaN for unknown ones."""
    unknown = is_unknown(texts)
    if not unknown.any():
        return np.unique(texts, return_inverse=True)[1]
    ranks = np.full(len(texts), np.nan)
    ranks[~unknown] = np.unique(texts[~unknown], return_inverse=True)[1]
    return ranks


def _named_columns(values: Any, what: str) -> dict[str, Any] | None:
    """The columns of a table, or of a list of tables, by name; None for what has no named columns."""
    if isinstance(values, list | tuple) and values and all(_is_table(batch) for batch in values):
        return _joined([_named_columns(batch, what) or {} for batch in values], what)
    if hasattr(values, "iloc"):  # a DataFrame or a Series; pandas itself need not be installed
        frame = values.to_frame(name=what if values.name is None else values.name) if values.ndim == 1 else values
        columns = {str(name): frame.iloc[:, place].to_numpy() for place, name in enumerate(frame.columns)}
        if len(columns) < frame.shape[1]:
            raise RepresentationError(f"Several columns of the {what} have one name.", "Give each a name of its own.")
        return columns
    fields = getattr(getattr(values, "dtype", None), "names", None)
    return {name: values[name] for name in fields} if fields else None


def _is_table(batch: Any) -> bool:
    return (
        batch.ndim == 2 if hasattr(batch, "iloc") else isinstance(batch, np.ndarray) and batch.dtype.names is not None
    )


def _joined(batches: Sequence[dict[str, Any]], what: str) -> dict[str, Any]:
    first, *others = batches
    if any(list(batch) != list(first) for batch in others):
        raise RepresentationError(f"The batches of the {what} differ in their columns.", "Give each the same ones.")
    columns = {name: [batch[name] for batch in batches] for name in first}
    return {  # plainly joined, masked arrays lose their masks
        name: (np.ma if any(map(np.ma.isMaskedArray, of)) else np).concatenate(of) for name, of in columns.items()
    }


def refuse_other_order(tables: Mapping[str, Any]) -> None:
    """Refuse tables of pandas whose rows have the same labels in another order: rows are paired by their position.

    Args:
        tables: what each is -> a table, or anything else, which has no labels.

    Raises:
        RepresentationError: there are two such tables.
    """
    labels = [(what, table.index) for what, table in tables.items() if hasattr(table, "iloc")]
    for (what, rows), (other, others) in pairwise(labels):
        if len(rows) == len(others) and not rows.equals(others) and set(rows) == set(others):
            raise RepresentationError(
                f"The rows of {what} and {other} have the same labels in another order.",
                "Rows are paired by position: sort both alike, as by sort_index(), or drop the labels by to_numpy().",
            )


def as_columns(values: Any, what: str, *, partly: bool = False) -> NDArray[Any]:
    """Numbers or text `(n, d)`, with n and d at least 1; for `partly` see `as_table`.

    Raises:
        RepresentationError: something else.
    """
    try:
        array = _as_array(values, what, partly=partly)
        if array.dtype.kind in "OT":
            array = _without_objects(array, partly=partly)
        if array.dtype.kind == "S":
            array = np.char.decode(array, "utf-8")
    except ValueError as error:
        raise RepresentationError(f"The {what} are not an array: {error}.", EXPECTED_SHAPE) from error
    if array.ndim == 0:
        raise RepresentationError(f"The {what} are of the type {type(values).__name__}.", EXPECTED_SHAPE)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.size == 0:
        raise RepresentationError(f"The {what} have the shape {array.shape}.", EXPECTED_SHAPE)
    if array.dtype.kind not in "biufU":
        raise RepresentationError(f"The {what} are of the type {array.dtype}.", "Give numbers or text, none missing.")
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        return array.astype(np.float64)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _as_array(values: Any, what: str, *, partly: bool) -> NDArray[Any]:
    if isinstance(values, list | tuple) and values and all(getattr(batch, "ndim", 0) == 2 for batch in values):
        return np.concatenate([_as_array(batch, what, partly=partly) for batch in values])
    values = _with_mask(values)
    if partly and isinstance(values, np.ma.MaskedArray) and np.ma.getmaskarray(values).any():
        return _unknown(values)
    return as_array(values, what)


def _with_mask(values: Any) -> Any:
    """Rows as a masked array if some are masked, whose masks NumPy drops; anything else as it is."""
    if isinstance(values, list | tuple) and any(map(np.ma.isMaskedArray, values)):
        return np.ma.array(values)
    return values


def _unknown(values: np.ma.MaskedArray[Any, Any]) -> NDArray[Any]:
    masked = np.ma.getmaskarray(values)
    if values.dtype.kind in "US":
        return np.where(masked, values.dtype.type(), values.data)
    return np.where(masked, np.nan, values.data)


def as_array(values: Any, what: str) -> NDArray[Any]:
    """An array of anything that is one: of a torch tensor on any device, of any type and layout and with any gradient.

    torch itself need not be imported.

    Args:
        values: an array, a tensor, or nested lists.
        what: they are, for messages.

    Raises:
        RepresentationError: masked values, which would lose their mask; a tensor without values, such as one on the
            meta device; lists of different lengths.
    """
    values = _with_mask(values)
    if np.ma.isMaskedArray(values) and (masked := np.ma.getmaskarray(values)).any():
        raise RepresentationError(
            f"{masked.sum()} of {values.size} values of the {what} are masked.", "Fill them, or leave out their rows."
        )
    if hasattr(values, "detach"):
        return _off_the_device(values, what)
    try:
        array = np.asarray(values)
        if array.dtype.kind == "U" and isinstance(values, list | tuple):  # NumPy writes numbers beside text as text
            objects = np.array(values, dtype=object)
            return array if all(isinstance(value, str) for value in objects.flat) else objects
        return array
    except ValueError as error:
        raise RepresentationError(f"The {what} are not an array: {error}.", "Give rows of one length.") from error


def _off_the_device(values: Any, what: str) -> NDArray[Any]:
    try:
        tensor = values.detach().cpu()
        tensor = tensor.dequantize() if tensor.is_quantized else tensor.to_dense()
        known = str(tensor.dtype) in ("torch.float16", "torch.float32", "torch.float64")
        tensor = tensor if known or not tensor.is_floating_point() else tensor.float()
        array: NDArray[Any] = tensor.resolve_conj().resolve_neg().numpy()
    except (RuntimeError, TypeError) as error:
        raise RepresentationError(
            f"The {what} are a tensor of {values.dtype} on {values.device} that cannot be read: {error}.",
            "Give a dense one with values.",
        ) from error
    return array


def _without_objects(array: NDArray[Any], *, partly: bool) -> NDArray[Any]:
    """Numbers or text from objects, those that are missing as NaN or ""; the same objects if some are of either."""
    # None, NaN, or the NA or NaT of pandas, which need not be installed
    names = ("NoneType", "NAType", "NaTType")
    absent = [type(value).__name__ in names or bool(value != value) for value in array.flat]  # noqa: PLR0124
    missing = np.reshape(absent, array.shape)
    texts = sum(isinstance(value, str) for value in array[~missing])
    if texts not in (0, np.count_nonzero(~missing)) or (texts and missing.any() and not partly):
        return array
    filled = np.where(missing, "" if texts else np.nan, array) if missing.any() else array
    return np.asarray(filled.tolist())


def broken_columns(values: NDArray[Any], *, partly: bool = False) -> NDArray[np.int64]:
    """How many values of each column `(d,)` are infinite or, unless they may be partly unknown, NaN."""
    if values.dtype.kind != "f":
        return np.zeros(values.shape[1], dtype=np.int64)
    broken = np.isinf(values) if partly else ~np.isfinite(values)
    return np.asarray(broken.sum(axis=0))


def refuse_broken(broken: NDArray[np.int64], samples: int, names: Sequence[str], what: str = "NaN or infinite") -> None:
    """Refuse columns with values that no metric can use.

    Args:
        broken: `(d,)` how many values of each column are.
        samples: how many values a column has.
        names: of the columns.
        what: they are.

    Raises:
        RepresentationError: there are any.
    """
    for name, count in zip(names, broken, strict=True):
        if count:
            raise RepresentationError(
                f"Column {name!r} has {count} of {samples} values that are {what}.", "Remove or repair those rows."
            )


def refuse_huge(values: NDArray[Any], names: Sequence[str]) -> None:
    """Refuse columns `(n, d)` with numbers whose squares a float cannot hold.

    Raises:
        RepresentationError: there are any.
    """
    if values.dtype.kind != "f" or values.dtype.itemsize < 8:
        return
    finite = np.where(np.isfinite(values), values, 0)
    for name, most in zip(names, np.maximum(finite.max(axis=0), -finite.min(axis=0)), strict=True):
        if most > GREATEST:
            raise RepresentationError(
                f"Column {name!r} has values up to {most:.3g}, beyond {GREATEST:.0e}.", "Divide it by a constant."
            )
