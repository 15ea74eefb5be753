"""Networks from files that take images or codes of one size alone, often in batches of one size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from disentangle_bench.errors import RepresentationError


class FixedBatch:
    """A network, asked in batches of the size that it takes; the last of them is filled up by repeating its last row.

    Args:
        network: rows `(b, ...)` -> an array, or several in a tuple or a dictionary.
        sizes: of its input; None for what is free.
        name: for messages.
        metadata: what the file says of itself.
    """

    def __init__(
        self,
        network: Callable[[Tensor], Any],
        sizes: Sequence[int | None],
        name: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.network, self.sizes, self.name, self.metadata = network, tuple(sizes), name, metadata or {}

    def __call__(self, rows: Tensor) -> Any:
        """Ask the network."""
        fits = zip(self.sizes[1:], rows.shape[1:], strict=False)
        if len(self.sizes) != rows.ndim or any(size not in (None, of) for size, of in fits):
            wanted = ", ".join("any" if size is None else str(size) for size in self.sizes[1:])
            raise RepresentationError(
                f"{self.name} takes rows of the shape ({wanted}), and was given {tuple(rows.shape[1:])}.",
                "Settings of --images change what an encoder is given, such as channels=3, size=64 or layout=nhwc; a "
                "generator is given what --latents says.",
            )
        size = self.sizes[0]
        if size is None:
            return self.network(rows)
        filled = torch.cat([rows, rows[-1:].expand(-len(rows) % size, *rows.shape[1:])])
        return _first(_joined([self.network(batch) for batch in torch.split(filled, size)]), len(rows))


def _joined(outputs: Sequence[Any]) -> Any:
    first = outputs[0]
    if isinstance(first, Mapping):
        return {key: _joined([output[key] for output in outputs]) for key in first}
    if isinstance(first, tuple | list):
        return tuple(_joined(parts) for parts in zip(*outputs, strict=True))
    return torch.cat([*outputs]) if isinstance(first, Tensor) else np.concatenate([*outputs])


def _first(output: Any, rows: int) -> Any:
    if isinstance(output, Mapping):
        return {key: _first(of, rows) for key, of in output.items()}
    return tuple(_first(of, rows) for of in output) if isinstance(output, tuple) else output[:rows]
