"""Codes beside factors: what every metric of a representation reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import RepresentationError, UnknownNameError
from disentangle_bench.representation import hdf5, npz
from disentangle_bench.representation.faults import as_mask, naming_file
from disentangle_bench.representation.posterior import read_posterior
from disentangle_bench.representation.selection import Groups, chosen, merged, with_kinds, with_unknown
from disentangle_bench.representation.tables import as_array, refuse_other_order
from disentangle_bench.representation.variables import Variables


@dataclass(frozen=True, eq=False)
class Representation:
    """What a model says of `n` samples, beside what is known of them.

    Attributes:
        codes: `(n, d)`: the value of each code: the category for a categorical one, the mean for a continuous one.
        factors: `(n, k)` ground-truth factors or labels, where known.
        train: `(n,)` bool: the samples that fitted metrics may fit on.
        posterior: code name -> `(n, p)` posterior parameters, where there is a posterior: logits of a categorical code,
            mean and ln sigma of another.
    """

    codes: Variables
    factors: Variables | None = None
    train: NDArray[np.bool_] | None = None
    posterior: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = {"factors": self.factors, "train": self.train, **self.posterior}
        for name, part in parts.items():
            if part is not None and len(part) != len(self.codes):
                raise RepresentationError(
                    f"'codes' has {len(self.codes)} rows and {name!r} has {len(part)}.", "Give one row per sample."
                )

    @classmethod
    def of(
        cls,
        codes: ArrayLike | Variables,
        factors: ArrayLike | Variables | None = None,
        train: ArrayLike | None = None,
        *,
        names: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        factor_names: Sequence[str] | None = None,
        factor_kinds: Sequence[str] | None = None,
        groups: Groups | None = None,
        posterior: Mapping[str, Any] | None = None,
    ) -> Representation:
        """A representation from arrays, tensors, lists of batches or data frames.

        Args:
            codes: `(n, d)`.
            factors: `(n, k)`, where known.
            train: `(n,)` true for samples that fitted metrics may fit on; by default two thirds, drawn.
            names: of the codes; by default those of a table's columns, else `c1`, `c2`, and so on.
            kinds: of the codes; by default categorical for integers, booleans and text, continuous for floats.
            factor_names: of the factors; by default those of a table's columns, else `f1`, `f2`, and so on.
            factor_kinds: of the factors; by default what the values of each suggest, whatever their type.
            groups: name of a code -> names of the columns that are this code together, such as the coordinates of a
                point on a circle.
            posterior: `{"mean": (n, d), "logvar": (n, d)}`, with `log_sigma`, `sigma` or `variance` in place of
                `logvar`, of the codes that are not categorical; or code name -> such a dictionary of arrays `(n,)`, or
                the logits `(n, k)` of a categorical one.

        Raises:
            RepresentationError: arrays that do not fit together, or values that no metric can use.
        """
        refuse_other_order({"codes": codes, "factors": factors, "train": train})
        variables = Variables.wrap(codes, names=names, kinds=kinds)
        made = cls(
            variables,
            None if factors is None else Variables.wrap(factors, names=factor_names, kinds=factor_kinds, prefix="f"),
            None if train is None else as_mask(as_array(train, "train mask")),
            read_posterior(posterior, variables),
        )
        return made.select(groups=groups) if groups else made

    def select(
        self,
        *,
        codes: Sequence[str | int] | None = None,
        factors: Sequence[str | int] | None = None,
        groups: Groups | None = None,
        kinds: Mapping[str, str] | None = None,
        missing: Sequence[Any] = (),
    ) -> Representation:
        """Some of the codes and factors, with other kinds, unknown values, and columns that are one code together.

        Args:
            codes: names, or positions from 0; by default all.
            factors: likewise.
            groups: name of a code -> names of its columns.
            kinds: name of a code or a factor -> its kind.
            missing: values of factors that count as unknown, such as -1.

        Raises:
            UnknownNameError: there is no such code or factor. RepresentationError: what does not fit together.
        """
        if (factors is not None or len(missing)) and self.factors is None:
            raise RepresentationError("There are no factors to choose from.", "Add an array 'factors'.")
        of_codes, of_factors, declared = self.codes, self.factors, dict(kinds or {})
        known = (*of_codes.names, *(of_factors.names if of_factors else ()))
        for name in declared:
            if name not in known:
                raise UnknownNameError("code or factor", name, known)
        of_codes = of_codes if codes is None else chosen(of_codes, codes, "code")
        of_codes = with_kinds(of_codes, declared, "c") if declared else of_codes
        if of_factors is not None:
            of_factors = of_factors if factors is None else chosen(of_factors, factors, "factor")
            of_factors = with_unknown(of_factors, missing) if len(missing) else of_factors
            of_factors = with_kinds(of_factors, declared, "f") if declared else of_factors
        posterior = {name: parameters for name, parameters in self.posterior.items() if name in of_codes.names}
        return Representation(merged(of_codes, groups) if groups else of_codes, of_factors, self.train, posterior)

    def rows(self, index: NDArray[np.int64]) -> Representation:
        """Select some of the samples."""
        return Representation(
            self.codes.rows(index),
            None if self.factors is None else self.factors.rows(index),
            None if self.train is None else self.train[index],
            {name: np.asarray(parameters)[index] for name, parameters in self.posterior.items()},
        )

    def save(self, path: Path | str, **origin: str) -> None:
        """Write to HDF5, or to npz if the name ends so, atomically; see `hdf5` and `npz` for the layouts.

        Args:
            path: of the file.
            origin: what made the representation, as attributes of an HDF5 file; see `read_origin`.

        Raises:
            StorageError: no space, no permission. RepresentationError: text that the format cannot hold.
        """
        path = Path(path)
        if self.codes.widths:
            raise RepresentationError(
                "A file holds one column for each code, and some of these codes have several.",
                "Save the columns by themselves, and merge them when they are scored: `select(groups=..)`, `--merge`.",
            )
        parts = {part.name: getattr(self, part.name) for part in fields(self)}
        if is_npz(path):
            npz.write(path, parts)
        else:
            hdf5.write(path, parts, origin)

    @classmethod
    def load(cls, path: Path | str) -> Representation:
        """Read an HDF5 or npz file with `codes` and, optionally, `factors` and `train`.

        Raises:
            RepresentationError: no such file, not such a file, no `codes` in it, or arrays that do not fit together.
        """
        path = Path(path)
        if not path.is_file():
            problem = f"{path} is a folder, a pipe or a device." if path.exists() else f"There is no file {path}."
            raise RepresentationError(problem, "Give an .npz or .h5 file with 'codes' in it.")
        read = npz.read if is_npz(path) else hdf5.read
        with naming_file(path, "npz" if is_npz(path) else "HDF5"):
            return with_posterior_by_code(cls(**read(path)))


def with_posterior_by_code(found: Representation) -> Representation:
    """What was read of a file, with a posterior that spells out its spread as parameters of each code."""
    if "mean" not in found.posterior or "mean" in found.codes.names:
        return found
    return replace(found, posterior=read_posterior(found.posterior, found.codes))


def is_npz(path: Path) -> bool:
    """Whether a file's name says that it is an npz file."""
    return path.suffix.lower() == ".npz"
