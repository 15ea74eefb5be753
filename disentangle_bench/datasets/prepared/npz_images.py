"""Images in npz files: read where they lie, or put into the cache once so that any one is near."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.files.file import REPLACE
from disentangle_bench.datasets.formats.npz import NpzArray
from disentangle_bench.datasets.images import BATCH_BYTES, Shape
from disentangle_bench.datasets.prepared.raw import BinaryImages, RawImages, prepared_raw
from disentangle_bench.errors import DataError


def npz_images(
    pixels: NpzArray, dataset: str, settings: Mapping[str, Any], *, channels_last: bool = False
) -> RawImages:
    """Return the uint8 images of an array, read in the npz file or, if they are compressed there, in the cache.

    Args:
        pixels: `(n, h, w)`, `(n, c, h, w)`, or `(n, h, w, c)` with `channels_last`.
        dataset: in whose folder of the cache they are kept.
        settings: as of `prepared`.
        channels_last: the order of the axes.
    """
    n, *rest = pixels.shape
    c, h, w = (1, *rest) if len(rest) == 2 else (rest[2], rest[0], rest[1]) if channels_last else rest
    shape: Shape = (n, c, h, w)
    offset = pixels.offset()
    if offset is not None:
        return RawImages(pixels.path, shape, offset, channels_last=channels_last)

    def batches() -> Iterator[NDArray[np.uint8]]:
        for batch in pixels.batches(max(1, BATCH_BYTES // (c * h * w))):
            yield batch.transpose(0, 3, 1, 2) if channels_last else batch.reshape(-1, c, h, w)

    return prepared_raw(dataset, settings, shape, batches)


def binary_images(pixels: NpzArray, dataset: str) -> BinaryImages:
    """Return images `(n, 1, h, w)` of an array `(n, h, w)` of 0 and 1, put into the cache at a bit a pixel.

    Raises:
        DataError: there are other values.
    """
    n, h, w = pixels.shape

    def packed() -> Iterator[NDArray[np.uint8]]:
        start = 0
        for batch in pixels.batches(max(1, BATCH_BYTES // (h * w))):
            if batch.max() > 1:
                row = start + int(np.argwhere(batch > 1)[0, 0])
                problem = f"{pixels.path}: image {row:,} of {pixels.key!r} has pixels other than 0 and 1."
                raise DataError(problem, REPLACE)
            yield np.packbits(batch, axis=-1)[:, None]
            start += len(batch)

    settings = {"version": 1, "checksum": pixels.checksum}
    return BinaryImages(prepared_raw(dataset, settings, (n, 1, h, w // 8), packed))
