"""Arrays as people have them, as plain columns: tensors, data frames, structured arrays, lists of batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import RepresentationError
from disentangle_bench.representation.kinds import Kind, guess_kind

EXPECTED_SHAPE = "Give an array of the shape (samples, variables), with one sample or more."


class Table(NamedTuple):
    """Columns `(n, d)` of numbers or text, with the names and kinds that came with them, if any did."""

    values: NDArray[Any]
    names: tuple[str, ...] | None = None
    kinds: tuple[Kind, ...] | None = None


def as_table(values: Any, what: str) -> Table:
    """Columns of an array `(n, d)` or `(n,)`, a tensor, a list of batches of either, or a table with named columns.

    Tensors may be on any device, of any type and part of a graph. Columns of a pandas DataFrame, a Series and a
    structured array keep their names and have a kind each; text beside numbers becomes the numbers of its sorted
    values. Numbers of less or more than double precision become double.

    Args:
        values: the columns.
        what: codes or factors, for messages.

    Raises:
        RepresentationError: another shape or type, or masked values.
    """
    named = _named_columns(values, what)
    if named is None:
        return Table(as_columns(values, what))
    columns = {name: as_columns(column, f"{what} {name!r}")[:, 0] for name, column in named.items()}
    if not columns:
        raise RepresentationError(f"The {what} have no columns.", EXPECTED_SHAPE)
    kinds = tuple(guess_kind(column.dtype) for column in columns.values())
    is_text = [column.dtype.kind == "U" for column in columns.values()]
    plain = [
        np.unique(column, return_inverse=True)[1] if text and not all(is_text) else column
        for column, text in zip(columns.values(), is_text, strict=True)
    ]
    return Table(np.stack(plain, axis=1), tuple(columns), kinds)


def _named_columns(values: Any, what: str) -> dict[str, Any] | None:
    """The columns of a table by name; None for what has no named columns."""
    if hasattr(values, "iloc"):  # a DataFrame or a Series; pandas itself need not be installed
        frame = values.to_frame(name=what if values.name is None else values.name) if values.ndim == 1 else values
        columns = {str(name): frame.iloc[:, place].to_numpy() for place, name in enumerate(frame.columns)}
        if len(columns) < frame.shape[1]:
            raise RepresentationError(f"Several columns of the {what} have one name.", "Give each a name of its own.")
        return columns
    fields = getattr(getattr(values, "dtype", None), "names", None)
    return {name: values[name] for name in fields} if fields else None


def as_columns(values: Any, what: str) -> NDArray[Any]:
    """Numbers or text `(n, d)`, with n and d at least 1.

    Raises:
        RepresentationError: something else.
    """
    try:
        array = _as_array(values, what)
        if array.dtype.kind in "OT":
            array = _without_objects(array)
        if array.dtype.kind == "S":
            array = np.char.decode(array, "utf-8")
    except ValueError as error:
        raise RepresentationError(f"The {what} are not an array: {error}.", EXPECTED_SHAPE) from error
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.size == 0:
        raise RepresentationError(f"The {what} have the shape {array.shape}.", EXPECTED_SHAPE)
    if array.dtype.kind not in "biufU":
        raise RepresentationError(f"The {what} are of the type {array.dtype}.", "Give numbers or text, none missing.")
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        return array.astype(np.float64)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _as_array(values: Any, what: str) -> NDArray[Any]:
    if isinstance(values, list | tuple) and values and all(getattr(batch, "ndim", 0) == 2 for batch in values):
        return np.concatenate([_as_array(batch, what) for batch in values])
    if isinstance(values, np.ma.MaskedArray):
        if masked := int(np.ma.getmaskarray(values).sum()):
            raise RepresentationError(
                f"{masked} of {values.size} values of the {what} are masked.", "Fill them, or leave out their rows."
            )
        return values.data
    return np.asarray(off_the_device(values))


def off_the_device(values: Any) -> Any:
    """A torch tensor on any device, of any type and with any gradient, as NumPy has it; other values as they are.

    torch itself need not be imported.
    """
    if not hasattr(values, "detach"):
        return values
    tensor = values.detach().cpu()
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()


def _without_objects(array: NDArray[Any]) -> NDArray[Any]:
    """Numbers or text from objects; the same objects if they are neither, or some of both."""
    texts = sum(isinstance(value, str) for value in array.flat)
    return np.asarray(array.tolist()) if texts in (0, array.size) else array


def broken_columns(values: NDArray[Any]) -> NDArray[np.int64]:
    """How many values of each column are NaN or infinite, `(d,)`."""
    broken = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(values.shape, dtype=bool)
    return np.asarray(broken.sum(axis=0))


def refuse_broken(broken: NDArray[np.int64], samples: int, names: Sequence[str]) -> None:
    """Refuse columns with values that are NaN or infinite.

    Args:
        broken: `(d,)` how many values of each column are.
        samples: how many values a column has.
        names: of the columns.

    Raises:
        RepresentationError: there are any.
    """
    for name, count in zip(names, broken, strict=True):
        if count:
            raise RepresentationError(
                f"Column {name!r} has {count} of {samples} values that are NaN or infinite.",
                "Remove or repair those rows.",
            )
