"""The figure of reconstructions: what is in each row, and what each code is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from disentangle_bench.evaluation.results import Results
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.latents import Categorical, Gaussian, Latents, LatentSpec
from disentangle_bench.reports.figures import reconstructions
from disentangle_bench.reports.figures.reconstructions import COLUMNS, LEVELS, as_grid, reconstruction_figure
from disentangle_bench.representation.variables import Variables

SPEC = LatentSpec(0, tuple(Gaussian(f"c{number}") for number in (1, 2, 3)), "gaussian")
RNG = np.random.default_rng(0)
FACTORS = np.stack([RNG.integers(4, size=400), RNG.integers(3, size=400)], axis=1)
CODES = np.stack([RNG.normal(size=400), FACTORS[:, 0] / 4, FACTORS[:, 1] / 3], axis=1)
IMAGES = RNG.integers(0, 256, (400, 1, 2, 4), np.uint8)
SPREADS = {"c1": 1.0, "c2": 0.01, "c3": 0.3}
TRAIN = np.arange(400) < 300


def pictures(latents: Latents) -> Tensor:
    """Images whose first row of pixels are the codes."""
    codes = SPEC.pack(latents)
    return torch.nn.functional.pad(codes, (0, 5)).view(-1, 1, 2, 4)


def subject(**changes: Any) -> Subject:
    posterior = {
        name: np.stack([CODES[:, place], np.full(400, np.log(SPREADS[name]))], axis=1)
        for place, name in enumerate(SPREADS)
    }
    parts = {
        "generator": pictures,
        "latents": SPEC,
        "codes": Variables.wrap(CODES, names=SPEC.names),
        "images": IMAGES,
        "train": TRAIN,
        "factors": Variables.wrap(FACTORS, names=("shape", "hue"), kinds=("categorical", "categorical")),
        "posterior_parameters": posterior,
    }
    return Subject("toy", {name: part for name, part in (parts | changes).items() if part is not None})


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """What is handed to the drawing."""
    found: dict[str, Any] = {}

    def grid(images: np.ndarray, columns: list[str], **more: Any) -> str:
        found.update(images=images, columns=columns, **more)
        return "a figure"

    monkeypatch.setattr(reconstructions, "traversal_grid", grid)

    def call(**changes: Any) -> dict[str, Any]:
        assert reconstruction_figure(Results(subject={"name": "toy"}, scores={}), subject(**changes)) == "a figure"
        return found

    return call


def test_rows_are_originals_reconstructions_and_codes_by_kl(shown: Callable[..., dict[str, Any]]) -> None:
    found = shown()
    assert [row.partition(":")[0].partition(",")[0] for row in found["rows"]] == [
        "original",
        "reconstruction",
        "c2",
        "c3",
        "c1",
    ]
    originals, reconstructed, *traversed = found["images"]
    rows = [int(np.flatnonzero((IMAGES[:, 0] == np.round(image * 255)).all(axis=(1, 2)))[0]) for image in originals]
    assert min(rows) >= 300  # of the test split
    np.testing.assert_allclose(reconstructed[:, 0, :3], CODES[rows], rtol=1e-5, atol=1e-7)
    for images, code in zip(traversed, (1, 2, 0), strict=True):
        np.testing.assert_allclose(images[:, 0, code], np.quantile(CODES[:, code], LEVELS), rtol=1e-5, atol=1e-7)
        others = [place for place in range(3) if place != code]
        np.testing.assert_allclose(images[:, 0, others], np.tile(CODES[rows[0], others], (COLUMNS, 1)), rtol=1e-5)


def test_codes_have_their_kl_and_the_factor_that_they_know_best(shown: Callable[..., dict[str, Any]]) -> None:
    rows = shown()["rows"]
    KL = (CODES[:, 1] ** 2 + 0.01**2 - 1).mean() / 2 - np.log(0.01)
    assert rows[2] == f"c2, KL {KL:.2f}: shape 1.00"
    assert rows[3].endswith(": hue 1.00")


def test_without_a_posterior_codes_keep_their_order_and_without_factors_they_know_none(
    shown: Callable[..., dict[str, Any]],
) -> None:
    assert shown(posterior_parameters=None, factors=None)["rows"][2:] == ["c1", "c2", "c3"]


@pytest.mark.parametrize(
    "changes",
    [
        {"generator": None},
        {"images": None},
        {"latents": LatentSpec(2, SPEC.codes, "gaussian")},
        {"codes": Variables.wrap(CODES, names=("a", "b", "c"))},
        {"images": IMAGES.repeat(3, axis=1)},
    ],
    ids=["no generator", "no images", "noise", "other codes", "another shape"],
)
def test_what_is_no_autoencoder_has_no_such_figure(changes: dict[str, Any]) -> None:
    assert reconstruction_figure(Results(subject={"name": "toy"}, scores={}), subject(**changes)) is None


def test_categories_are_traversed_without_values_in_between(shown: Callable[..., dict[str, Any]]) -> None:
    spec = LatentSpec(0, (*SPEC.codes[:2], Categorical(3, "c3")), "gaussian")
    codes = np.column_stack([CODES[:, :2], FACTORS[:, 1]])

    def one_hot(latents: Latents) -> Tensor:
        return torch.nn.functional.pad(spec.pack(latents), (0, 3)).view(-1, 1, 2, 4)

    found = shown(latents=spec, generator=one_hot, codes=Variables.wrap(codes, names=SPEC.names))
    assert found["rows"][2:] == ["c1: " + found["rows"][2].partition(": ")[2], "c2: shape 1.00", "c3: hue 1.00"]
    categories = np.column_stack([found["images"][4, :, 0, 2:], found["images"][4, :, 1, 0]])
    assert categories.argmax(axis=1).tolist() == np.quantile(FACTORS[:, 1], LEVELS, method="nearest").tolist()


def test_it_is_drawn_in_color_too() -> None:
    color = {"images": IMAGES.repeat(3, axis=1), "generator": lambda latents: pictures(latents).repeat(1, 3, 1, 1)}
    figure = reconstruction_figure(Results(subject={"name": "toy"}, scores={}), subject(**color))
    assert figure is not None
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()][:2] == ["original", "reconstruction"]
    assert as_grid(np.zeros((6, 3, 2, 4)), 2).shape == (2, 3, 2, 4, 3)
