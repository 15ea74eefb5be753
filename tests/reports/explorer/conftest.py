"""Runs whose networks are known formulas, and the page that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from disentangle_bench.reports.explorer import ExploredRun, ExplorerContent

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
SIDE = 8
SHAPE = (1, SIDE, SIDE)
LATENTS: dict[str, Any] = {
    "noise": {"columns": 2, "prior": "uniform"},
    "codes": [
        {"name": "c1", "kind": "categorical", "k": 3, "columns": [2, 5], "parameters": [0, 3]},
        {
            "name": "c2",
            "kind": "continuous",
            "prior": "uniform",
            "sigma": None,
            "columns": [5, 6],
            "parameters": [3, 5],
        },
        {
            "name": "c3",
            "kind": "continuous",
            "prior": "gaussian",
            "sigma": 0.5,
            "columns": [6, 7],
            "parameters": [5, 6],
        },
    ],
}
COLUMNS, PARAMETERS = 7, 6


class Toy:
    """A generator `sigmoid(W c)` and a linear posterior, of random weights."""

    def __init__(self, seed: int, shape: tuple[int, int, int] = SHAPE) -> None:
        rng = np.random.default_rng(seed)
        self.shape, self.pixels = shape, int(np.prod(shape))
        self.W = rng.normal(size=(COLUMNS, self.pixels)).astype(np.float32)
        self.V = rng.normal(size=(self.pixels, PARAMETERS), scale=0.2).astype(np.float32)

    def images(self, latents: NDArray[np.float64]) -> NDArray[np.float64]:
        """Latents `(n, 7)` -> images `(n, c, h, w)`."""
        return (1 / (1 + np.exp(-latents @ self.W.astype(np.float64)))).reshape(-1, *self.shape)

    def parameters(self, images: NDArray[np.float64]) -> NDArray[np.float64]:
        """Images -> parameters `(n, 6)`."""
        return images.reshape(len(images), -1) @ self.V.astype(np.float64)

    def run(self, name: str = "toy, seed 0", remark: str = "") -> ExploredRun:
        """As the explorer takes it."""
        graphs = {"generator": self._generator(), "posterior": self._posterior(), "encoder": self._posterior()}
        return ExploredRun(name, remark, self.shape, LATENTS, graphs, 3e-7)

    def _generator(self) -> bytes:
        nodes = [
            onnx.helper.make_node("MatMul", ["latents", "W"], ["logits"]),
            onnx.helper.make_node("Sigmoid", ["logits"], ["flat"]),
            onnx.helper.make_node("Reshape", ["flat", "shape"], ["images"]),
        ]
        constants = {"W": self.W, "shape": np.array([-1, *self.shape])}
        return graph(nodes, constants, ("latents", [COLUMNS]), ("images", self.shape))

    def _posterior(self) -> bytes:
        nodes = [
            onnx.helper.make_node("Flatten", ["images"], ["flat"]),
            onnx.helper.make_node("MatMul", ["flat", "V"], ["parameters"]),
        ]
        return graph(nodes, {"V": self.V}, ("images", self.shape), ("parameters", [PARAMETERS]))


def graph(
    nodes: Sequence[Any],
    constants: dict[str, NDArray[Any]],
    source: tuple[str, Sequence[int]],
    target: tuple[str, Sequence[int]],
) -> bytes:
    """An ONNX file whose input and output have any number of rows."""
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", *of]) for name, of in (source, target)
    ]
    kept = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()]
    made = onnx.helper.make_graph(list(nodes), "toy", ends[:1], ends[1:], kept)
    model = onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def real_images(shape: tuple[int, int, int] = SHAPE) -> NDArray[np.uint8]:
    """Five images."""
    return np.random.default_rng(5).integers(0, 256, (5, *shape), dtype=np.uint8)


def make_content(*toys: Toy) -> ExplorerContent:
    """One run for each toy."""
    runs = [toy.run(f"toy, seed {seed}") for seed, toy in enumerate(toys)]
    return ExplorerContent(runs, real_images(toys[0].shape), "Test images of toys, drawn at random.")
