"""Each player's loss written out in NumPy, in double precision: its value, and its slope against the gradient taken."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import expit, log_softmax
from torch import Tensor

from disentangle_bench.models.vae import VAE
from tests.models.test_vae import Pass, dip, make
from tests.models.updates import BATCH, Updates, draw

Array = NDArray[np.float64]
STEP = 1e-7
SETTINGS = {
    "factor-vae": {"gamma": 9.0},
    "ada-gvae": {"beta": 2.0},
    "beta-tcvae": {"beta": 4.0},
    "dip-vae-i": {"lambda_od": 3.0, "lambda_d": 5.0},
    "dip-vae-ii": {"lambda_od": 3.0, "lambda_d": 5.0},
}


def made(name: str) -> VAE:
    """A model whose weights have left the values at which codes say nothing and all logits are alike."""
    model, generator = make(name, **SETTINGS[name]), torch.Generator().manual_seed(7)
    with torch.no_grad():
        for network in model.networks.values():
            for weight in network.parameters():
                weight.add_(0.1 * torch.randn(weight.shape, generator=generator))
    return model


def elbo(seen: Pass) -> float:
    return seen.bernoulli + float(seen.divergence.sum())


def judged(model: VAE, c: Array) -> Array:
    with torch.no_grad():
        return np.asarray(model.networks["discriminator"](torch.from_numpy(c)).numpy())


def factor_vae(model: VAE) -> float:
    seen = Pass(model)
    logits = judged(model, seen.c)
    return elbo(seen) + 9 * float((logits[:, 0] - logits[:, 1]).mean())


def discriminator_of_factor_vae(model: VAE) -> float:
    """The mean of the log probabilities of what codes are: drawn, or with each column in an order of its own."""
    seen, of = Pass(model), draw(model)
    of.normal(seen.c.shape[1])  # the noise of the codes
    orders = of.normal(seen.c.shape[1]).numpy().argsort(axis=0)
    permuted = np.take_along_axis(seen.c, orders, axis=0)
    asked = [log_softmax(judged(model, c), axis=1)[:, place].mean() for place, c in enumerate((seen.c, permuted))]
    return -float(np.mean(asked))


def ada_gvae(model: VAE) -> float:
    """One pair and one code at a time: averaged where the KL is nearer to the pair's least than to its largest."""
    of = draw(model)
    pair = [x.double() for x in of.pairs(None)]
    with torch.no_grad():
        raw = np.stack([model.networks["encoder"](x).numpy() for x in pair])
    mean, log_sigma = raw[:, :, 0::2], raw[:, :, 1::2]
    variance = np.exp(2 * log_sigma)
    n, d = mean.shape[1:]
    for row in range(n):
        KL = np.zeros(d)
        for code in range(d):
            (m1, m2), (v1, v2) = mean[:, row, code], variance[:, row, code]
            KL[code] = 0.5 * (np.log(v2 / v1) + (v1 + (m1 - m2) ** 2) / v2 - 1)
        shared = (KL.min() + KL.max()) / 2 > KL
        mean[:, row, shared] = mean[:, row, shared].mean(axis=0)
        variance[:, row, shared] = variance[:, row, shared].mean(axis=0)
    noise = np.stack([of.normal(d).double().numpy() for _ in range(2)])
    c = torch.from_numpy(mean + np.sqrt(variance) * noise)
    total = 0.0
    for x, codes in zip(pair, c, strict=True):
        with torch.no_grad():
            p = expit(model.networks["decoder"](codes).numpy())
        total -= (x.numpy() * np.log(p) + (1 - x.numpy()) * np.log(1 - p)).sum()
    divergence = 0.5 * (mean**2 + variance - np.log(variance) - 1).sum()
    return float(total + 2 * divergence) / (2 * n)


def beta_tcvae(model: VAE) -> float:
    seen = Pass(model)
    return elbo(seen) + 3 * seen.total_correlation(lambda i, j: 1 / BATCH)


def dip_vae(model: VAE, *, of_codes: bool) -> float:
    seen = Pass(model)
    return elbo(seen) + dip(seen.covariance(of_codes=of_codes), 3.0, 5.0)


LOSSES: list[tuple[str, str, Callable[[VAE], float]]] = [
    ("factor-vae", "vae", factor_vae),
    ("factor-vae", "discriminator", discriminator_of_factor_vae),
    ("ada-gvae", "vae", ada_gvae),
    ("beta-tcvae", "vae", beta_tcvae),
    ("dip-vae-i", "vae", lambda model: dip_vae(model, of_codes=False)),
    ("dip-vae-ii", "vae", lambda model: dip_vae(model, of_codes=True)),
]


def taken(name: str) -> dict[str, tuple[float, list[Tensor]]]:
    """What each player minimized in one update, and the gradients with which it took its step."""
    model, values = made(name), []

    def backward(loss: Tensor) -> None:
        values.append(loss.item())
        loss.backward()

    updates = Updates(model, backward)
    gradients: dict[str, list[Tensor]] = {}
    for player, optimizer in updates.optimizers.items():

        def note(*_: object, player: str = player, weights: list[Tensor] = optimizer.param_groups[0]["params"]) -> None:
            gradients[player] = [weight.grad.double().clone() for weight in weights]

        optimizer.register_step_pre_hook(note)
    updates()
    return {player: (value, of) for (player, of), value in zip(gradients.items(), values, strict=True)}


@pytest.mark.parametrize(("name", "player", "loss"), LOSSES, ids=lambda of: of if isinstance(of, str) else "")
def test_a_players_step_follows_the_loss_written_out(name: str, player: str, loss: Callable[[VAE], float]) -> None:
    value, gradients = taken(name)[player]
    model = made(name)
    for network in model.networks.values():
        network.double()
    assert value == pytest.approx(loss(model), rel=1e-5)

    generator = torch.Generator().manual_seed(3)
    directions = [torch.randn(of.shape, generator=generator, dtype=torch.float64) for of in gradients]
    lengths = [torch.cat([part.flatten() for part in of]).norm() for of in (gradients, directions)]
    along = [g / lengths[0] + v / lengths[1] for g, v in zip(gradients, directions, strict=True)]
    weights = [p for part in model.players[player].moves for p in model.networks[part].parameters()]
    ends = []
    for side in (STEP, -2 * STEP):
        with torch.no_grad():
            for weight, step in zip(weights, along, strict=True):
                weight.add_(side * step)
        ends.append(loss(model))
    slope = sum(float((g * step).sum()) for g, step in zip(gradients, along, strict=True))
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * STEP), rel=1e-4)
