"""The contract of a model: networks by name, players, and one update that reads as the paper's equations.

The training loop moves the networks to the device, wraps, compiles and checkpoints them, and calls `update` once a
step. A model needs to know nothing of that: it draws what it needs from a `Draw` and lets players move in a `Play`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from disentangle_bench.latents import Latents
from disentangle_bench.means import Mean
from disentangle_bench.recipe import Recipe
from disentangle_bench.seeds import derive_seed

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


class Batches(Protocol):
    """Shuffled batches of real images, each a function of its number."""

    @property
    def size(self) -> int:
        """Images in a batch over all processes."""

    @property
    def share(self) -> slice:
        """The rows of a batch that belong to this process."""

    @property
    def population(self) -> int:
        """How many images they are drawn from."""

    def at(self, number: int) -> Tensor:
        """Images of one batch (from 1), the share of this process: `(b, c, h, w)` float32 in [0, 1]."""


class Pairs(Protocol):
    """Pairs and groups of real images that differ in some of their factors, each a function of a seed."""

    def at(self, seed: int, k: int | None) -> tuple[Tensor, Tensor]:
        """A batch of pairs, the share of this process: twice `(b, c, h, w)` float32 in [0, 1]."""

    def group(self, seed: int) -> tuple[Tensor, int, int]:
        """A batch that differs in one factor, `(b, c, h, w)`, the factor from 0, and how many factors vary."""


class Near(Protocol):
    """Training images that are most like those of a batch."""

    def at(self, number: int, u: Tensor) -> Tensor:
        """One for each image of a batch, chosen by `u (b,)` in [0, 1): `(b, c, h, w)` float32 in [0, 1]."""


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


class Draw:
    """What one update draws, each a function of the seed, the step and the number of the call, so that resume is exact.

    The processes of a run draw the same, and each takes its share of the rows.

    Args:
        model: whose latents and number of batches count.
        batches: of real images.
        device: where everything is put.
        seed: of the run.
        step: from 1.
        pairs: and groups of real images, for a model that declares itself `paired`.
        neighbors: of real images, for a model that declares how many.

    Attributes:
        step: the number of this update, for what changes over the steps.
    """

    def __init__(
        self,
        model: Model,
        batches: Batches,
        device: torch.device,
        *,
        seed: int,
        step: int,
        pairs: Pairs | None = None,
        neighbors: Near | None = None,
    ) -> None:
        self._model, self._batches, self._device = model, batches, device
        self._pairs, self._neighbors = pairs, neighbors
        self._seed, self.step = seed, step
        self._calls: Counter[str] = Counter()

    @property
    def population(self) -> int:
        """How many training images there are."""
        return self._batches.population

    def real(self) -> Tensor:
        """The next batch of training images, `(b, c, h, w)` float32 in [0, 1].

        Raises:
            RuntimeError: the update has drawn as many as the model declares as `batches`.
        """
        number, per_step = self._call("real"), self._model.batches
        if number >= per_step:
            raise RuntimeError(
                f"An update drew more batches of real images than the {per_step} that its model declares."
            )
        return self._batches.at(self._batch(number))

    def near(self) -> Tensor:
        """For each image of the last `real` batch one of the training images that are most like it, drawn anew.

        Raises:
            RuntimeError: the model does not declare any `neighbors`, or no batch was drawn yet.
        """
        if self._neighbors is None or not self._calls["real"]:
            raise RuntimeError("An update drew neighbors of images that its model does not declare, or of no batch.")
        return self._neighbors.at(self._batch(self._calls["real"] - 1), self.uniform())

    def pairs(self, k: int | None = None) -> tuple[Tensor, Tensor]:
        """Pairs of training images that differ in k ground-truth factors, twice `(b, c, h, w)` float32 in [0, 1].

        The first images, the factors that differ and the second images' values of these are uniform (arXiv:2002.02886,
        section 5).

        Args:
            k: how many factors differ; by default a number for each pair, uniform from 1 to all but one.

        Raises:
            RuntimeError: the model does not declare itself `paired`.
            DbenchError: a k out of range, or no pair of images differs in so many factors.
        """
        if self._pairs is None:
            raise RuntimeError("An update drew pairs of images; its model does not declare itself `paired`.")
        return self._pairs.at(self._seed_of("pairs"), k)

    def group(self) -> tuple[Tensor, int, int]:
        """Training images that differ in one ground-truth factor alone, and which one it is.

        The factor, the other factors' values and those of the factor are uniform among those that there are.

        Returns:
            The images `(b, c, h, w)` float32 in [0, 1], the place of the factor among those that vary in the training
            images, from 0, and how many these are.

        Raises:
            RuntimeError: the model does not declare itself `paired`.
            DbenchError: no images differ in one factor alone.
        """
        if self._pairs is None:
            raise RuntimeError("An update drew a group of images; its model does not declare itself `paired`.")
        return self._pairs.group(self._seed_of("group"))

    def latents(self) -> Latents:
        """Noise and codes from their priors, `b` rows."""
        drawn = self._model.latents.sample_batch(self._batches.size, self._generator("latents"))
        return drawn.rows(self._batches.share).to(self._device)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers `(b, *shape)`."""
        drawn = torch.randn(self._batches.size, *shape, generator=self._generator("normal"))
        return drawn[self._batches.share].to(self._device)

    def uniform(self, *shape: int) -> Tensor:
        """Numbers uniform on [0, 1), `(b, *shape)`."""
        drawn = torch.rand(self._batches.size, *shape, generator=self._generator("uniform"))
        return drawn[self._batches.share].to(self._device)

    @contextmanager
    def seeded(self) -> Iterator[None]:
        """Within it, layers that draw by themselves, such as dropout, do so by seed, step, call and process."""
        devices = [] if self._device.type == "cpu" else [self._device]
        with torch.random.fork_rng(devices, device_type=self._device.type if devices else "cuda"):
            torch.manual_seed(derive_seed(self._seed_of("layers"), str(self._batches.share.start)))
            yield

    def _batch(self, number: int) -> int:
        """The number, among all of the run, of one batch of this update, from 1."""
        return (self.step - 1) * self._model.batches + number + 1

    def _call(self, purpose: str) -> int:
        """How often this was drawn before in this update."""
        self._calls[purpose] += 1
        return self._calls[purpose] - 1

    def _seed_of(self, purpose: str) -> int:
        number = self._call(purpose)
        names = (purpose, self.step) if number == 0 else (purpose, self.step, number)
        return derive_seed(self._seed, *names)

    def _generator(self, purpose: str) -> torch.Generator:
        return torch.Generator().manual_seed(self._seed_of(purpose))


