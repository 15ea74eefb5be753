"""The VAEs as plain PyTorch loops, on copies of the same networks in PyTorch's own layers and memory layout.

Each is what a port of the paper would write: one backward call for each player, Adam as PyTorch gives it, and gradients
that no update needs left where they fall.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from disentangle_bench.models.model import Model
from disentangle_bench.models.networks.linear import Linear

Step = Callable[[], object]
Regularizer = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def plain(network: nn.Module) -> nn.Module:
    """A copy in PyTorch's own layers."""
    copied = copy.deepcopy(network).to(memory_format=torch.contiguous_format)
    for module in copied.modules():
        if type(module) is Linear:
            module.__class__ = nn.Linear  # type: ignore[assignment]
    return copied


def adam(*networks: nn.Module, lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.999)) -> torch.optim.Adam:
    return torch.optim.Adam(chain.from_iterable(network.parameters() for network in networks), lr, betas)


def minimise(optimizer: torch.optim.Optimizer, loss: Tensor) -> float:
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.item()


def encoded(parameters: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Mean, ln sigma, codes drawn, and KL of each code, from the output of an encoder."""
    mean, log_sigma = parameters[:, 0::2], parameters[:, 1::2]
    c = mean + log_sigma.exp() * torch.randn_like(mean)
    return mean, log_sigma, c, ((mean.square() + (2 * log_sigma).exp() - 1) / 2 - log_sigma).mean(0)


def reconstruction(logits: Tensor, images: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, images, reduction="sum") / len(images)


def total_correlation(mean: Tensor, log_sigma: Tensor, c: Tensor) -> Tensor:
    """Minibatch-weighted."""
    density = -0.5 * ((c[:, None] - mean) / log_sigma.exp()).square() - log_sigma - 0.5 * math.log(2 * math.pi)
    return (torch.logsumexp(density.sum(2), 1) - torch.logsumexp(density, 1).sum(1)).mean()


def dip(covariance: Tensor) -> Tensor:
    off_diagonal = covariance - torch.diag(torch.diag(covariance))
    return 10 * off_diagonal.square().sum() + 100 * (torch.diag(covariance) - 1).square().sum()


REGULARIZERS: dict[str, Regularizer] = {
    "vae": lambda mean, log_sigma, c, KL: KL.sum(),
    "beta-vae": lambda mean, log_sigma, c, KL: 4 * KL.sum(),
    "annealed-vae": lambda mean, log_sigma, c, KL: 1000 * (KL.sum() - 5).abs(),
    "beta-tcvae": lambda mean, log_sigma, c, KL: KL.sum() + 3 * total_correlation(mean, log_sigma, c),
    "dip-vae-i": lambda mean, log_sigma, c, KL: KL.sum() + dip(torch.cov(mean.T)),
    "dip-vae-ii": lambda mean, log_sigma, c, KL: (
        KL.sum() + dip(torch.cov(mean.T) + torch.diag((2 * log_sigma).exp().mean(0)))
    ),
}


def vae(model: Model, images: Tensor, regularizer: Regularizer) -> Step:
    encoder, decoder = plain(model.networks["encoder"]), plain(model.networks["decoder"])
    optimizer = adam(encoder, decoder)

    def step() -> float:
        mean, log_sigma, c, KL = encoded(encoder(images))
        return minimise(optimizer, reconstruction(decoder(c), images) + regularizer(mean, log_sigma, c, KL))

    return step


def factor_vae(model: Model, images: Tensor) -> Step:
    encoder, decoder, D = (plain(model.networks[name]) for name in ("encoder", "decoder", "discriminator"))
    optimizer, its_optimizer = adam(encoder, decoder), adam(D, betas=(0.5, 0.9))

    def step() -> float:
        *_, c, KL = encoded(encoder(images))
        logits = D(c)
        loss = reconstruction(decoder(c), images) + KL.sum() + 30 * (logits[:, 0] - logits[:, 1]).mean()
        said = minimise(optimizer, loss)
        minimise(its_optimizer, told_apart(D, list(torch.split(c.detach(), 1, dim=1))))
        return said

    return step


def told_apart(D: nn.Module, codes: list[Tensor]) -> Tensor:
    """The loss of a discriminator of codes, `(n, width)` each, as they are and permuted."""
    n = len(codes[0])
    permuted = [code[torch.randperm(n)] for code in codes]
    as_drawn, as_permuted = D(torch.cat(codes, 1)), D(torch.cat(permuted, 1))
    classes = torch.zeros(n, dtype=torch.int64)
    return F.cross_entropy(as_drawn, classes) / 2 + F.cross_entropy(as_permuted, classes + 1) / 2


def ada_gvae(model: Model, images: Tensor) -> Step:
    """On pairs: a batch and its reverse."""
    encoder, decoder = plain(model.networks["encoder"]), plain(model.networks["decoder"])
    optimizer, both = adam(encoder, decoder), torch.cat((images, images.flip(0)))

    def step() -> float:
        mean, log_sigma, *_ = encoded(encoder(both))
        (m1, m2), (v1, v2) = mean.chunk(2), (2 * log_sigma).exp().chunk(2)
        KL = ((v1 + (m2 - m1).square()) / v2 - 1 + v2.log() - v1.log()) / 2
        shared = ((KL.amin(1, keepdim=True) + KL.amax(1, keepdim=True)) / 2 > KL).repeat(2, 1)
        mean = torch.where(shared, ((m1 + m2) / 2).repeat(2, 1), mean)
        log_sigma = torch.where(shared, (((v1 + v2) / 2).log() / 2).repeat(2, 1), log_sigma)
        *_, c, KL = encoded(torch.stack((mean, log_sigma), 2).flatten(1))
        return minimise(optimizer, reconstruction(decoder(c), both) + KL.sum())

    return step


def dc_ign(model: Model, images: Tensor) -> Step:
    """With one of five factors varying."""
    encoder, decoder = plain(model.networks["encoder"]), plain(model.networks["decoder"])
    optimizer, active = adam(encoder, decoder), torch.arange(len(model.latents.codes)) % 5 == 0

    def step() -> float:
        mean, log_sigma, _, KL = encoded(encoder(images))
        parameters = [torch.where(active, of, of.mean(0).detach()) for of in (mean, log_sigma)]
        *_, c, _ = encoded(torch.stack(parameters, 2).flatten(1))
        inactive = torch.cat((mean[:, ~active], 2 * log_sigma[:, ~active]), 1)
        pull = (inactive - inactive.mean(0).detach()).square().sum(1).mean() / 2
        return minimise(optimizer, reconstruction(decoder(c), images) + KL[active].sum() + pull)

    return step


def qlae(model: Model, images: Tensor) -> Step:
    encoder, decoder, quantizer = (plain(model.networks[name]) for name in ("encoder", "decoder", "quantizer"))
    parameters: Iterable[nn.Parameter] = chain(encoder.parameters(), decoder.parameters())
    optimizer, its_optimizer = torch.optim.AdamW(parameters, 1e-3, weight_decay=0.1), adam(quantizer, lr=1e-3)

    def step() -> float:
        continuous = encoder(images)
        z = quantizer(continuous)
        logits = decoder(continuous + (z - continuous).detach())
        loss = F.binary_cross_entropy_with_logits(logits, images) + 0.01 * F.mse_loss(continuous, z.detach())
        said = minimise(optimizer, loss)
        minimise(its_optimizer, 0.01 * F.mse_loss(z, continuous.detach()))
        return said

    return step
