"""The floors: fitted at once, with codes of variance 1, and against scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from sklearn import decomposition
from torch import Tensor

from disentangle_bench.errors import RunError, SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.fitted import MOST_FITTED, FittedLinear, drawn
from disentangle_bench.models.model import Shape
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.workflow.evaluate import evaluate
from disentangle_bench.workflow.load import load_run
from disentangle_bench.workflow.train import train
from tests.models.updates import SHAPE


def made(name: str, codes: int = 3) -> FittedLinear:
    recipe = find_recipe(name, "digits")
    values = recipe.to_values()
    values["latents"]["codes"] = values["latents"]["codes"][:codes]
    return cast("FittedLinear", make_model(type(recipe).parse(values), SHAPE))


def mixed(n: int = 4000) -> tuple[Tensor, Tensor]:
    """Three independent uniform sources of different strength, mixed into images uint8; and the sources."""
    generator = torch.Generator().manual_seed(0)
    sources = torch.rand(n, 3, generator=generator) - 0.5
    mixing, _ = torch.linalg.qr(torch.randn(64, 3, generator=generator))
    pixels = 0.5 + (sources * torch.tensor([1.0, 0.8, 0.6])) @ mixing.T
    return (pixels.clamp(0, 1) * 255).round().to(torch.uint8).view(n, *SHAPE), sources


def codes_of(model: FittedLinear, images: Tensor) -> Tensor:
    return model.parts()["encoder"](images.float() / 255)[:, 0::2]


@pytest.mark.parametrize("name", ["pca", "ica"])
def test_codes_are_uncorrelated_with_variance_1_and_give_the_images_back(name: str) -> None:
    model, (images, _) = made(name), mixed()
    model.finish(images, seed=0)
    codes = codes_of(model, images)
    torch.testing.assert_close(torch.cov(codes.T), torch.eye(3), atol=1e-3, rtol=0)
    back = model.parts()["generator"](codes)
    assert (back - images.float() / 255).abs().mean() < 0.003  # what rounding to 8 bits takes away


def test_principal_components_are_scikit_learns() -> None:
    model, (images, _) = made("pca"), mixed()
    model.finish(images, seed=0)
    pixels = images.flatten(1).double().numpy() / 255
    expected = decomposition.PCA(3, whiten=True, svd_solver="full").fit_transform(pixels)
    correlation = np.corrcoef(expected.T, codes_of(model, images).numpy().T)[:3, 3:]
    np.testing.assert_allclose(np.abs(correlation), np.eye(3), atol=1e-3)


def test_independent_components_are_the_sources() -> None:
    model, (images, sources) = made("ica"), mixed()
    assert model.finish(images, seed=0).remark == ""
    correlation = np.corrcoef(sources.numpy().T, codes_of(model, images).numpy().T)[:3, 3:]
    assert (np.abs(correlation).max(axis=0) > 0.99).all()
    assert sorted(np.abs(correlation).argmax(axis=0)) == [0, 1, 2]


def test_of_many_images_some_are_fitted_the_same_at_a_seed() -> None:
    images = torch.arange(MOST_FITTED + 5)
    assert len(drawn(images, 0)) == MOST_FITTED
    assert torch.equal(drawn(images, 0), drawn(images, 0))
    assert not torch.equal(drawn(images, 0), drawn(images, 1))


def test_more_codes_than_images_are_refused() -> None:
    with pytest.raises(SettingError, match="3 codes are fitted to 3 images"):
        made("pca").finish(torch.zeros(3, *SHAPE, dtype=torch.uint8), seed=0)


class TestPixels:
    @pytest.mark.parametrize(("shape", "grid"), [((1, 48, 64), (6, 8)), ((3, 64, 64), (4, 4))])
    def test_are_averages_of_areas(self, shape: Shape, grid: tuple[int, int]) -> None:
        images = torch.rand(5, *shape)
        codes = make_model(find_recipe("pixels", "digits"), shape).parts()["encoder"](images)[:, 0::2].numpy()
        areas = np.stack([np.split(rows, grid[1], axis=3) for rows in np.split(images.numpy(), grid[0], axis=2)])
        expected = areas.mean(axis=(4, 5)).transpose(2, 3, 0, 1).reshape(5, -1)
        np.testing.assert_allclose(codes, expected, atol=1e-6)

    def test_a_number_of_codes_that_is_no_grid_is_refused(self) -> None:
        recipe = find_recipe("pixels", "digits").with_settings({"latents.codes.48.kind": "gaussian"})
        with pytest.raises(SettingError, match="49 codes are not a grid of images with 3 channels"):
            make_model(recipe, (3, 8, 8))


@pytest.mark.parametrize("name", ["pca", "pixels", "random-encoder"])
def test_a_floor_is_a_run_like_any_other(name: str, tmp_path: Path) -> None:
    run = train(name, dataset="digits", out=tmp_path / "run")
    assert run.status == "ok"
    results = evaluate(run, ["mig", "explicitness"], bootstrap=0, levels=False, figures=False)
    assert results.scores["explicitness.test"].value is not None
    assert json.loads(run.results_file.read_text())["subject"]["model"] == name
    model = load_run(run.path).load()
    images = np.zeros((2, *SHAPE), np.uint8)
    assert set(model.encode(images)) == set(model.codes)
    with pytest.raises(RunError, match="no posterior"):
        model.posterior(images)
