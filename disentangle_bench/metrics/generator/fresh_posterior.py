"""A posterior that is trained on generated images, by one protocol for every model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from disentangle_bench.latents import Categorical, Latents, LatentSpec
from disentangle_bench.metrics.generator.convolutions import convolutional_layers
from disentangle_bench.metrics.generator.sampling import draw_latents, image_batches, training_mode
from disentangle_bench.metrics.metric import Generator
from disentangle_bench.seeds import derive_seed

LARGEST_MAP = 7
HIDDEN = 256
MINIBATCH = 100
EPOCHS = 4
PATIENCE = 2
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 1e-4
LARGEST_GRADIENT = 10.0


@dataclass(frozen=True)
class FreshPosterior:
    """Images -> one tensor `(n, p)` of posterior parameters per code, from the best epoch of each code.

    Attributes:
        latents: the codes; continuous ones with a learned sigma, whatever the model's own Q has.
        networks: one per code.
        best_epochs: one per code; 0 is before training, when the posterior is the prior.
        epochs: number of epochs run.
    """

    latents: LatentSpec
    networks: tuple[nn.Module, ...]
    best_epochs: tuple[int, ...]
    epochs: int

    def __call__(self, images: Tensor) -> tuple[Tensor, ...]:
        with torch.no_grad():
            return tuple(self.latents.split(net(images))[place] for place, net in enumerate(self.networks))


def with_learned_sigma(latents: LatentSpec) -> LatentSpec:
    """The same priors, with posteriors that learn their sigma."""
    codes = tuple(code if isinstance(code, Categorical) else replace(code, sigma=None) for code in latents.codes)
    return replace(latents, codes=codes)


def train_posterior(
    generator: Generator, latents: LatentSpec, *, samples: int, validation: int, batch_size: int, seed: int
) -> FreshPosterior:
    """Train a small convolutional network to predict the codes of generated images, by maximum likelihood.

    AdamW with a learning rate that falls to 0 along a cosine. After each epoch the bound of each code is computed on
    validation images, and training stops early when none has risen for `PATIENCE` epochs. Torch's global random state
    is left as it was.

    Args:
        generator: latents -> images `(n, c, h, w)`.
        latents: the priors of codes and noise.
        samples: images to train on.
        validation: images to choose the epoch on. Neither are scored.
        batch_size: images generated at a time.
        seed: of the latents, the initial weights and the order of images.
    """
    latents = with_learned_sigma(latents)
    drawn = draw_latents(latents, samples + validation, seed, "fresh posterior")
    train = _Labeled.of(generator, drawn.rows(slice(samples)), batch_size)
    held_out = _Labeled.of(generator, drawn.rows(slice(samples, None)), batch_size)
    order = torch.Generator().manual_seed(derive_seed(seed, "fresh posterior: order"))
    with training_mode(derive_seed(seed, "fresh posterior: weights")):
        shape = train.images.shape[1:]
        layers = convolutional_layers(shape, HIDDEN, largest_map=LARGEST_MAP, group_norm=False)
        network = nn.Sequential(_Standardize(train.images), *layers, _prior_output(latents)).to(train.images.device)
        return _fit(network, latents, train, held_out, order)


@dataclass(frozen=True)
class _Labeled:
    """Generated images `(n, c, h, w)` and their codes, on one device."""

    images: Tensor
    latents: Latents

    @classmethod
    def of(cls, generator: Generator, drawn: Latents, batch_size: int) -> _Labeled:
        batches = image_batches(generator, drawn, batch_size)
        first = next(batches)
        images = first.new_empty(len(drawn), *first.shape[1:])  # filled in place: concatenation needs twice the memory
        images[: len(first)] = first
        for number, batch in enumerate(batches, start=1):
            images[number * batch_size :][: len(batch)] = batch
        return cls(images, drawn.to(images.device))

    def batches(self, order: Tensor) -> Iterator[_Labeled]:
        for rows in torch.split(order.to(self.images.device), MINIBATCH):
            yield _Labeled(self.images[rows], self.latents.rows(rows))


@dataclass
class _Best:
    """The network at the epoch with the highest validation bound of one code."""

    bound: float
    epoch: int
    network: nn.Module


def _fit(
    network: nn.Module, latents: LatentSpec, train: _Labeled, held_out: _Labeled, order: torch.Generator
) -> FreshPosterior:
    # Not fused: that rounds differently, which grows over the steps to half a percent of a value.
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = EPOCHS * math.ceil(len(train.images) / MINIBATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    best = [_Best(bound, 0, deepcopy(network)) for bound in _bounds(network, latents, held_out)]
    for epoch in range(1, EPOCHS + 1):
        for batch in train.batches(torch.randperm(len(train.images), generator=order)):
            bounds = latents.mutual_information_bounds(batch.latents, latents.split(network(batch.images)))
            optimizer.zero_grad()
            (-torch.stack(bounds).sum()).backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
            optimizer.step()
            schedule.step()
        for place, bound in enumerate(_bounds(network, latents, held_out)):
            if bound > best[place].bound:
                best[place] = _Best(bound, epoch, deepcopy(network))
        if epoch - max(code.epoch for code in best) >= PATIENCE:
            break
    return FreshPosterior(latents, tuple(code.network for code in best), tuple(code.epoch for code in best), epoch)


@torch.no_grad()
def _bounds(network: nn.Module, latents: LatentSpec, labeled: _Labeled) -> list[float]:
    """L_I of each code on validation images, in nats."""
    batches = labeled.batches(torch.arange(len(labeled.images)))
    parameters = torch.cat([network(batch.images) for batch in batches])
    return [float(bound) for bound in latents.mutual_information_bounds(labeled.latents, latents.split(parameters))]


class _Standardize(nn.Module):
    """Images with mean 0 and standard deviation 1 over all pixels of the training images."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", images.mean())
        self.register_buffer("deviation", images.std().clamp(min=1e-6))

    def forward(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.deviation


def _prior_output(latents: LatentSpec) -> nn.Linear:
    """An output layer that gives the prior for every image, so that the bound starts at its uninformed value."""
    output = nn.Linear(HIDDEN, sum(latents.parameters))
    nn.init.zeros_(output.weight)
    nn.init.zeros_(output.bias)
    for code, bias in zip(latents.codes, torch.split(output.bias.data, list(latents.parameters)), strict=True):
        if not isinstance(code, Categorical):
            bias[1] = 0.5 * math.log(code.variance)
    return output
