"""HDF5 files, written whole, and read only where they hold their values themselves."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from disentangle_bench.storage.atomic import write_bytes
from disentangle_bench.storage.space import in_bytes

if TYPE_CHECKING:
    import h5py

LARGE, MOST_PACKED = 1 << 30, 2000
"""Bytes of an array whose size is doubted, and to how much of what is stored: zeros are compressed by 1,000."""


def write_hdf5(path: Path, fill: Callable[[h5py.File], object]) -> None:
    """Write to `path`, atomically, the HDF5 file that `fill` fills.

    The file is made in memory: where a disk is full, HDF5 does not raise but ends the whole process.
    """
    import h5py

    buffer = io.BytesIO()
    # From version 1.10 of the format on, a checksum detects damaged names and sizes, on which HDF5 would crash.
    with h5py.File(buffer, "w", libver=("v110", "v110")) as file:
        fill(file)
    write_bytes(path, buffer.getvalue())


def require_own_data(group: h5py.File | h5py.Group, keys: Iterable[str]) -> None:
    """Refuse arrays of an open HDF5 file whose values are in other files: these may be gone, or none of ours to read.

    Args:
        group: the file or a group in it.
        keys: the names of arrays and groups, which need not be there.

    Raises:
        OSError: a link to another file, an array with external storage, or a virtual array. HDF5 fills in what is
            missing of a virtual array, and crashes on one that refers to itself. An array without values, or whose
            entries are arrays. A large array of which next to nothing is stored: it would be read for hours, as zeros.
    """
    import h5py

    for key in keys:
        if isinstance(group.get(key, getlink=True), h5py.ExternalLink):
            raise OSError(f"{key!r} is a link to another file")
        found = group.get(key)
        if isinstance(found, h5py.Group):
            require_own_data(found, found)
        elif isinstance(found, h5py.Dataset) and (found.is_virtual or found.external):
            raise OSError(f"the values of {key!r} are in other files")
        elif isinstance(found, h5py.Dataset) and found.shape is None:
            raise OSError(f"{key!r} has no values")
        elif isinstance(found, h5py.Dataset) and hasattr(h5py.check_vlen_dtype(found.dtype), "kind"):  # text has none
            raise OSError(f"{key!r} has entries that may differ in length, and is not an array of numbers")
        elif isinstance(found, h5py.Dataset) and found.nbytes > max(LARGE, MOST_PACKED * found.id.get_storage_size()):
            stored = in_bytes(found.id.get_storage_size())
            raise OSError(f"{key!r} declares {found.shape}, {in_bytes(found.nbytes)}, and holds {stored}")
