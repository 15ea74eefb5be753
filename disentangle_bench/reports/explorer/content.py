"""What the explorer's page is made of, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ExploredRun:
    """A run whose codes can be turned.

    Attributes:
        name: such as `infogan-mnist, seed 0`.
        remark: what a reader should know of its training.
        shape: `(c, h, w)` of its images.
        latents: how they are packed and read; see `models.onnx_parts.layout`.
        graphs: the ONNX of its generator and, where it has them, of its posterior and its encoder.
        largest: the largest difference of these from PyTorch.
    """

    name: str
    remark: str
    shape: tuple[int, int, int]
    latents: Mapping[str, Any]
    graphs: Mapping[str, bytes]
    largest: float

    @property
    def reads(self) -> bool:
        """Whether it reads images."""
        return len(self.graphs) > 1

    @property
    def reader(self) -> str:
        """What reads them: Q has readings of its own for generated images, a VAE has one encoder for all."""
        return "Q" if "encoder" in self.graphs and "posterior" in self.graphs else "the encoder"

    @property
    def difference(self) -> str:
        """The largest difference, to one digit."""
        return f"{self.largest:.0e}"


@dataclass(frozen=True)
class ExplorerContent:
    """An explorer of one run, or of two side by side.

    Attributes:
        runs: with images of one shape.
        real: real images `(n, c, h, w)` uint8; none where the dataset's files are not here.
        real_note: where they are from.
    """

    runs: Sequence[ExploredRun]
    real: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, 1, 1, 1), dtype=np.uint8))
    real_note: str = ""

    @property
    def title(self) -> str:
        """The runs by name."""
        return " and ".join(run.name for run in self.runs)

    @property
    def reads(self) -> bool:
        """Whether some run reads images."""
        return any(run.reads for run in self.runs)

    @property
    def has_noise(self) -> bool:
        """Whether some run has noise beside its codes."""
        return any(run.latents["noise"]["columns"] for run in self.runs)

    @property
    def has_uniform(self) -> bool:
        """Whether some code has a prior with ends."""
        return any(code.get("prior") == "uniform" for run in self.runs for code in run.latents["codes"])
