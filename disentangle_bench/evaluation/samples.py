"""Per-sample contributions of scores, in an HDF5 file beside the scores."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import h5py
import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import RunError
from disentangle_bench.run import Run
from disentangle_bench.storage import storage_errors, write_hdf5

_DAMAGE = (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError)  # what h5py raises on damaged files


class Samples(NamedTuple):
    """The contributions `(n,)` of each sample, whose mean is the score, and the name of those samples."""

    values: NDArray[np.float64]
    pairing: str

    def have_the_mean(self, value: float | None) -> bool:
        """Whether their mean is this score, as far as rounding goes."""
        return value is not None and len(self.values) > 0 and bool(np.isclose(np.mean(self.values), value, 1e-5, 1e-6))


class Replicates(NamedTuple):
    """Values of a score on resamples `(b,)`, NaN where one has none.

    Attributes:
        drawn: names the draws; scores with equal names have values on the same resamples of the same rows.
        what: was resampled, such as `held-out rows`.
    """

    values: NDArray[np.float64]
    drawn: str
    what: str


def save_samples(path: Path | str, samples: Mapping[str, Samples]) -> None:
    """Write samples to an HDF5 file, atomically.

    Each lies in the group `samples` under its score's name, with the attribute `pairing`; a slash in the name is
    written `%2F`, because HDF5 takes a slash for a folder.

    Raises:
        StorageError: no space, no permission.
    """

    def fill(file: h5py.File) -> None:
        group = file.create_group("samples")
        for name, (values, pairing) in samples.items():
            data = np.asarray(values, dtype=np.float64)
            key = quote(name, safe=" ")
            group.create_dataset(key, data=data, compression="gzip", shuffle=True, fletcher32=True)
            group[key].attrs["pairing"] = np.bytes_(pairing.encode())  # of a fixed width, see `write_hdf5`

    write_hdf5(Path(path), fill)


def load_samples(path: Path | str) -> dict[str, Samples]:
    """Read the samples in an HDF5 file.

    Returns:
        Score name -> samples; empty if the file has no group `samples`.

    Raises:
        RunError: the file is not readable HDF5. StorageError: it is missing or must not be read.
    """
    path = Path(path)
    with storage_errors(path, "read"), path.open("rb"):  # a missing or forbidden file is not a damaged one
        pass
    try:
        with h5py.File(path, "r") as file:
            group = file.get("samples", {})
            return {unquote(key): Samples(data[...], _text(data.attrs["pairing"])) for key, data in group.items()}
    except _DAMAGE as error:
        raise RunError(
            f"{path} is not a readable HDF5 file: {error}.", f"`dbench eval {path.parent}` writes it again."
        ) from error


def samples_of_run(run: Run) -> dict[str, Samples]:
    """Read the samples of a run; earlier versions kept them in `representation.h5`.

    Raises:
        RunError: the file is damaged.
    """
    for path in (run.samples_file, run.representation_file):
        if path.is_file():
            return load_samples(path)
    return {}


def keep_samples_apart(run: Run) -> None:
    """Move samples that an earlier version kept in `representation.h5` to a file of their own, if they can be read."""
    if not run.samples_file.is_file() and run.representation_file.is_file():
        with suppress(RunError):
            if samples := load_samples(run.representation_file):
                save_samples(run.samples_file, samples)


def _text(value: Any) -> str:
    """The text of an attribute, which h5py gives as bytes if it is of a fixed width."""
    return value.decode() if isinstance(value, bytes) else str(value)
