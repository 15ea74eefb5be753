"""What the game is for: InfoGAN's codes become readable from its images, the baseline's do not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.training.train import train_recipe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def information(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[float]]:
    """`L_I(c1)` in nats over 300 steps at a quarter of the width."""
    curves = {}
    for model in ("infogan", "gan-with-q"):
        recipe = find_recipe(model, "digits").with_settings({"steps": 300, "networks.width": 0.25, "batch_size": 64})
        run = train_recipe(recipe, out=tmp_path_factory.mktemp(model) / "run", device="cpu")
        curves[model] = [entry["L_I"]["c1"] for entry in run.log()]
    return curves


def test_infogan_raises_it(information: dict[str, list[float]]) -> None:
    curve = information["infogan"]
    assert curve == sorted(curve)
    assert curve[-1] > 0.5


def test_the_baselines_stays_low(information: dict[str, list[float]]) -> None:
    assert max(information["gan-with-q"]) < 0.15
    assert information["gan-with-q"][-1] < information["infogan"][-1] / 4


def test_a_generator_that_hardly_learns_is_not_called_sound(tmp_path: Path) -> None:
    """G stays at one image, from which Q learns to read c1 all the same."""
    settings = {"name": "still", "steps": 250, "networks.width": 0.125, "batch_size": 64, "optimizer.G.lr": 1e-6}
    run = train_recipe(find_recipe("infogan", "digits").with_settings(settings), out=tmp_path / "run", device="cpu")
    assert run.log()[-1]["L_I"]["c1"] > run.log()[0]["L_I"]["c1"]
    assert re.fullmatch(r"collapsed: generated images vary 0\.\d\d times as much as real ones: .*", run.status)
