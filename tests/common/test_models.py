"""Every registered model keeps the contract: what it declares is there, and each player moves its own weights alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from disentangle_bench.errors import DbenchError
from disentangle_bench.means import log_values
from disentangle_bench.models import MODELS, make_model
from disentangle_bench.models.model import Model, Play
from disentangle_bench.models.optimizers import make_optimizers
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.models.trained import load_trained, save_trained
from disentangle_bench.settings import settings_of
from tests.models.updates import BATCH, CPU, SHAPE, Updates, draw

pytestmark = pytest.mark.parametrize("name", sorted(MODELS))


def make(name: str, seed: int = 0) -> Model:
    recipe = find_recipe(name, "digits").with_settings({"networks.width": 0.1, "batch_size": BATCH})
    return make_model(recipe, SHAPE, seed)


def moved_by(model: Model, player: str) -> dict[str, nn.Parameter]:
    """The weights that a player moves, by name."""
    networks = nn.ModuleDict(model.networks)
    weights = {id(weight): (name, weight) for name, weight in networks.named_parameters()}
    moves = model.players[player].moves
    return dict(weights[id(weight)] for moved in moves for weight in networks.get_submodule(moved).parameters())


class Watched(Play):
    """Keeps which weights have gradients after each move."""

    def __init__(self, model: Model) -> None:
        super().__init__(model.networks, model.networks, make_optimizers(model), Tensor.backward)
        self.model = model
        self.touched: dict[str, list[set[str]]] = {player: [] for player in model.players}

    def minimise(self, player: str, loss: Tensor) -> None:
        super().minimise(player, loss)
        weights = nn.ModuleDict(self.model.networks).named_parameters()
        self.touched[player].append({name for name, weight in weights if weight.grad is not None})


def test_declares_what_it_is(name: str) -> None:
    model = MODELS.get(name)
    assert model.summary.endswith(".")
    assert "\n" not in model.summary
    assert model.source
    for setting in settings_of(model).values():
        assert setting.default is not None


def test_players_move_networks_that_exist_and_all_of_them(name: str) -> None:
    model = make(name)
    moved = {weight for player in model.players for weight in moved_by(model, player)}
    assert moved == {weight for weight, _ in nn.ModuleDict(model.networks).named_parameters()}


def test_each_move_leaves_gradients_on_its_players_weights_alone(name: str) -> None:
    model = make(name)
    play = Watched(model)
    for step in (1, 2):
        model.update(draw(model, step), play)
    for player, touched in play.touched.items():
        assert touched, f"{player} never moves"
        assert all(weights == moved_by(model, player).keys() for weights in touched)


def test_an_update_reports_what_the_model_declares(name: str) -> None:
    model = make(name)
    reported = Updates(model)()
    assert reported.keys() == {mean.key for mean in model.means}
    assert all(value.shape == () and value.isfinite() for value in reported.values())
    measured = model.measure(draw(model, 1))
    assert measured.keys() == {mean.key for mean in model.measures}
    values = {**{key: value.item() for key, value in reported.items()}, **measured}
    entry = {"step": model.recipe.steps, **log_values((*model.means, *model.measures), values)}
    watched = model.watch([entry])
    assert isinstance(watched.failure, str)
    assert isinstance(watched.remark, str)


def test_measuring_changes_no_tensor_and_draws_nothing(name: str) -> None:
    model = make(name)
    Updates(model)()
    before, random = {key: value.clone() for key, value in model.state().items()}, torch.get_rng_state()
    assert model.measure(draw(model, 1)) == model.measure(draw(model, 1))
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, before[key]) for key, value in model.state().items())


def test_a_seed_determines_weights_and_updates(name: str) -> None:
    def state(seed: int, global_seed: int) -> dict[str, Tensor]:
        torch.manual_seed(global_seed)
        model = make(name, seed)
        Updates(model)()
        return model.state()

    first, again, other = state(0, 1), state(0, 2), state(1, 1)
    assert all(torch.equal(value, again[key]) for key, value in first.items())
    assert not all(torch.equal(value, other[key]) for key, value in first.items())


def test_a_finished_model_comes_back_from_disk_with_its_parts(name: str, tmp_path: Path) -> None:
    model = make(name)
    Updates(model)()
    images = torch.randint(0, 256, (200, *SHAPE), dtype=torch.uint8)
    model.finish(images, seed=0)
    save_trained(model, tmp_path / "model.safetensors")
    trained = load_trained(make(name, seed=5), tmp_path / "model.safetensors", CPU)
    assert trained.offers <= {"generator", "posterior", "encoder"}
    made = trained.generate(trained.latents.sample(7))
    assert made.shape == (7, *SHAPE)
    assert 0 <= float(made.min()) <= float(made.max()) <= 1
    readers: list[tuple[Callable[[Tensor], tuple[Tensor, ...]], Tensor]] = [
        (trained.posterior, made), (trained.encode, images[:7])
    ]  # fmt: skip
    for read, given in readers:
        assert [parameters.shape for parameters in read(given)] == [(7, width) for width in trained.latents.parameters]


def test_a_setting_that_it_does_not_have_is_refused(name: str) -> None:
    recipe = find_recipe(name, "digits").with_settings({"model.color": "blue"})
    with pytest.raises(DbenchError, match="color"):
        make_model(recipe, SHAPE)
