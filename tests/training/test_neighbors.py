"""The nearest training images, against scikit-learn's, and how updates draw them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from disentangle_bench import load_dataset
from disentangle_bench.errors import SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.model import Draw
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.run import Run
from disentangle_bench.training import neighbors
from disentangle_bench.training.batches import Batches
from disentangle_bench.training.neighbors import Neighbors, check_neighbors, nearest


@pytest.fixture(scope="module")
def digits() -> Tensor:
    return torch.from_numpy(np.asarray(load_dataset("digits").images[:600]))


def test_they_are_scikit_learns(digits: Tensor) -> None:
    pixels = digits.flatten(1).numpy().astype(float)
    found = NearestNeighbors(n_neighbors=5, metric="cosine", algorithm="brute").fit(pixels).kneighbors()[1]
    same = nearest(digits, 5).numpy() == found
    assert same.mean() > 0.99  # float32 orders a few that are as near otherwise
    unit = pixels / np.linalg.norm(pixels, axis=1, keepdims=True)
    cosines = np.take_along_axis(unit @ unit.T, nearest(digits, 5).numpy(), axis=1)
    np.testing.assert_allclose(cosines, np.take_along_axis(unit @ unit.T, found, axis=1), atol=1e-6)


@pytest.mark.parametrize("at_once", [1, 700, 2**26])
def test_it_does_not_matter_how_many_are_compared_at_once(
    digits: Tensor, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = nearest(digits, 3)
    monkeypatch.setattr(neighbors, "AT_ONCE", at_once)
    assert torch.equal(nearest(digits, 3), expected)


def test_black_images_have_neighbors_too() -> None:
    images = torch.zeros(4, 1, 3, 3, dtype=torch.uint8)
    assert [sorted(found) for found in nearest(images, 3).tolist()] == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_each_image_of_a_batch_gets_one_of_its_own(digits: Tensor) -> None:
    batches = Batches(digits, 50, seed=1)
    near = Neighbors(batches, 4)
    for number in (1, 7, 14):  # the last in the second epoch
        rows, u = batches.rows(number), torch.rand(50, generator=torch.Generator().manual_seed(number))
        expected = near.nearest[rows, (4 * u).long()]
        torch.testing.assert_close(near.at(number, u), digits[expected].float() / 255)
        torch.testing.assert_close(batches.at(number), digits[rows].float() / 255)


def test_processes_share_them(digits: Tensor) -> None:
    u = torch.rand(50, generator=torch.Generator().manual_seed(0))
    whole = Neighbors(Batches(digits, 50, 1), 4).at(3, u)
    halves = [
        Neighbors(batches, 4).at(3, u[batches.share]) for batches in (Batches(digits, 50, 1, r, 2) for r in (0, 1))
    ]
    assert torch.equal(torch.cat(halves), whole)


class TestDraw:
    """What `draw.near` gives belongs to the batch that was drawn last."""

    def draw(self, images: Tensor, declared: int = 4) -> tuple[Draw, Batches, Tensor]:
        model = make_model(
            find_recipe("infogan-invariant-digits").with_settings({"model.neighbors": declared}), (1, 8, 8)
        )
        model.batches = 2
        batches = Batches(images, 64, 0)
        near = Neighbors(batches, declared) if declared else None
        found = near.nearest if near else images
        return Draw(model, batches, torch.device("cpu"), seed=0, step=3, neighbors=near), batches, found

    def test_of_the_last_batch(self, digits: Tensor) -> None:
        draw, batches, nearest = self.draw(digits)
        for number in (5, 6):  # the batches of step 3
            draw.real()
            first, again = draw.near(), draw.near()
            of = digits[nearest[batches.rows(number)]].float() / 255  # (64, 4, 1, 8, 8)
            for given in (first, again):
                assert (of == given[:, None]).all(dim=(2, 3, 4)).any(dim=1).all()
            assert not torch.equal(first, again)

    @pytest.mark.parametrize("declared", [0, 4])
    def test_without_a_batch_or_a_declaration(self, digits: Tensor, declared: int) -> None:
        draw, *_ = self.draw(digits, declared)
        if not declared:
            draw.real()
        with pytest.raises(RuntimeError, match="does not declare"):
            draw.near()


@pytest.mark.parametrize(
    ("images", "count", "problem"),
    [
        (SimpleNamespace(), 1000, "in memory; these are streamed"),
        (torch.zeros(1), 737_280, "737,280 are too many"),
        (torch.zeros(1), 5, "neighbors = 5, of 5 training images"),
    ],
)
def test_what_cannot_be_compared_is_refused(images: object, count: int, problem: str) -> None:
    with pytest.raises(SettingError, match=problem) as caught:
        check_neighbors(images, count, 5)
    assert caught.value.remedy.startswith("Give ")


def test_a_run_says_what_its_start_is_spent_on(
    train_tiny: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    train_tiny({"model.neighbors": 3}, model="infogan-invariant")
    assert "Comparing all training images for the 3 nearest of each." in capsys.readouterr().err


def test_a_run_that_asks_for_too_many_writes_nothing(tmp_path: Path, train_tiny: Callable[..., Run]) -> None:
    with pytest.raises(SettingError, match="neighbors = 5000, of"):
        train_tiny({"model.neighbors": 5000}, model="infogan-invariant")
    assert not (tmp_path / "run").exists()
