"""The parts of a trained model as ONNX graphs, each compared with PyTorch's answers before it is handed on."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from disentangle_bench.errors import RunError, SettingError
from disentangle_bench.latents import Categorical, Code, Latents, LatentSpec, Uniform
from disentangle_bench.models.model import Shape
from disentangle_bench.models.trained import TrainedModel
from disentangle_bench.provenance import installed_version

PARTS = {
    "generator": ("latents", "images"),
    "posterior": ("images", "parameters"),
    "encoder": ("images", "parameters"),
}
"""What can be exported, with the names of its input and its output."""
PACKAGES = ("onnx", "onnxruntime", "onnxscript")
TOLERANCE = 1e-4
ROWS = 64
"""Random codes on which a graph is compared with PyTorch."""
REMEDY = "`dbench export RUN --to safetensors` exports its weights."
STRETCH = 2
"""By how much the continuous ones among them leave their priors, as those of a traversal do."""


@dataclass(frozen=True)
class OnnxPart:
    """A part of a model as an ONNX graph.

    Attributes:
        content: the file's bytes.
        difference: the largest from PyTorch's answers, over all outputs for random codes.
    """

    content: bytes
    difference: float


def require_onnx() -> None:
    """Check that the packages of the extra are installed.

    Raises:
        SettingError: one is not.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise SettingError(
            f"ONNX needs {', '.join(missing)}, which {'are' if len(missing) > 1 else 'is'} not installed.",
            "`pip install 'disentangle-bench[onnx]'` installs what it needs.",
        )


def onnx_parts(
    trained: TrainedModel,
    shape: Shape,
    facts: Mapping[str, str],
    *,
    on_progress: Callable[[str], object] = lambda _event: None,
) -> dict[str, OnnxPart]:
    """Export what a model offers, through PyTorch's exporter.

    An encoder that is also the posterior is exported once. Each graph takes any number of rows, and says of itself how
    latents are packed, what the parameters are, and how far it is from PyTorch at most (its `metadata_props`).

    Args:
        trained: the model, on the CPU.
        shape: `(c, h, w)` of its images.
        facts: what else the graphs say of themselves.
        on_progress: called with what is being exported.

    Returns:
        `generator`, `posterior` and `encoder`, as far as there are.

    Raises:
        SettingError: a package is missing. RunError: the model has an operation that ONNX lacks, or a graph gives other
            answers than PyTorch.
    """
    require_onnx()
    latents, images = _random_inputs(trained, shape)
    made: dict[str, OnnxPart] = {}
    for name, inputs in {"generator": latents, "posterior": images, "encoder": images}.items():
        function = trained.parts.get(name)
        if function is None or (name == "encoder" and function is trained.parts.get("posterior")):
            continue
        on_progress(f"Exporting the {name} to ONNX")
        about = {"part": name, "latents": json.dumps(layout(trained.latents)), "shape": json.dumps(shape), **facts}
        made[name] = _exported(name, function, inputs, about)
    if not made:
        raise RunError("The model offers neither a generator nor an encoder.", "There is nothing to export.")
    return made


def layout(spec: LatentSpec) -> dict[str, Any]:
    """Describe how latents are packed and posterior parameters are read, as plain values.

    Returns:
        `noise`: how many columns of the generator's input come first, and their prior. `codes`: of each its name, kind
        and prior, its `columns` of the generator's input `[from, to)`, and its `parameters` among those of the
        posterior: the logits of categories (`k`), or mean and ln sigma, of which the latter is missing if `sigma` is
        fixed.

    Example:
        >>> from disentangle_bench.latents import Categorical, Gaussian, LatentSpec
        >>> layout(LatentSpec(62, (Categorical(10), Gaussian())))["codes"][1]["columns"]
        [72, 73]
    """
    columns = _bounds(spec.noise, [code.width for code in spec.codes])
    parameters = _bounds(0, list(spec.parameters))
    codes = zip(spec.codes, columns, parameters, strict=True)
    return {
        "noise": {"columns": spec.noise, "prior": spec.noise_prior},
        "codes": [{**_described(code), "columns": at, "parameters": read} for code, at, read in codes],
    }


