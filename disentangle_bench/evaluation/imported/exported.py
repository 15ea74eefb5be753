"""What a graph that `dbench export` wrote says of itself: which codes it gives, or which latents it takes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

READERS = ("encoder", "posterior")
"""The parts of a model whose graphs give parameters."""


@dataclass(frozen=True)
class ExportedCode:
    """One code: its name and kind, and which columns of the parameters are its own."""

    name: str
    kind: str
    columns: slice

    @property
    def learns_sigma(self) -> bool:
        """Whether it is continuous, with mean and ln sigma among the parameters."""
        return self.kind == "continuous" and self.columns.stop - self.columns.start == 2


class ExportedCodes:
    """The codes whose parameters a graph gives side by side; see `models.onnx_parts.layout`."""

    def __init__(self, codes: Sequence[ExportedCode]) -> None:
        self.codes = tuple(codes)

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> Self | None:
        """Read the metadata of a file; None if it is not a graph of ours that gives parameters."""
        if metadata.get("part") not in READERS or "latents" not in metadata:
            return None
        described = json.loads(metadata["latents"])["codes"]
        return cls([ExportedCode(of["name"], of["kind"], slice(*of["parameters"])) for of in described])

    @property
    def names(self) -> list[str]:
        """The names of the codes."""
        return [code.name for code in self.codes]

    @property
    def kinds(self) -> list[str]:
        """The kinds of the codes."""
        return [code.kind for code in self.codes]

    def read(self, parameters: ArrayLike) -> NDArray[np.float64] | dict[str, Any]:
        """Codes `(n, d)`, the most likely category or the mean; where all are Gaussian, mean and ln sigma by name.

        Args:
            parameters: `(n, p)`.
        """
        array = np.asarray(parameters, dtype=np.float64)
        columns = [array[:, code.columns] for code in self.codes]
        if all(code.learns_sigma for code in self.codes):
            mean, log_sigma = (np.stack([own[:, place] for own in columns], axis=1) for place in (0, 1))
            if np.isfinite(log_sigma).all():  # else it is a function of images, as PCA is
                return {"mean": mean, "log_sigma": log_sigma}
        values = [
            own.argmax(axis=1) if code.kind == "categorical" else own[:, 0]
            for code, own in zip(self.codes, columns, strict=True)
        ]
        return np.stack(values, axis=1)


def exported_prior(metadata: Mapping[str, str]) -> str | None:
    """The latents that a generator takes, as `read_prior` reads them; None if it is not a generator of ours.

    Example:
        >>> from disentangle_bench.latents import Categorical, LatentSpec, Uniform
        >>> from disentangle_bench.models.onnx_parts import layout
        >>> latents = json.dumps(layout(LatentSpec(62, (Categorical(10), Uniform(), Uniform()))))
        >>> exported_prior({"part": "generator", "latents": latents})
        'uniform-noise*62,categorical:10,uniform,uniform'
    """
    if metadata.get("part") != "generator" or "latents" not in metadata:
        return None
    described = json.loads(metadata["latents"])
    noise = described["noise"]
    codes = [f"categorical:{of['k']}" if of["kind"] == "categorical" else of["prior"] for of in described["codes"]]
    return ",".join([*([f"{noise['prior']}-noise*{noise['columns']}"] if noise["columns"] else []), *codes])
