"""A category that two classes share is found by its mass, without labels, and gets a second one to part them."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from disentangle_bench.errors import SettingError

HEAVY, LIGHT = 1.4, 0.7
"""In shares of 1/k: above the first and below the second a category has two classes, or a part of one. The digits of
MNIST's training images have 0.90 to 1.12."""


def crowded(mass: Tensor) -> tuple[int, int] | None:
    """Find the heaviest and the lightest of k categories, if they are as far apart as where two classes share one.

    Args:
        mass: `(k,)`, the share of the images that Q reads as each.

    Example:
        >>> import torch
        >>> crowded(torch.tensor([0.25, 0.24, 0.45, 0.06]))
        (2, 3)
        >>> crowded(torch.tensor([0.25, 0.24, 0.31, 0.20])) is None
        True
    """
    heaviest, lightest = int(mass.argmax()), int(mass.argmin())
    k = len(mass)
    return (heaviest, lightest) if k * mass[heaviest] > HEAVY and k * mass[lightest] < LIGHT else None


def outer_layers(G: nn.Module, Q: nn.Module, inputs: int, outputs: int) -> tuple[nn.Linear, nn.Linear]:
    """Find G's layer on packed latents `(n, inputs)` and Q's layer that gives its output `(n, outputs)`.

    Raises:
        SettingError: one of the two is not a linear layer.
    """
    first = next((layer for layer in _linear(G) if layer.in_features == inputs), None)
    last = next((layer for layer in reversed(_linear(Q)) if layer.out_features == outputs), None)
    if first is None or last is None:
        raise SettingError(
            f"{'G does not begin' if first is None else 'Q does not end'} with a linear layer, so that no category of "
            "it can be copied.",
            "Give --set model.split_every=0, or other networks.",
        )
    return first, last


def _linear(network: nn.Module) -> list[nn.Linear]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]


def copy_category(source: int, target: int, columns: Tensor, rows: Iterable[Tensor]) -> None:
    """Let G make of one category what it makes of another, and Q read it as that, in place.

    What Q read as the target falls to the categories that come next. G and Q part the two again, as soon as they differ
    in what is drawn: each is told which of the two an image was made of.

    Args:
        source: the category that is copied.
        target: the one that becomes its copy.
        columns: of G's first weights, `(units, k)`, those of the code.
        rows: of Q's last weights and offsets, `(k, ...)` each, those of the code.
    """
    columns[:, target] = columns[:, source]
    for row in rows:
        row[target] = row[source]