def _described(code: Code) -> dict[str, Any]:
    if isinstance(code, Categorical):
        return {"name": code.name, "kind": "categorical", "k": code.k}
    prior = "uniform" if isinstance(code, Uniform) else "gaussian"
    return {"name": code.name, "kind": "continuous", "prior": prior, "sigma": code.sigma}


def _bounds(start: int, widths: list[int]) -> list[list[int]]:
    return [list(pair) for pair in pairwise(np.cumsum([start, *widths]).tolist())]


@torch.inference_mode()
def _random_inputs(trained: TrainedModel, shape: Shape) -> tuple[Tensor, Tensor]:
    """Latents beyond their priors; noise as images, and what the generator makes of these latents, if there is one."""
    spec, generator = trained.latents, torch.Generator().manual_seed(0)
    drawn = spec.sample(ROWS, generator)
    pairs = zip(spec.codes, drawn.codes, strict=True)
    codes = tuple(values if isinstance(code, Categorical) else values * STRETCH for code, values in pairs)
    latents, images = spec.pack(Latents(drawn.noise, codes)), torch.rand(ROWS, *shape, generator=generator)
    if "generator" in trained.parts:
        images = torch.cat([images, trained.parts["generator"](latents)])
    return latents, images


class _Function(nn.Module):
    """A function as the exporter takes one."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, inputs: Tensor) -> Tensor:
        return self.function(inputs)


def _exported(name: str, function: Callable[[Tensor], Tensor], inputs: Tensor, about: Mapping[str, str]) -> OnnxPart:
    try:
        program = graph_of(name, function, inputs[:2])
        difference = difference_of(name, function, inputs, program.model_proto.SerializeToString())
    except RunError:
        raise
    except Exception as error:  # torch's exporter raises whatever it meets
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise RunError(f"The {name} of this model cannot be exported to ONNX: {reason}", REMEDY) from error
    versions = {package: str(installed_version(package)) for package in ("disentangle-bench", "torch", "onnxscript")}
    program.model.metadata_props.update(
        {**about, **versions, "largest_difference": repr(difference), "compared_on": f"{len(inputs)} random inputs"}
    )
    return OnnxPart(program.model_proto.SerializeToString(), difference)


def graph_of(name: str, function: Callable[[Tensor], Tensor], example: Tensor) -> torch.onnx.ONNXProgram:
    source, target = PARTS[name]
    with quiet(), torch.no_grad():
        program = torch.onnx.export(
            _Function(function).eval(),
            (example.clone(),),
            input_names=[source],
            output_names=[target],
            dynamic_shapes=({0: torch.export.Dim("n", min=1)},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return program


def difference_of(name: str, function: Callable[[Tensor], Tensor], inputs: Tensor, content: bytes) -> float:
    """The largest difference of a graph's outputs from PyTorch's, for these inputs at once and for one of them alone.

    Raises:
        RunError: it is more than 1e-4.
    """
    import onnxruntime

    source, target = PARTS[name]
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = function(inputs).float().numpy()
    largest = 0.0
    for rows in (slice(None), slice(0, 1)):
        (found,) = session.run([target], {source: inputs[rows].numpy()})
        with np.errstate(invalid="ignore"):  # a posterior that is a point has a ln sigma of minus infinity in both
            apart = np.where(found == expected[rows], 0, np.abs(found - expected[rows]))
        largest = float(np.maximum(largest, apart.max()))  # which NaN survives
    if not largest <= TOLERANCE:
        raise RunError(
            f"The {name} as ONNX differs from PyTorch's by up to {largest:g}, more than {TOLERANCE:g}.", REMEDY
        )
    return largest


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the exporter's remarks on its own workings from the user."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
