"""InfoGAN's kin as plain PyTorch loops, on copies of the same networks in PyTorch's own layers and memory layout.

What each loop leaves as PyTorch gives it is as for the VAEs. Only the bounds `L_I` of codes, which cost next to
nothing, are taken by our code.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.perf.plain_vaes import adam, minimise, plain, told_apart
from disentangle_bench.latents import Latents
from disentangle_bench.models.gan import GANWithCodes
from disentangle_bench.models.tc_gan import TCGAN


class PlainGAN(ABC):
    """InfoGAN with one fake for both updates.

    Args:
        model: whose networks are copied.
        images: the real ones of every step.
    """

    def __init__(self, model: GANWithCodes, images: Tensor) -> None:
        self.model, self.images = model, images
        self.G, self.D = plain(model.networks["G"]), plain(model.networks["D"])
        self.D_optimizer = adam(self.D, lr=2e-3, betas=(0.5, 0.999))
        self.G_optimizer = adam(self.G, lr=1e-3, betas=(0.5, 0.999))

    @abstractmethod
    def step(self) -> None:
        """One step of all players."""

    def fakes(self) -> tuple[Latents, Tensor]:
        """Latents, and the images that G makes of them."""
        c = self.model.latents.sample(len(self.images))
        return c, self.G(self.model.latents.pack(c))

    def information(self, c: Latents, q: Tensor) -> Tensor:
        """What L_I adds to an objective."""
        return self.model.bounds(c, q).sum().mul(0.1)

    def discriminator_loss(self, c: Latents, fake: Tensor) -> tuple[Tensor, Tensor]:
        """D's loss, and what Q read."""
        (real_logits, _), (fake_logits, q) = self.D(self.images), self.D(fake.detach())
        return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean() - self.information(c, q), q

    def generator_loss(self, c: Latents, fake: Tensor) -> tuple[Tensor, Tensor]:
        """G's loss, and what Q read."""
        logits, q = self.D(fake)
        return F.softplus(-logits).mean() - self.information(c, q), q


class PlainTCGAN(PlainGAN):
    """With a discriminator of what Q reads."""

    model: TCGAN

    def __init__(self, model: GANWithCodes, images: Tensor) -> None:
        super().__init__(model, images)
        self.TC = plain(model.networks["TC"])
        self.its_optimizer = adam(self.TC, betas=(0.5, 0.9))

    def correlation(self, q: Tensor) -> tuple[Tensor, list[Tensor]]:
        readings = self.model.readings(q)
        logits = self.TC(torch.cat(readings, 1))
        return 0.001 * (logits[:, 0] - logits[:, 1]).mean(), readings

    def step(self) -> None:
        """One step of all three."""
        c, fake = self.fakes()
        loss, q = self.discriminator_loss(c, fake)
        minimise(self.D_optimizer, loss + self.correlation(q)[0])
        loss, q = self.generator_loss(c, fake)
        TC, readings = self.correlation(q)
        minimise(self.G_optimizer, loss + TC)
        minimise(self.its_optimizer, told_apart(self.TC, [reading.detach() for reading in readings]))


class PlainInfoGANCR(PlainGAN):
    """With a classifier of the code that two images share, while it moves."""

    def __init__(self, model: GANWithCodes, images: Tensor) -> None:
        super().__init__(model, images)
        self.CR = plain(model.networks["CR"])
        self.its_optimizer = adam(self.CR, lr=2e-3, betas=(0.5, 0.999))

    def contrast(self, shared: Tensor) -> Tensor:
        """The classifier's loss, on images of latents that have one code in common."""
        latents = self.model.latents
        one, other = latents.sample(len(shared)), latents.sample(len(shared))
        codes = [torch.where(shared == k, a, b) for k, (a, b) in enumerate(zip(one.codes, other.codes, strict=True))]
        other = type(one)(one.noise, tuple(codes))
        images = torch.cat([self.G(latents.pack(each)) for each in (one, other)], 1)
        return F.cross_entropy(self.CR(images), shared)

    def step(self) -> None:
        """One step of CR and of D, and two of G."""
        shared = torch.randint(len(self.model.latents.codes), (len(self.images),))
        minimise(self.its_optimizer, self.contrast(shared))
        c, fake = self.fakes()
        minimise(self.D_optimizer, self.discriminator_loss(c, fake)[0])
        for more in range(2):
            if more:
                fake = self.G(self.model.latents.pack(c))
            minimise(self.G_optimizer, self.generator_loss(c, fake)[0] + 2 * self.contrast(shared))


class PlainInfoWGANGP(PlainGAN):
    """With a critic that moves five times."""

    def step(self) -> None:
        """Five steps of D and one of G."""
        for _ in range(5):
            c, fake = self.fakes()
            (real, _), (made, q) = self.D(self.images), self.D(fake.detach())
            share = torch.rand(len(fake), 1, 1, 1)
            between = (share * self.images + (1 - share) * fake.detach()).requires_grad_()
            (slope,) = torch.autograd.grad(self.D(between)[0].sum(), between, create_graph=True)
            penalty = 10 * (slope.flatten(1).norm(dim=1) - 1).square().mean()
            minimise(self.D_optimizer, made.mean() - real.mean() + penalty - self.information(c, q))
        made, q = self.D(fake)
        minimise(self.G_optimizer, -made.mean() - self.information(c, q))