class Stepper(Protocol):
    """An optimizer, or what wraps one."""

    def step(self) -> object: ...


class Play:
    """The networks as the loop wraps them, and the moves of the players: `play.D(x)` calls the network `D`.

    Args:
        networks: with what precision and several processes need around them.
        bare: the same without it, for `frozen`.
        optimizers: of each player.
        backward: accumulates the gradients of a loss.
        mean: of a tensor over the processes of the run, the same in all; by default there is one.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        bare: Mapping[str, nn.Module],
        optimizers: Mapping[str, Stepper],
        backward: Callable[[Tensor], object],
        mean: Callable[[Tensor], Tensor] = lambda values: values,
    ) -> None:
        self._networks, self._bare, self._optimizers, self._backward = networks, bare, optimizers, backward
        self.mean = mean

    def __getattr__(self, name: str) -> nn.Module:
        networks: Mapping[str, nn.Module] = self.__dict__.get("_networks", {})
        if name in networks:
            return networks[name]
        raise AttributeError(f"There is no network {name!r}; there are {', '.join(networks)}.")

    def minimise(self, player: str, loss: Tensor) -> None:
        """One step of a player down the gradient of its loss; gradients from before are dropped, everybody's."""
        for network in self._bare.values():
            network.zero_grad()
        self._backward(loss)
        self._optimizers[player].step()
        torch.clear_autocast_cache()  # which holds the weights from before the step in lower precision

    @contextmanager
    def frozen(self, name: str) -> Iterator[nn.Module]:
        """A network through which gradients pass without leaving any on its weights."""
        network = self._bare[name]
        learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
        network.requires_grad_(False)
        try:
            yield network
        finally:
            for parameter in learning:
                parameter.requires_grad_(True)
