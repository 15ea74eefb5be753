"""A model whose two players share weights, for tests of the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor, nn

from disentangle_bench.models.model import Draw, Means, Model, Play, Player
from disentangle_bench.models.recipes import find_recipe


class TwoPlayers(Model):
    """Two linear networks; one player trains both, the other the first layer of one."""

    summary: ClassVar[str] = "For tests."
    source: ClassVar[str] = "none"

    def __init__(self) -> None:
        settings = {"optimizer": {"all": {"lr": 0.1}, "part": {"lr": 0.1}}}
        recipe = find_recipe("infogan-digits")
        super().__init__(recipe.model_validate({**recipe.to_values(), **settings}), (1, 8, 8))
        self.networks = {"E": nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1)), "F": nn.Linear(1, 1)}
        self.players = {"all": Player(("E", "F"), "all"), "part": Player(("E.0",), "part")}
        self.means = ()

    def update(self, draw: Draw, play: Play) -> Means:
        """Nobody moves: the tests let the players move."""
        return {}

    def parts(self) -> dict[str, Callable[[Tensor], Tensor]]:
        return {}
