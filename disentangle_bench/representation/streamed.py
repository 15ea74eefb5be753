"""Representations that stay in their HDF5 file: read in batches, or whole where a metric needs all rows at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from disentangle_bench.representation.faults import naming_file, require_codes, warn_of_unread
from disentangle_bench.representation.hdf5 import (
    ARRAYS,
    KEPT_BY_EVALUATION,
    declared_variables,
    read_mask,
    read_variables,
)
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.representation import Representation, is_npz, with_posterior_by_code
from disentangle_bench.representation.summary import Summaries, Summary, opened, settle_kinds, total_summaries
from disentangle_bench.representation.tables import as_columns, broken_columns, refuse_broken, refuse_huge
from disentangle_bench.representation.variables import BATCH, Variables, refuse_unknown
from disentangle_bench.storage import require_own_data

CHUNK_CACHE = 2**26
"""Bytes of decompressed chunks to keep: a batch of rows, each of whose columns may be in a chunk of its own."""


@dataclass(frozen=True)
class StoredArray:
    """An array in an HDF5 file, read when it is needed."""

    path: Path
    key: str
    samples: int

    def __len__(self) -> int:
        return self.samples

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        with naming_file(self.path, "HDF5"), h5py.File(self.path, "r") as file:
            return np.asarray(file[self.key][...], dtype=dtype)


class StoredVariables(Variables):
    """Codes or factors in an HDF5 file.

    Attributes:
        values: `(n, d)`, read when first needed and kept in memory; `batches` reads no more than a batch.
        summaries: the range, or the values that occur, of each variable.
    """

    path: Path
    key: str
    samples: int
    summaries: Summaries

    def __init__(self, path: Path, key: str, likeness: Variables, samples: int, *, declared: bool) -> None:
        """Raises RepresentationError: infinite values, or NaN among codes; a damaged file.

        Args:
            path: of the file.
            key: the name of the array in it.
            likeness: variables of the same names and kinds.
            samples: n.
            declared: whether these are the kinds; those of factors otherwise follow from their values.
        """
        self.__dict__.update(path=path, key=key, samples=samples, names=likeness.names, kinds=likeness.kinds)
        if key != "factors":
            self.__dict__["summaries"] = self._scanned(likeness.kinds)
            return
        kinds: tuple[Kind | None, ...] = likeness.kinds if declared else (None,) * len(likeness.names)
        self.__dict__["summaries"], self.__dict__["kinds"] = settle_kinds(self._scanned(opened(kinds)), kinds)
        with naming_file(path, "HDF5"):
            refuse_unknown(self.names, self.summaries)

    def __len__(self) -> int:
        return self.samples

    @cached_property
    def values(self) -> NDArray[Any]:
        """All of it."""
        return np.concatenate([batch.values for batch in self.batches()])

    def batches(self, size: int = BATCH) -> Iterator[Variables]:
        """The variables, `size` samples at a time, in order."""
        if "values" in self.__dict__:
            yield from super().batches(size)
            return
        with naming_file(self.path, "HDF5"), h5py.File(self.path, "r", rdcc_nbytes=CHUNK_CACHE) as file:
            data = file[self.key]
            for start in range(0, self.samples, size):
                values = as_columns(data[start : start + size], self.key, partly=self.key == "factors")
                yield Variables(values, self.names, self.kinds)

    def _scanned(self, kinds: Sequence[Kind | None]) -> Summaries:
        """The summaries, from one pass that also finds values that no metric can use."""
        broken = np.zeros(len(self.names), dtype=np.int64)
        partly = self.key == "factors"
        parts = []
        for batch in self.batches():
            broken += broken_columns(batch.values, partly=partly)
            with naming_file(self.path, "HDF5"):
                refuse_huge(batch.values, self.names)
            if not broken.any():
                parts.append(tuple(map(Summary.of, batch.values.T, kinds)))
        with naming_file(self.path, "HDF5"):
            refuse_broken(broken, self.samples, self.names, "infinite" if partly else "NaN or infinite")
        return total_summaries(parts)


def open_representation(path: Path | str) -> Representation:
    """A representation that is checked in one pass over its file, and whose codes and factors stay there.

    An npz file, and texts, are read whole, as `Representation.load` reads them.

    Raises:
        RepresentationError: as `Representation.load`.
    """
    path = Path(path)
    if is_npz(path) or not path.is_file():
        return Representation.load(path)
    with naming_file(path, "HDF5"), h5py.File(path, "r") as file:
        require_codes(file)
        require_own_data(file, ARRAYS)
        warn_of_unread(path, file, [*ARRAYS, *KEPT_BY_EVALUATION])
        found = {key: _variables_or_likeness(file, key) for key in ("codes", "factors") if key in file}
        declared = {key: "kinds" in file[key].attrs for key in found}
        posterior = {
            name: StoredArray(path, f"posterior/{name}", len(data)) for name, data in file.get("posterior", {}).items()
        }
        train = read_mask(file)
    parts = {
        key: StoredVariables(path, key, variables, samples, declared=declared[key]) if samples else variables
        for key, (variables, samples) in found.items()
    }
    with naming_file(path, "HDF5"):
        return with_posterior_by_code(Representation(parts["codes"], parts.get("factors"), train, posterior))


def _variables_or_likeness(file: h5py.File, key: str) -> tuple[Variables, int]:
    """Variables of text and 0; or, of numbers, variables of the same names and kinds, and how many rows there are."""
    data = file[key]
    if not isinstance(data, h5py.Dataset) or data.dtype.kind not in "biuf":
        return read_variables(file, key), 0
    same_shape = np.broadcast_to(np.zeros((), data.dtype), data.shape)
    return declared_variables(data, as_columns(same_shape, key)[:1]), len(data)
