"""Pairs differ in exactly k factors, are uniform and of the training split, and are the same in a resumed run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.errors import DataError, SettingError
from disentangle_bench.models import MODELS
from disentangle_bench.recipe import Recipe
from disentangle_bench.training.pairs import Pairs
from disentangle_bench.training.train import train_recipe

SIZES = (2, 3, 1, 5)
GRID = grid([Factor(f"f{n}", "ordinal", size) for n, size in enumerate(SIZES)])
CPU = torch.device("cpu")


def pairs(classes: np.ndarray = GRID, size: int = 4000, share: slice = slice(None)) -> Pairs:
    """Pairs of images of one pixel, which is the row's number."""
    images = torch.arange(len(classes), dtype=torch.uint8)[:, None, None, None]
    return Pairs(images, classes, size, share, CPU)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_exactly_k_factors_differ(k: int) -> None:
    first, second = pairs().rows(0, k)
    assert ((GRID[first] != GRID[second]).sum(axis=1) == k).all()


def test_by_default_every_number_but_all_is_as_likely() -> None:
    first, second = pairs().rows(0, None)
    number = (GRID[first] != GRID[second]).sum(axis=1)
    assert chisquare(np.bincount(number, minlength=4)[1:3]).pvalue > 1e-3
    assert set(number) == {1, 2}


def test_images_factors_and_values_are_uniform() -> None:
    first, second = pairs(size=20_000).rows(1, 1)
    assert chisquare(np.bincount(first, minlength=len(GRID))).pvalue > 1e-3
    different = GRID[first] != GRID[second]
    assert chisquare(different.sum(axis=0)[[0, 1, 3]]).pvalue > 1e-3
    steps = (GRID[second] - GRID[first])[different[:, 3], 3] % 5
    assert chisquare(np.bincount(steps, minlength=5)[1:]).pvalue > 1e-3


def test_only_images_that_there_are_are_drawn_and_of_several_any() -> None:
    kept = np.delete(GRID, [0, 7, 13], axis=0)
    twice = np.concatenate([kept, kept])
    first, second = pairs(twice).rows(2, 2)
    assert ((twice[first] != twice[second]).sum(axis=1) == 2).all()
    assert len(set(second.tolist())) == len(twice)


def test_a_batch_is_a_function_of_its_seed_and_processes_share_it() -> None:
    whole = pairs(size=8).at(3, 1)
    parts = [pairs(size=8, share=slice(start, start + 4)).at(3, 1) for start in (0, 4)]
    for n in (0, 1):
        assert torch.equal(whole[n], torch.cat([part[n] for part in parts]))
    assert not torch.equal(whole[0], pairs(size=8).at(4, 1)[0])


class TestGroups:
    def test_one_factor_varies_and_no_other(self) -> None:
        for seed in range(20):
            rows, place = pairs(size=60).group_rows(seed)
            factor = (0, 1, 3)[place]
            assert set(GRID[rows, factor]) == set(range(SIZES[factor]))
            assert (np.ptp(np.delete(GRID[rows], factor, axis=1), axis=0) == 0).all()

    def test_factors_images_and_values_are_uniform(self) -> None:
        groups = [pairs(size=16).group_rows(seed) for seed in range(2000)]
        places = np.array([place for _, place in groups])
        assert chisquare(np.bincount(places, minlength=3)).pvalue > 1e-3
        first = np.array([rows[0] for rows, _ in groups])
        assert chisquare(np.bincount(first, minlength=len(GRID))).pvalue > 1e-3
        values = np.concatenate([GRID[rows, 3] for rows, place in groups if place == 2])
        assert chisquare(np.bincount(values, minlength=5)).pvalue > 1e-3

    def test_only_images_that_there_are_are_drawn_and_of_several_any(self) -> None:
        kept = np.delete(GRID, [0, 7, 13], axis=0)
        twice = np.concatenate([kept, kept])
        drawn = {row for seed in range(200) for row in pairs(twice, size=16).group_rows(seed)[0].tolist()}
        assert drawn == set(range(len(twice)))

    def test_a_batch_is_a_function_of_its_seed_and_processes_share_it(self) -> None:
        whole, place, factors = pairs(size=8).group(3)
        parts = [pairs(size=8, share=slice(start, start + 4)).group(3) for start in (0, 4)]
        assert torch.equal(whole, torch.cat([part[0] for part in parts]))
        assert {(place, factors)} == {part[1:] for part in parts}
        assert factors == 3

    def test_where_no_two_images_differ_in_one_factor_alone_it_is_told(self) -> None:
        with pytest.raises(DataError, match="differ in one factor alone"):
            pairs(np.array([[0, 0], [1, 1], [2, 2]])).group(0)
        with pytest.raises(SettingError, match="No factor"):
            pairs(np.zeros((4, 2), np.int64)).group(0)


