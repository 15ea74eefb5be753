"""Factors that are measured on the images, where they were not recorded: when asked for, once, and kept in the cache.

They are those of `disentangle_bench.measures`: slant in degrees; thickness, width and height in pixels; ink, the mean
brightness. An image that is blank there has 0 of each but ink.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.places import cache_folder
from disentangle_bench.datasets.files.progress import say, with_progress
from disentangle_bench.measures import MEASURES, VERSION
from disentangle_bench.representation.variables import Variables
from disentangle_bench.storage import atomic_path, once

BATCH = 256
MEASURED = tuple(Factor(name, "continuous", measured=True) for name in MEASURES)

Floats = NDArray[np.float64]


class MeasuredFactors(Variables):
    """Recorded factors, and after them measured ones, which are measured when their values are first asked for.

    Attributes:
        recorded: what was known before; asking for these columns alone measures nothing.
        measure: gives the others, `(n, measures)`.
    """

    recorded: Variables
    measure: Callable[[], Floats]

    def __init__(self, recorded: Variables, measure: Callable[[], Floats]) -> None:
        names = (*recorded.names, *(factor.name for factor in MEASURED))
        kinds = (*recorded.kinds, *(factor.kind for factor in MEASURED))
        self.__dict__.update(recorded=recorded, measure=measure, names=names, kinds=kinds)

    def __len__(self) -> int:
        return len(self.recorded)

    def __reduce__(self) -> tuple[Any, ...]:  # what another process gets is measured
        return Variables, (self.values, self.names, self.kinds)

    @cached_property
    def values(self) -> NDArray[Any]:
        """All of them."""
        return np.hstack([self.recorded.values, self.measure()])

    def block(self, place: int) -> NDArray[Any]:
        """Return the column `(n, 1)` of the factor at this position."""
        return self.recorded.block(place) if place < len(self.recorded.names) else super().block(place)

    def rows(self, index: NDArray[Any]) -> Variables:
        """Return the same factors for some of the images; all are measured, if any are."""
        known = len(self.recorded.names)
        return MeasuredFactors(self.recorded.rows(index), lambda: self.values[index, known:])


def measured(dataset: str, images: NDArray[np.uint8], files: Mapping[str, File]) -> Floats:
    """Measure every image, `(n, measures)`, in the order of `MEASURED`.

    Of several processes one measures, and the others wait. Without a cache that can be written, each measures for
    itself, every time.

    Args:
        dataset: in whose folder of the cache the values are kept.
        images: `(n, h, w)`.
        files: from which they come; with other files, or another version of the measures, all are measured again.
    """
    known = [VERSION, *MEASURES, *sorted(f"{name} {file.sha256}" for name, file in files.items())]
    key = hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]
    path = cache_folder(dataset) / f"measures-{key}.npz"

    def look() -> Floats | None:
        with suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile), np.load(path) as file:
            values = file["values"]
            if values.shape == (len(images), len(MEASURES)) and values.dtype == float and np.isfinite(values).all():
                return np.asarray(values)
        return None

    def keep(values: Floats) -> None:
        with atomic_path(path) as temporary:
            np.savez(temporary, values=values)

    def wait() -> None:
        say(f"Another process is measuring the images of {dataset}; waiting for it.")

    return once(path, look, lambda: _measure(dataset, images), keep, on_wait=wait)


def _measure(dataset: str, images: NDArray[np.uint8]) -> Floats:
    """Measure in threads: NumPy does most of it without Python's lock, and they leave nothing when interrupted."""
    batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    long = "; a minute or two" if len(batches) > 1 else ""
    description = f"Measuring {', '.join(MEASURES)} of {len(images):,} images of {dataset}, once{long}"
    threads = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        return np.concatenate(list(with_progress(description, len(images), threads.map(measure, batches))))
    finally:
        threads.shutdown(cancel_futures=True)


def measure(images: NDArray[np.uint8]) -> Floats:
    """Measure images `(n, h, w)`: `(n, measures)`."""
    brightness = images / np.float32(255)
    return np.stack([np.nan_to_num(measure.function(brightness)) for measure in MEASURES.values()], axis=1)
