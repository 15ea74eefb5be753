"""VAEs at disentanglement_lib's sizes: a step of each, in steps of the VAE and beside plain PyTorch loops."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.perf.timing import Row, Spread, ratios, report
from benchmarks.perf.training import Plan
from benchmarks.perf.work import make_step, multiply_adds, ready
from disentangle_bench.models import make_model
from disentangle_bench.models.recipes import find_recipe

SHAPE, BATCH, CODES, UNITS = (1, 64, 64), 64, 10, 1000
NAMES = ("vae", "annealed-vae", "beta-tcvae", "dip-vae-i", "dip-vae-ii", "factor-vae")
MOST_OF_FACTOR_VAE = 1.6
LEAST_SPEED_UP = 1.0


class PlainVAE:
    """The networks of disentanglement_lib in plain PyTorch, on a batch that is in memory already.

    Args:
        width: multiplies the widths of the networks.
    """

    def __init__(self, width: float = 1.0) -> None:
        near, far, fc = (round(units * width) for units in (32, 64, 256))
        self.encoder = nn.Sequential(
            nn.Conv2d(1, near, 4, 2, 1), nn.ReLU(True), nn.Conv2d(near, near, 4, 2, 1), nn.ReLU(True),
            nn.Conv2d(near, far, 2, 2), nn.ReLU(True), nn.Conv2d(far, far, 2, 2), nn.ReLU(True),
            nn.Flatten(), nn.Linear(far * 16, fc), nn.ReLU(True), nn.Linear(fc, 2 * CODES),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(CODES, fc), nn.ReLU(True), nn.Linear(fc, far * 16), nn.ReLU(True), nn.Unflatten(1, (far, 4, 4)),
            nn.ConvTranspose2d(far, far, 4, 2, 1), nn.ReLU(True), nn.ConvTranspose2d(far, near, 4, 2, 1), nn.ReLU(True),
            nn.ConvTranspose2d(near, near, 4, 2, 1), nn.ReLU(True), nn.ConvTranspose2d(near, 1, 4, 2, 1),
        )  # fmt: skip
        parameters = itertools.chain(self.encoder.parameters(), self.decoder.parameters())
        self.optimizer = torch.optim.Adam(parameters, lr=1e-4)
        self.images = torch.rand(BATCH, *SHAPE)

    def loss(self) -> tuple[Tensor, Tensor]:
        """The negative evidence lower bound, and the codes."""
        mean, log_variance = self.encoder(self.images).chunk(2, dim=1)
        c = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        reconstruction = F.binary_cross_entropy_with_logits(self.decoder(c), self.images, reduction="sum") / BATCH
        divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum() / BATCH
        return reconstruction + divergence, c

    def step(self) -> float:
        """One step; its loss."""
        loss, _ = self.loss()
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.optimizer.step()
        return loss.item()


class PlainFactorVAE(PlainVAE):
    """With a discriminator of codes, which moves on the same codes, as in disentanglement_lib."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__(width)
        units = round(UNITS * width)
        sizes = [CODES, *[units] * 6]
        hidden = [layer for a, b in itertools.pairwise(sizes) for layer in (nn.Linear(a, b), nn.LeakyReLU(0.2, True))]
        self.discriminator = nn.Sequential(*hidden, nn.Linear(units, 2))
        self.its_optimizer = torch.optim.Adam(self.discriminator.parameters(), lr=1e-4, betas=(0.5, 0.9))

    def step(self) -> float:
        """One step of both; the VAE's loss."""
        loss, c = self.loss()
        logits = self.discriminator(c)
        loss = loss + 30 * (logits[:, 0] - logits[:, 1]).mean()
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.optimizer.step()
        c = c.detach()
        permuted = torch.stack([column[torch.randperm(BATCH)] for column in c.unbind(1)], dim=1)
        of_c, of_permuted = self.discriminator(c), self.discriminator(permuted)
        classes = torch.zeros(BATCH, dtype=torch.int64)
        judged = F.cross_entropy(of_c, classes) / 2 + F.cross_entropy(of_permuted, classes + 1) / 2
        self.its_optimizer.zero_grad()
        torch.autograd.backward(judged)
        self.its_optimizer.step()
        return float(loss.item())


def measure(plan: Plan) -> str:
    """The report, in Markdown."""
    settings = {"networks.width": plan.width, "batch_size": BATCH}
    steps = {}
    for name in NAMES:
        model = make_model(find_recipe(name, "sprites").with_settings(settings), SHAPE)
        steps[name] = make_step(ready(model), shape=SHAPE)
    plain = {"vae": PlainVAE(plan.width).step, "factor-vae": PlainFactorVAE(plan.width).step}
    contenders = steps | {f"plain {name}": step for name, step in plain.items()}
    seconds = plan.interleave(contenders, times=plan.steps)
    rows = [Row("steps of the VAE in a second", Spread.of([1 / value for value in seconds["vae"]]), ".1f")]
    for name in NAMES[1:]:
        target = f"at most {MOST_OF_FACTOR_VAE}" if name == "factor-vae" else ""
        rows.append(Row(f"a step of {name}, in steps of the VAE", ratios(seconds[name], seconds["vae"]), target=target))
    work = {name: multiply_adds(steps[name]) for name in ("vae", "factor-vae")}
    rows.append(Row("multiply-adds of factor-vae, in those of the VAE", work["factor-vae"] / work["vae"]))
    rows += [
        Row(
            f"a step of a plain loop, {name}, in steps of ours",
            ratios(seconds[f"plain {name}"], seconds[name]),
            target=f"at least {LEAST_SPEED_UP:g}",
        )
        for name in plain
    ]
    return report(f"VAEs, batches of {BATCH} images of {' x '.join(map(str, SHAPE))}, float32", rows)
