"""A model under test: its updates outside the training loop, on images that depend on the step alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from disentangle_bench.models import make_model
from disentangle_bench.models.model import Draw, Means, Model, Play, Shape
from disentangle_bench.models.optimizers import make_optimizers
from disentangle_bench.recipe import Recipe

CPU = torch.device("cpu")
FACTORS = 3
"""Of random images, in name."""


class Noise:
    """Batches of random images."""

    share = slice(None)
    population = 1000

    def __init__(self, size: int, shape: Shape) -> None:
        self.size, self.shape = size, shape

    def at(self, number: int) -> Tensor:
        return torch.rand(self.size, *self.shape, generator=torch.Generator().manual_seed(number))


@dataclass(frozen=True)
class RandomNeighbors:
    """Random images, whatever those whose neighbors they are to be."""

    noise: Noise

    def at(self, number: int, u: Tensor) -> Tensor:
        return self.noise.at(2 * number)


@dataclass(frozen=True)
class RandomPairs:
    """Pairs and groups of random images, whatever the factors that are to differ."""

    noise: Noise

    def at(self, seed: int, k: int | None) -> tuple[Tensor, Tensor]:
        return self.noise.at(seed), self.noise.at(seed + 1)

    def group(self, seed: int) -> tuple[Tensor, int, int]:
        return self.noise.at(seed), seed % FACTORS, FACTORS


class Watched(Play):
    """Keeps which weights have gradients after each move."""

    def __init__(self, model: Model) -> None:
        self.optimizers = make_optimizers(model)
        super().__init__(model.networks, model.networks, self.optimizers, Tensor.backward)
        self.model = model
        self.touched: dict[str, list[set[str]]] = {player: [] for player in model.players}

    def minimise(self, player: str, loss: Tensor) -> None:
        super().minimise(player, loss)
        weights = nn.ModuleDict(self.model.networks).named_parameters()
        self.touched[player].append({name for name, weight in weights if weight.grad is not None})


@dataclass(frozen=True)
class Trial:
    """A model's recipe, and the shape of the images that it is tried on."""

    recipe: Recipe
    shape: Shape

    def model(self, seed: int = 0) -> Model:
        """Make the model anew."""
        return make_model(self.recipe, self.shape, seed)

    def draw(self, model: Model, step: int) -> Draw:
        noise = Noise(self.recipe.batch_size, self.shape)
        pairs = RandomPairs(noise) if model.paired else None
        neighbors = RandomNeighbors(noise) if model.neighbors else None
        return Draw(model, noise, CPU, seed=0, step=step, pairs=pairs, neighbors=neighbors)

    def updates(self, model: Model, steps: range, play: Watched | None = None) -> Means:
        """Update a model, and return what the last update reports."""
        playing, means = play or Watched(model), {}
        for step in steps:
            means = model.update(self.draw(model, step), playing)
        return means


def moved_by(model: Model, player: str) -> set[str]:
    """The names of the weights that a player moves."""
    networks = nn.ModuleDict(model.networks)
    names = {id(weight): name for name, weight in networks.named_parameters()}
    moves = model.players[player].moves
    return {names[id(weight)] for moved in moves for weight in networks.get_submodule(moved).parameters()}


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    """Whether two states have the same bits."""
    return first.keys() == second.keys() and all(torch.equal(value, second[key]) for key, value in first.items())
