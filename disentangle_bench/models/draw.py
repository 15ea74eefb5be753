"""What an update of a model draws: real images, pairs, latents and random numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor

from disentangle_bench.latents import Latents, LatentSpec
from disentangle_bench.seeds import derive_seed


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


class Drawer(Protocol):
    """What of a model counts here: its noise and codes, and how many batches of real images one update draws."""

    latents: LatentSpec
    batches: int


class Draw:
    """What one update draws, each a function of the seed, the step and the number of the call, so that resume is exact.

    The processes of a run draw the same, and each takes its share of the rows.

    Args:
        model: what draws.
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
        model: Drawer,
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
