"""The files of Cars3D: a MATLAB file of views for each car, and the list that orders them."""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.files.file import REPLACE
from disentangle_bench.datasets.formats.matlab import matlab_array, require_pixels
from disentangle_bench.datasets.formats.members import Members
from disentangle_bench.errors import DataError

LIST = "list.txt"
NATIVE = 128


def listed_cars(members: Members, expected: int | None) -> list[str]:
    """Return the names of the `.mat` files, in the order of `list.txt`.

    Raises:
        DataError: there is no list, or one that does not name so many cars, each once.
    """
    found = [name for name in members.names(LIST) if name == LIST or name.endswith(f"cars/{LIST}")]
    if not found:
        raise DataError(f"{members.path} holds no cars/{LIST}.", REPLACE)
    folder = PurePosixPath(found[0]).parent
    lines = members.read(found[0]).decode(errors="replace").split()
    names = [(folder / f"{line.removesuffix('.mat')}.mat").as_posix() for line in lines]
    if len(set(names)) != expected or len(names) != expected:
        listed = f"{len(names)} cars" + (", some twice" if len(set(names)) < len(names) else "")
        raise DataError(f"{members.path}: {found[0]} names {listed}; there are {expected}.", REPLACE)
    return names


def car_views(members: Members, name: str, elevations: int | None, azimuths: int | None) -> NDArray[np.uint8]:
    """Read the images of one car `(elevation x azimuth, 3, 128, 128)`.

    Raises:
        DataError: its file is damaged or a different one.
    """
    image = matlab_array(members.read(name), "im", f"{members.path}: {name}")
    require_pixels(image, (NATIVE, NATIVE, 3, azimuths, elevations), f"{members.path}: 'im' in {name}")
    views: NDArray[np.uint8] = image.transpose(4, 3, 2, 0, 1).reshape(-1, 3, NATIVE, NATIVE)
    return views
