"""Correlated factors: what is drawn follows the distribution, and evaluation sees what it saw without."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from disentangle_bench.datasets.correlation import Correlation, correlation_weights
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.datasets.images import LazyImages
from disentangle_bench.evaluation.run_subject import subject_of_run
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.run import Run
from disentangle_bench.training import streaming
from disentangle_bench.training.batches import Batches, DrawnRows, drawn_order, order_generator
from disentangle_bench.training.pairs import Pairs
from disentangle_bench.training.streaming import StreamedBatches
from disentangle_bench.training.train import train_recipe

SIZES = {"x": 8, "shape": 3, "y": 5}
GRID = grid([Factor(name, "ordinal", size) for name, size in SIZES.items()])
CORRELATIONS = [Correlation("x", "y", 0.2), Correlation("x", "shape", 0.4)]
WEIGHTS = correlation_weights(CORRELATIONS, dict(zip(SIZES, GRID.T, strict=True)), SIZES)
P = WEIGHTS / WEIGHTS.sum()
NUMBERED = torch.arange(len(GRID), dtype=torch.uint8)[:, None, None, None]


class Blocks(LazyImages):
    """Images of one pixel that tell their number, best read in blocks."""

    def __init__(self, block: int) -> None:
        self.shape, self.block = (len(GRID), 1, 1, 1), block

    def read(self, rows):
        return rows.astype(np.uint8).reshape(-1, 1, 1, 1)


def shown(batch: torch.Tensor) -> np.ndarray:
    return (batch * 255).round().to(torch.int64).flatten().numpy()


def goodness(rows: np.ndarray, p: np.ndarray = P) -> float:
    """The p-value of row numbers under a distribution; rows that are hardly expected count together."""
    counts, expected = np.bincount(rows, minlength=len(p)), p * len(rows)
    assert not counts[p == 0].any()
    rare = expected < 5
    observed, wanted = (
        [*of[~rare], of[rare].sum()] if expected[rare].sum() else of[~rare] for of in (counts, expected)
    )
    return chisquare(observed, wanted).pvalue


@pytest.mark.parametrize("block", [0, 1, 7])
def test_batches_have_the_joint_frequencies_and_the_marginals_of_the_formula(block: int) -> None:
    """Of images in memory (0), read one by one (1), and read in blocks."""
    size, steps = 60, 1500
    batches = (
        StreamedBatches(Blocks(block), size, 3, weights=WEIGHTS)
        if block
        else Batches(NUMBERED, size, 3, weights=WEIGHTS)
    )
    rows = np.concatenate([shown(batches.at(step)) for step in range(1, steps + 1)])
    batches.close()
    assert goodness(rows) > 1e-3
    for column, (name, number) in enumerate(SIZES.items()):
        marginal = np.bincount(GRID[:, column], P, number)
        assert goodness(GRID[rows, column], marginal) > 1e-3, name
    joint = np.bincount(GRID[rows][:, 0] * 5 + GRID[rows][:, 2], minlength=40) / len(rows)
    expected = np.array([P[(GRID[:, 0] == x) & (GRID[:, 2] == y)].sum() for x in range(8) for y in range(5)])
    assert abs(joint - expected).max() < 0.005


@pytest.mark.parametrize("block", [0, 1, 7])
def test_a_batch_is_a_function_of_seed_and_step_and_processes_share_it(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "WINDOW_BATCHES", 2)
    monkeypatch.setattr(streaming, "LEAST_BYTES", 16)

    def at(step: int, *before: int, rank: int = 0, world: int = 1) -> list[int]:
        place = (12, 5, rank, world)
        batches = (
            StreamedBatches(Blocks(block), *place, weights=WEIGHTS)
            if block
            else Batches(NUMBERED, *place, weights=WEIGHTS)
        )
        for other in before:
            batches.at(other)
        rows = shown(batches.at(step)).tolist()
        batches.close()
        return rows

    for step in (1, 9, 10, 11, 23):
        assert at(step) == at(step, 1, step + 7) == at(step, rank=0, world=2) + at(step, rank=1, world=2)
    assert at(1) != at(11)


def test_pairs_are_as_likely_as_both_images() -> None:
    """The joint of first and second images that differ in one factor, against the enumeration of all of them."""
    pairs = Pairs(NUMBERED, GRID, 200_000, slice(None), torch.device("cpu"), weights=WEIGHTS)
    first, second = pairs.rows(0, 1)
    differing = (GRID[:, None] != GRID[None]).sum(axis=2) == 1
    offered = sum(
        (GRID[:, None, column] != GRID[None, :, column]) / (size - 1) for column, size in enumerate(SIZES.values())
    )
    expected = np.where(differing, np.outer(WEIGHTS, WEIGHTS) * offered, 0)
    assert goodness(first * len(GRID) + second, expected.ravel() / expected.sum()) > 1e-3


def test_groups_keep_to_the_distribution() -> None:
    """Of the images of a group, given those that there are: their weights."""
    groups = Pairs(NUMBERED, GRID, 4000, slice(None), torch.device("cpu"), weights=WEIGHTS)
    for seed in range(6):
        rows, place = groups.group_rows(seed)
        others = [column for column in range(3) if column != place]
        fixed = (GRID[:, others] == GRID[rows[0]][others]).all(axis=1)
        assert goodness(rows, np.where(fixed, WEIGHTS, 0) / WEIGHTS[fixed].sum()) > 1e-3


def test_rows_that_are_drawn_can_be_indexed_like_a_tensor() -> None:
    rows = drawn_order(len(GRID), order_generator(0, 0), WEIGHTS)
    images = DrawnRows(torch.arange(len(GRID)), rows)
    assert len(images) == len(GRID)
    assert torch.equal(images[:5], rows[:5])
    assert torch.equal(images[torch.tensor([3, 1])], rows[[3, 1]])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """PCA, fitted to sprites that are drawn alike or with correlated positions."""
    folder, found = tmp_path_factory.mktemp("runs"), {}
    small = {"dataset.size": 16, "dataset.orientations": 4, "dataset.positions": 8, "dataset.scales": 2}
    for name, more in {"plain": {}, "correlated": {"dataset.correlate": "posX:posY=0.1"}}.items():
        recipe = find_recipe("pca", "sprites").with_settings(small | more)
        found[name] = train_recipe(recipe, out=folder / name, device="cpu")
    return found


def test_a_run_says_that_its_images_are_correlated_and_evaluation_sees_what_it_saw_without(
    runs: dict[str, Run],
) -> None:
    said = ["posX with posY (sigma 0.1)"]
    assert runs["correlated"].provenance()["correlated"] == said
    assert "correlated" not in runs["plain"].provenance()
    plain, correlated = (subject_of_run(run, device=torch.device("cpu")) for run in runs.values())
    assert plain.info["model_sha256"] != correlated.info["model_sha256"]  # what was fitted is what was drawn
    assert correlated.info["correlated"] == said
    own = {"correlated", "model_sha256"}
    assert {key: correlated.info[key] for key in correlated.info.keys() - own} == {
        key: plain.info[key] for key in plain.info.keys() - own
    }
    for part in ("images", "train", "factors"):
        first, second = (getattr(subject.parts[part], "values", subject.parts[part]) for subject in (plain, correlated))
        assert np.array_equal(first, second), part