@pytest.mark.parametrize("k", [0, 4, -1])
def test_a_number_that_cannot_differ_is_refused(k: int) -> None:
    with pytest.raises(SettingError, match=f"k = {k} factors cannot be drawn.\n3 factors of the training images vary"):
        pairs().rows(0, k)


def test_images_of_which_none_differ_in_so_many_are_refused() -> None:
    with pytest.raises(DataError, match="no pair of training images that differ in exactly 1 factors"):
        pairs(np.array([[0, 0], [1, 1]]), size=8).rows(0, 1)


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Recipe]:
    """Of the model that draws pairs."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    monkeypatch.setitem(MODELS._all(), "toy-pairs", "toy_pairs:ToyPairs")

    def call(dataset: dict[str, object], **model: object) -> Recipe:
        return Recipe.parse(
            {
                "name": "pairs",
                "steps": 6,
                "batch_size": 8,
                "checkpoint_every": 2,
                "model": {"name": "toy-pairs", **model},
                "dataset": dataset,
                "optimizer": {"vae": {"lr": 1e-3}},
                "latents": {"codes": [{"kind": "gaussian"}] * 2},
            }
        )

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images in memory, with factors."""
    images = np.random.default_rng(0).integers(0, 256, (len(GRID), 8, 8), np.uint8)
    np.savez(tmp_path / "mine.npz", images=images, factors=GRID)
    return tmp_path


@pytest.mark.parametrize(
    ("dataset", "k"),
    [
        ({"name": "arrays"}, 1),
        ({"name": "chairs3d", "size": 16}, 0),
        ({"name": "arrays", "correlate": "f2:all=0.3"}, 0),
        ({"name": "chairs3d", "size": 16, "correlate": "azimuth:style=0.2"}, 1),
    ],
)
def test_interrupted_and_resumed_it_ends_with_the_same_bits(
    dataset: dict[str, object], k: int, folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Of images in memory and of procedural ones, all as likely or drawn by correlated factors."""
    values = request.getfixturevalue("recipe")(dataset, k=k)

    def train(out: str, **options: bool) -> Path:
        data_dir = folder / "mine.npz" if dataset["name"] == "arrays" else None
        return train_recipe(values, out=folder / out, device="cpu", data_dir=data_dir, **options).path

    straight = train("straight")
    monkeypatch.setattr("toy_pairs.ToyPairs.stop_in", 4)
    with pytest.raises(KeyboardInterrupt):
        train("stopped")
    monkeypatch.setattr("toy_pairs.ToyPairs.stop_in", 0)
    request.getfixturevalue("same_run")(train("stopped", resume=True), straight)


def test_a_dataset_without_ground_truth_is_refused_before_anything_is_written(
    recipe: Callable[..., Recipe], folder: Path
) -> None:
    np.savez(folder / "plain.npz", images=np.full((20, 8, 8), 9, np.uint8))
    with pytest.raises(DataError, match=r"'toy-pairs' is trained on pairs .*; arrays has no ground truth"):
        train_recipe(recipe({"name": "arrays"}), out=folder / "run", device="cpu", data_dir=folder / "plain.npz")
    assert not (folder / "run").exists()
