"""What a training step has to do, and how fast this machine can do it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.flop_counter import FlopCounterMode

from disentangle_bench.models import make_model
from disentangle_bench.models.draw import Pairs
from disentangle_bench.models.model import Draw, Model, Play
from disentangle_bench.models.networks import NETWORKS
from disentangle_bench.models.networks.linear import Linear
from disentangle_bench.models.optimizers import make_optimizers
from disentangle_bench.recipe import Recipe


class OneBatch:
    """The same images at every step."""

    def __init__(self, images: Tensor) -> None:
        self.images, self.size, self.population, self.share = images, len(images), len(images), slice(None)

    def at(self, number: int) -> Tensor:
        """The batch."""
        return self.images


def ready(model: Model) -> Model:
    """A model with its networks as the loop lays them out on a CPU."""
    for network in model.networks.values():
        network.to(memory_format=torch.channels_last)
    return model


def make_step(
    model: Model,
    optimizers: dict[str, Optimizer] | None = None,
    *,
    shape: tuple[int, int, int] | None = None,
    pairs: Pairs | None = None,
) -> Callable[[], object]:
    """One update on random images of a shape, by default that of the recipe's networks, and random latents."""
    batches = OneBatch(torch.rand(model.recipe.batch_size, *(shape or shape_of(model.recipe))))
    play = Play(model.networks, model.networks, optimizers or make_optimizers(model), Tensor.backward)
    steps = count(1)
    return lambda: model.update(Draw(model, batches, torch.device("cpu"), seed=0, step=next(steps), pairs=pairs), play)


def shape_of(recipe: Recipe) -> tuple[int, int, int]:
    """`(c, h, w)` of the images that a recipe's networks are for."""
    return NETWORKS.get(recipe.networks.name).shape


def recipe_step(recipe: Recipe) -> Callable[[], object]:
    """An update of a recipe's model."""
    return make_step(ready(make_model(recipe, shape_of(recipe))))


def multiply_adds(step: Callable[[], object]) -> int:
    """The multiply-adds of a step's products and convolutions, counted as it runs.

    Those that fall on a convolution's padding count; element-wise work, batch norm and Adam do not.
    """
    product = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    known = {} if product is None else {product: _product_operations}
    with FlopCounterMode(display=False, custom_mapping=known) as counter:
        step()
    return int(counter.get_total_flops()) // 2


def _product_operations(a: Any, b: Any, *_: object, **__: object) -> int:
    """Operations of `a @ b.T` for the shapes of `a` and `b`."""
    return int(2 * prod(a) * b[0])


def make_products(size: int) -> tuple[Callable[[], object], Callable[[], object], int]:
    """A square product by `torch.mm`, the same by oneDNN, and its multiply-adds."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    layer = Linear(size, size, bias=False).requires_grad_(False)
    return lambda: torch.mm(a, b), lambda: layer(a), size**3


def best_seconds(work: Callable[[], object], times: int, clock: Callable[[], float]) -> float:
    """The shortest of some calls, each timed alone."""
    seconds = []
    for _ in range(times):
        begun = clock()
        work()
        seconds.append(clock() - begun)
    return min(seconds)
