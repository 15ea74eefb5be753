"""Graphs of other kinds of models, and what is refused; `tests/cli/test_export.py` compares InfoGAN's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from disentangle_bench.errors import RunError
from disentangle_bench.latents import Categorical, Gaussian, LatentSpec, Uniform
from disentangle_bench.models import MODELS, make_model
from disentangle_bench.models.onnx_parts import layout, onnx_parts
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.models.trained import TrainedModel

SHAPE = (1, 8, 8)
CPU = torch.device("cpu")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def trained(model: str) -> TrainedModel:
    made = make_model(find_recipe(model, "digits"), SHAPE, 0)
    generator = torch.Generator().manual_seed(0)
    made.finish(torch.randint(0, 200, (300, *SHAPE), dtype=torch.uint8, generator=generator), seed=1)
    return TrainedModel(made, CPU)


def alike() -> list[list[str]]:
    """All models, in groups that have parts of the same making, from networks of the same layers: the same graphs."""
    groups: dict[object, list[str]] = {}
    for name in MODELS:
        made = make_model(find_recipe(name, "digits"), SHAPE, 0)
        groups.setdefault((type(made).parts, str(made.networks), made.latents), []).append(name)
    return list(groups.values())


@pytest.mark.slow
@pytest.mark.parametrize("models", alike(), ids="=".join)
def test_every_model_is_exported(models: list[str]) -> None:
    whole = trained(models[0])
    made = onnx_parts(whole, SHAPE, {})
    same = whole.parts.get("encoder") is whole.parts.get("posterior")
    assert set(made) == whole.offers - ({"encoder"} if same else set())
    for name, part in made.items():
        inputs = torch.rand(5, whole.latents.width) if name == "generator" else torch.rand(5, *SHAPE)
        session = onnxruntime.InferenceSession(part.content, providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {session.get_inputs()[0].name: inputs.numpy()})
        with torch.no_grad():
            expected = whole.parts[name](inputs).numpy()
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_graph_that_differs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        def __init__(self, content: bytes, providers: list[str]) -> None: ...

        def run(self, outputs: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
            (latents,) = inputs.values()
            return [np.full((len(latents), *SHAPE), np.nan, dtype=np.float32)]

    monkeypatch.setattr(onnxruntime, "InferenceSession", Other)
    with pytest.raises(RunError, match="The generator as ONNX differs from PyTorch's by up to nan"):
        onnx_parts(trained("pca"), SHAPE, {})


@pytest.mark.parametrize(
    "function",
    [
        lambda latents: torch.from_numpy(np.ones((len(latents), *SHAPE), np.float32)),  # of as many rows as were tried
        lambda latents: torch.full((len(latents), *SHAPE), 1.0 if float(latents.sum()) > 1 else 0.5),
    ],
)
def test_what_onnx_cannot_say_is_refused(function: Callable[[Tensor], Tensor]) -> None:
    whole = trained("pca")
    whole.parts = {"generator": function}
    with pytest.raises(RunError, match="The generator of this model cannot be exported to ONNX: "):
        onnx_parts(whole, SHAPE, {})


def test_the_layout_is_that_of_pack_and_split() -> None:
    spec = LatentSpec(3, (Categorical(4), Uniform(), Gaussian(sigma=0.5)), noise_prior="gaussian")
    drawn = spec.sample(5, torch.Generator().manual_seed(0))
    packed, said = spec.pack(drawn), layout(spec)
    torch.testing.assert_close(packed[:, : said["noise"]["columns"]], drawn.noise)
    raw = torch.randn(5, sum(spec.parameters))
    for code, place, values, part in zip(spec.codes, said["codes"], drawn.codes, spec.split(raw), strict=True):
        torch.testing.assert_close(packed[:, slice(*place["columns"])], code.encode(values))
        torch.testing.assert_close(raw[:, slice(*place["parameters"])], part)
    assert said["codes"][2] | {"columns": 0, "parameters": 0} == {
        "name": "c3", "kind": "continuous", "prior": "gaussian", "sigma": 0.5, "columns": 0, "parameters": 0,
    }  # fmt: skip
