"""ONNX models, run by onnxruntime on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.errors import DataError, DbenchError
from disentangle_bench.evaluation.imported.fixed_batch import FixedBatch

_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}


def onnx_model(path: Path, device: torch.device) -> Callable[[Tensor], Any]:
    """The network of an ONNX file: one array, or several by their names.

    Raises:
        DbenchError: onnxruntime is not installed. DataError: the file is damaged, or takes several inputs or no floats.
    """
    del device  # onnxruntime has devices of its own
    try:
        import onnxruntime
    except ImportError:
        raise DbenchError(
            f"Reading {path} needs onnxruntime.", "Install it: pip install 'disentangle-bench[onnx]'."
        ) from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common class
        said = " ".join(str(error).split())[:200]
        raise DataError(f"{path} cannot be read as ONNX: {said}", "Export it again.") from error
    inputs, outputs = session.get_inputs(), [output.name for output in session.get_outputs()]
    if len(inputs) != 1 or inputs[0].type not in _TYPES:
        said = ", ".join(f"{each.name} {each.type}" for each in inputs)
        raise DataError(f"The network in {path} takes {said}.", "Export one that takes 1 tensor of floats.")
    [given] = inputs

    def network(rows: Tensor) -> NDArray[Any] | dict[str, NDArray[Any]]:
        found = session.run(outputs, {given.name: rows.cpu().numpy().astype(_TYPES[given.type])})
        return found[0] if len(outputs) == 1 else dict(zip(outputs, found, strict=True))

    sizes = [size if isinstance(size, int) else None for size in given.shape]
    return FixedBatch(network, sizes, str(path), session.get_modelmeta().custom_metadata_map)
