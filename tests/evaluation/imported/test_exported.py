"""Encoders that `dbench export` wrote are read as the runs that they are of."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import disentangle_bench as db
from disentangle_bench.evaluation.imported.exported import ExportedCodes, exported_prior
from disentangle_bench.evaluation.imported.prior import read_prior
from disentangle_bench.evaluation.run_subject import estimates
from disentangle_bench.latents import Categorical, Gaussian, LatentSpec, Uniform
from disentangle_bench.models import make_model
from disentangle_bench.models.onnx_parts import layout, onnx_parts
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.models.trained import TrainedModel

SPEC = LatentSpec(3, (Categorical(4), Uniform(), Gaussian(sigma=1.0)))


def metadata(spec: LatentSpec, part: str = "encoder") -> dict[str, str]:
    return {"part": part, "latents": json.dumps(layout(spec))}


def test_parameters_become_categories_and_means() -> None:
    codes = ExportedCodes.of(metadata(SPEC))
    assert codes is not None
    assert (codes.names, codes.kinds) == (["c1", "c2", "c3"], ["categorical", "continuous", "continuous"])
    read = codes.read([[0, 9, 1, 2, 0.5, -1, 0.25], [7, 0, 0, 0, -0.5, -2, 0.75]])
    np.testing.assert_array_equal(read, [[1, 0.5, 0.25], [0, -0.5, 0.75]])


def test_gaussian_codes_keep_their_posterior() -> None:
    codes = ExportedCodes.of(metadata(LatentSpec(0, (Gaussian(), Gaussian())), "posterior"))
    assert codes is not None
    read = codes.read([[1, -1, 2, -2]])
    assert isinstance(read, dict)
    np.testing.assert_array_equal(read["mean"], [[1, 2]])
    np.testing.assert_array_equal(read["log_sigma"], [[-1, -2]])


@pytest.mark.parametrize("given", [{}, {"part": "generator"}, {"part": "encoder"}])
def test_other_files_say_nothing(given: dict[str, str]) -> None:
    assert ExportedCodes.of(given) is None
    assert exported_prior(given) is None


@pytest.mark.parametrize("noise_prior", ["uniform", "gaussian"])
@pytest.mark.parametrize("noise", [0, 3])
def test_latents_of_a_generator_are_read(noise: int, noise_prior: str) -> None:
    spec = LatentSpec(noise, (Categorical(4), Uniform(), Gaussian()), noise_prior)  # type: ignore[arg-type]
    text = exported_prior(metadata(spec, "generator"))
    assert text is not None
    read = read_prior(text)
    assert (read.latents.noise, read.latents.names) == (noise, spec.names)
    assert [type(code) for code in read.latents.codes] == [type(code) for code in spec.codes]
    assert noise == 0 or read.latents.noise_prior == noise_prior
    drawn = spec.sample(5, torch.Generator().manual_seed(0))
    torch.testing.assert_close(read.pack(drawn), spec.pack(drawn))


@pytest.mark.parametrize(("model", "part"), [("infogan", "encoder"), ("vae", "posterior"), ("pca", "encoder")])
def test_a_file_gives_the_codes_of_its_model(model: str, part: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    digits = db.load_dataset("digits")
    images = torch.from_numpy(digits.images)
    made = make_model(find_recipe(model, "digits"), tuple(images.shape[1:]), 0)
    made.finish(images, seed=1)
    trained = TrainedModel(made, torch.device("cpu"))
    path = tmp_path / "encoder.onnx"
    path.write_bytes(onnx_parts(trained, tuple(images.shape[1:]), {})[part].content)
    found, expected = db.represent(path, "digits"), estimates(trained.latents, trained.encode(images))
    assert (found.codes.names, found.codes.kinds) == (expected.names, expected.kinds)
    np.testing.assert_allclose(found.codes.values, expected.values, atol=1e-4)
    assert bool(found.posterior) is (model == "vae")
    own = [f"mine{place}" for place in range(len(expected.names))]
    assert list(db.represent(path, "digits", names=own).codes.names) == own


def test_a_generator_needs_no_latents_beside_its_file(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    model = make_model(find_recipe("infogan", "digits"), (1, 8, 8), 0)
    path = tmp_path / "generator.onnx"
    path.write_bytes(onnx_parts(TrainedModel(model, torch.device("cpu")), (1, 8, 8), {})["generator"].content)
    made = db.subject(generator=path)
    assert made.parts["latents"].names == model.latents.names
    images = made.parts["generator"](model.latents.sample(3, torch.Generator().manual_seed(0)))
    assert images.shape == (3, 1, 8, 8)
