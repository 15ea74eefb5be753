"""The contract of a model: networks by name, players, and one update that reads as the paper's equations.

The training loop moves the networks to the device, wraps, compiles and checkpoints them, and calls `update` once a
step. A model needs to know nothing of that: it draws what it needs from a `Draw` and lets players move in a `Play`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from torch import Tensor, nn

from disentangle_bench.means import Mean
from disentangle_bench.models.draw import Draw
from disentangle_bench.models.play import Play
from disentangle_bench.recipe import Recipe

__all__ = [  # with Draw and Play, so that the author of a model needs one import
    "Draw",
    "Finished",
    "ImageRows",
    "LogEntries",
    "Means",
    "Model",
    "Play",
    "Player",
    "Shape",
    "Watched",
    "part",
]

Shape = tuple[int, int, int]
"""`(c, h, w)` of images."""
Means = dict[str, Tensor]
"""The values of one update, scalars by the keys of the model's `means`."""


@dataclass(frozen=True)
class Player:
    """Weights that move together in one step of an optimizer.

    Attributes:
        moves: the networks, by name; `"D.trunk"` names a part of one.
        optimizer: the table `[optimizer.NAME]` of the recipe that says how.
        since: the first step in which it moves.
    """

    moves: tuple[str, ...]
    optimizer: str
    since: int = 1


class ImageRows(Protocol):
    """Images `(n, c, h, w)` uint8, rows of which can be read onto the device; a tensor is one."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Tensor | slice, /) -> Tensor: ...


LogEntries = Sequence[Mapping[str, Any]]
"""The entries of a run's log so far, as `log.jsonl` holds them, the latest last."""


@dataclass(frozen=True)
class Watched:
    """How training goes.

    Attributes:
        failure: in what way it fails, or empty: the run is collapsed.
        remark: what a reader of the run should know although nothing failed, such as which codes are not learned yet.
    """

    failure: str = ""
    remark: str = ""

    @classmethod
    def judged(cls, finding: str, *, is_failure: bool) -> Watched:
        """What was found, if anything, as a failure or as a remark."""
        return Watched(failure=finding) if is_failure else Watched(remark=finding)

    @classmethod
    def together(cls, findings: Iterable[Watched]) -> Watched:
        """The first failure, or else all remarks."""
        every = list(findings)
        failure = next((each.failure for each in every if each.failure), "")
        return Watched(failure, "" if failure else "; ".join(each.remark for each in every if each.remark))


@dataclass(frozen=True)
class Finished(Watched):
    """What a trained model found out about itself.

    Attributes:
        notes: JSON-able, for the run's provenance.
    """

    notes: Mapping[str, object] = field(default_factory=dict)


class Model(ABC):
    """Networks, the players that train them, and one update.

    A subclass sets `networks`, `players` and `means` in its constructor, whose keyword-only parameters are its
    settings: the other keys of the recipe's table `[model]`.

    Args:
        recipe: sizes, weights and learning rates.
        shape: `(c, h, w)` of the dataset's images.
        seed: determines the initial weights.

    Attributes:
        summary: one sentence for listings.
        source: the paper and the equation.
        deterministic: whether its encoder gives codes alone, with a posterior that is a point.
        scales_with_width: whether its networks are those of the recipe's table `[networks]`.
        recipe_defaults: what a recipe for it has by default on every dataset, as in `models/recipes/models/NAME.toml`,
            for a model of another package.
        networks: what the loop moves, wraps, compiles, checkpoints and saves, by name.
        players: who trains which of them, by name.
        means: what `update` reports.
        measures: what `measure` reports.
        latents: the noise and the codes; a VAE has no noise and one Gaussian code for each latent dimension.
        batches: how many batches of real images one update draws.
        paired: whether updates draw pairs or groups, for which the dataset needs ground truth.
        neighbors: of how many images that are most like a real one updates draw one; 0 where they draw none.
        kept: further tensors of a trained model, which `finish` fills: they are saved beside the networks, by name.
        refuses: the ways of training that its updates do not allow, among `devices` (several), `compile` and
            `16-mixed`, with the reason.
    """

    summary: ClassVar[str]
    source: ClassVar[str]
    deterministic: ClassVar[bool] = False
    scales_with_width: ClassVar[bool] = False
    recipe_defaults: ClassVar[Mapping[str, object]] = MappingProxyType({})
    networks: dict[str, nn.Module]
    players: dict[str, Player]
    means: tuple[Mean, ...]
    measures: tuple[Mean, ...] = ()
    refuses: Mapping[str, str] = MappingProxyType({})

    def __init__(self, recipe: Recipe, shape: Shape, seed: int = 0) -> None:
        self.recipe = recipe
        self.latents = recipe.latent_spec()
        self.batches = 1
        self.paired = False
        self.neighbors = 0
        self.kept: dict[str, dict[str, Tensor]] = {}

    @abstractmethod
    def update(self, draw: Draw, play: Play) -> Means:
        """Let every player move once, and report the means of this step."""

    def measure(self, draw: Draw) -> dict[str, float]:
        """Values that are only computed when the log is written, by the keys of `measures`.

        No tensor of the networks may change.

        Args:
            draw: gives what the last update has drawn, again from its first call.
        """
        return {}

    def watch(self, log: LogEntries) -> Watched:
        """How training goes as of the last entry: the collapse watch.

        It goes by the log alone, so that a resumed run is judged like one that was never interrupted.

        Args:
            log: one entry or more.
        """
        return Watched()

    def finish(self, images: ImageRows, seed: int) -> Finished:
        """Do what is left to do when the last update is done, such as estimating batch-norm statistics.

        Args:
            images: the training images, on the model's device.
            seed: of what is drawn.
        """
        return Finished()

    @abstractmethod
    def parts(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """What a trained model offers to metrics; called once its weights are loaded and in evaluation mode.

        `generator` makes images `(b, c, h, w)` in [0, 1] from packed latents `(b, width)`; `posterior` gives the
        parameters of `Q(c given x)`, `(b, p)` in the order of the codes, for generated images, and `encoder` for
        real ones.
        """

    def state(self) -> dict[str, Tensor]:
        """Every tensor of the networks, such as `G.0.weight`, and what `finish` has kept."""
        parts = {name: network.state_dict() for name, network in self.networks.items()} | self.kept
        return {f"{name}.{key}": value for name, tensors in parts.items() for key, value in tensors.items()}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `state` returned; tensors of other names are ignored.

        Raises:
            RuntimeError: they belong to other networks.
        """
        for name, network in self.networks.items():
            network.load_state_dict(part(name, tensors))
        for name in self.kept:
            self.kept[name] = part(name, tensors)


def part(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with `name.`, without it."""
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}
