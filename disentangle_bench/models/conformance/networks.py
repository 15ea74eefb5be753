"""Rules for pairs of networks: a generator and a discriminator for images of one shape."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from disentangle_bench.conformance import Rule, require, rule
from disentangle_bench.models.networks import Pair
from disentangle_bench.models.networks.layers import Discriminator

RULES_OF_NETWORKS: dict[str, Rule[Trial]] = {}
"""By a name that completes "the pair of networks ..."."""
HAS_SHAPE = "has the shape of its images"
"""Without which no later one can be tried."""
INPUTS, OUTPUTS, IMAGES = 12, 5, 4


@dataclass(frozen=True)
class Trial:
    """A pair of networks, and the factor on its width."""

    pair: Pair
    width: float

    def generator(self) -> nn.Module:
        return self.pair.generator(INPUTS, self.width)

    def discriminator(self) -> Discriminator:
        return self.pair.discriminator(OUTPUTS, self.width)

    def images(self) -> Tensor:
        return torch.rand(IMAGES, *self.pair.shape, generator=torch.Generator().manual_seed(0))


@rule(RULES_OF_NETWORKS, HAS_SHAPE)
def shape(trial: Trial) -> None:
    given = tuple(trial.pair.shape)
    whole = len(given) == 3 and all(isinstance(side, int) and side > 0 for side in given)
    require(whole and given[0] in (1, 3), f"shape is {given}; give (channels, height, width), with 1 or 3 channels")


@rule(RULES_OF_NETWORKS, "has a generator of images of that shape, from 0 to 1")
def generates(trial: Trial) -> None:
    with torch.no_grad():
        images = trial.generator()(torch.zeros(IMAGES, INPUTS))
    expected = (IMAGES, *trial.pair.shape)
    require(images.shape == expected, f"it makes images {tuple(images.shape)} of {IMAGES} latents, not {expected}")
    require(
        0 <= float(images.min()) <= float(images.max()) <= 1, "its images are not within 0 to 1: end with a sigmoid"
    )


@rule(RULES_OF_NETWORKS, "has a discriminator that gives logits and posterior parameters")
def discriminates(trial: Trial) -> None:
    discriminator = trial.discriminator()
    made = type(discriminator).__name__
    require(isinstance(discriminator, Discriminator), f"it is a {made}; return a Discriminator(trunk, head, q_head)")
    logits, parameters = discriminator(trial.images())
    require(logits.shape == (IMAGES,), f"logits are {tuple(logits.shape)} for {IMAGES} images: let the head end in 1")
    found = None if parameters is None else tuple(parameters.shape)
    require(found == (IMAGES, OUTPUTS), f"Q gives {found} for {IMAGES} images and {OUTPUTS} posterior parameters")
    features = discriminator.trunk(trial.images())
    require(features.dim() == 2, f"the trunk gives features {tuple(features.shape)}; let it end with nn.Flatten()")


@rule(RULES_OF_NETWORKS, "passes gradients from logits and Q to every input and weight")
def passes_gradients(trial: Trial) -> None:
    latents = torch.zeros(IMAGES, INPUTS, requires_grad=True)
    generator, discriminator = trial.generator(), trial.discriminator()
    logits, parameters = discriminator(generator(latents))
    (logits.sum() + parameters.square().sum()).backward()
    require(latents.grad is not None, "no gradient reaches the latents")
    for network, name in ((generator, "generator"), (discriminator, "discriminator")):
        without = [key for key, weight in network.named_parameters() if weight.requires_grad and weight.grad is None]
        require(not without, f"no gradient reaches {', '.join(without[:3])} of the {name}")


@rule(RULES_OF_NETWORKS, "becomes smaller with a smaller width")
def takes_width(trial: Trial) -> None:
    for name in ("generator", "discriminator"):
        sizes = []
        for width, outputs in ((trial.width, INPUTS), (trial.width / 2, INPUTS)):
            network: nn.Module = getattr(trial.pair, name)(outputs, width)
            sizes.append(sum(weight.numel() for weight in network.parameters()))
        require(sizes[1] < sizes[0], f"the {name} has {sizes[1]} weights with half the width, and {sizes[0]} with all")


@rule(RULES_OF_NETWORKS, "can be evaluated on a single image")
def takes_one_image(trial: Trial) -> None:
    generator, discriminator = trial.generator().eval(), trial.discriminator().eval()
    with torch.no_grad():
        logits, _ = discriminator(generator(torch.zeros(1, INPUTS)))
    require(logits.shape == (1,), f"logits are {tuple(logits.shape)} for one image")
