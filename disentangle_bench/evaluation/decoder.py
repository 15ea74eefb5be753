"""Any decoder's images for codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from disentangle_bench.errors import RepresentationError
from disentangle_bench.evaluation.reached_modules import in_evaluation_mode
from disentangle_bench.representation.tables import as_array

Decoder = Callable[[Tensor], Any]
"""Codes `(n, d)` float32 -> images `(n, c, h, w)` or `(n, h, w)`, float in [0, 1] or uint8."""

BATCH = 64
_ROUNDING = 1e-3


def decode(decoder: Decoder, codes: NDArray[np.floating]) -> NDArray[np.float64]:
    """The images of codes, `(n, h, w)` if gray and `(n, h, w, 3)` in color, in [0, 1].

    A module is asked in evaluation mode and without gradients, where its parameters are, and left as it was.

    Args:
        decoder: a module or any function.
        codes: `(n, d)`.

    Raises:
        RepresentationError: it gives no such images.
    """
    weights = next(decoder.parameters(), None) if isinstance(decoder, nn.Module) else None
    rows = torch.as_tensor(codes, dtype=torch.float32, device=None if weights is None else weights.device)
    with torch.inference_mode(), in_evaluation_mode(decoder):
        return np.concatenate([_images(decoder(batch), len(batch)) for batch in torch.split(rows, BATCH)])


def _images(given: Any, count: int) -> NDArray[np.float64]:
    array = as_array(given, "images that the decoder gave")
    values = array[:, None] if array.ndim == 3 else array
    if values.ndim != 4 or len(values) != count or values.shape[1] not in (1, 3) or values.dtype.kind not in "fu":
        raise RepresentationError(
            f"The decoder gave an array {array.shape} {array.dtype} for {count} rows of codes.",
            "It must give images (n, 1, h, w), (n, 3, h, w) or (n, h, w), float in [0, 1] or uint8.",
        )
    scaled = values.astype(np.float64) / (255 if values.dtype == np.uint8 else 1)
    low, high = float(scaled.min()), float(scaled.max())
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):  # NaN is refused as well
        raise RepresentationError(
            f"The decoder gave images with values from {low:.3g} to {high:.3g}.",
            "Scale them to [0, 1]: `lambda codes: (decoder(codes) + 1) / 2` if they lie in [-1, 1].",
        )
    return scaled[:, 0] if values.shape[1] == 1 else np.moveaxis(scaled, 1, -1)
