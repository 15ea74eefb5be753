"""Tables in CSV files: columns of text by name; errors name the line."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import DataError
from disentangle_bench.storage import in_bytes

MOST_BYTES = 2**26
"""Of a table, whose texts take ten times as much memory."""
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Table:
    """Columns of text.

    Attributes:
        where: which file, for messages.
        columns: name -> `(n,)` texts, empty where a row has no value.
        lines: `(n,)` the line of the file that each row ends on.
    """

    where: str
    columns: dict[str, NDArray[np.str_]]
    lines: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lines)

    def without(self, marks: Sequence[str]) -> Table:
        """Return the table with no value where there is one of these texts, which stand for unknown."""
        return replace(
            self, columns={name: np.where(np.isin(texts, marks), "", texts) for name, texts in self.columns.items()}
        )


def read_table(content: bytes, where: str) -> Table:
    """Read a CSV file with names in its first row; commas, semicolons or tabs between values, as in that row.

    Raises:
        DataError: too large, not UTF-8, no rows, a name missing or twice, or a row with too few values or too many.
    """
    if len(content) > MOST_BYTES:
        raise DataError(f"{where} has more than {in_bytes(MOST_BYTES)}.", "Leave columns or rows out.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{where}: line {line} is not UTF-8.", "Save it as UTF-8.") from error
    first = text.partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=first.count), strict=True, skipinitialspace=True
    )
    try:
        rows = [(reader.line_num, [value.strip() for value in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise DataError(f"{where}: line {reader.line_num} is not CSV: {error}.", "Repair it.") from error
    if len(rows) < 2:
        raise DataError(f"{where} has no rows.", "Give a first row with names, and below it a row for each image.")
    names = rows.pop(0)[1]
    _check(where, names, rows)
    columns = zip(names, zip(*(row for _, row in rows), strict=True), strict=True)
    return Table(where, {name: np.array(values) for name, values in columns}, np.array([line for line, _ in rows]))


def _check(where: str, names: list[str], rows: list[tuple[int, list[str]]]) -> None:
    if "" in names:
        raise DataError(f"{where}: column {names.index('') + 1} has no name.", "The first row names the columns.")
    for name in names:
        if names.count(name) > 1:
            raise DataError(
                f"{where}: {names.count(name)} columns are named {name!r}.",
                "Give each its own name, in the first line.",
            )
    for line, row in rows:
        if len(row) != len(names):
            raise DataError(f"{where}: line {line} fills {len(row)} of {len(names)} columns.", "Repair it.")
