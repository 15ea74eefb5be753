"""What a training step has to do, and how fast this machine can do it."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from disentangle_bench.models import MODELS
from disentangle_bench.models.infogan import InfoGAN
from disentangle_bench.models.networks import NETWORKS
from disentangle_bench.models.networks.linear import Linear
from disentangle_bench.recipe import Recipe


def make_model(recipe: Recipe, kind: type[InfoGAN] | None = None) -> InfoGAN:
    """A recipe's model with its optimisers, as the loop sets it up on a CPU."""
    make = MODELS.get(recipe.model.name) if kind is None else kind
    model = make(recipe, NETWORKS.get(recipe.networks.name).shape)
    for network in (model.G, model.D):
        network.to(memory_format=torch.channels_last)
    model.D_optimizer, model.G_optimizer = model.optimizers()
    return model


def make_step(model: InfoGAN) -> Callable[[], object]:
    """One update on random images and latents."""
    images = torch.rand(model.recipe.batch_size, *NETWORKS.get(model.recipe.networks.name).shape)
    return lambda: model.update(images, model.latents.sample(len(images)), Tensor.backward)


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
