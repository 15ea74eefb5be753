"""InfoGAN in plain PyTorch over a DataLoader, as ports of it are commonly written, with the paper's MNIST networks.

Three habits of the ports are kept apart; none is slowed down on purpose. The first is the DCGAN tutorial's and the
fastest. All use Adam and memory layouts as PyTorch gives them, and let D's weights collect gradients that G's update
does not need, until the next step clears them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

IMAGES = 60_000
NOISE, CATEGORIES, CONTINUOUS = 62, 10, 2


def write_images(folder: Path, images: int = IMAGES) -> np.ndarray:
    """Write noise as sparse as digits in MNIST's files, where torchvision looks for them; `(n, 1, 28, 28)` uint8."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (images, 28, 28), np.uint8) * (generator.random((images, 28, 28)) < 0.19)
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        header = np.array([0x803, images, 28, 28], ">u4").tobytes()
        (raw / f"{part}-images-idx3-ubyte").write_bytes(header + pixels.tobytes())
        header = np.array([0x801, images], ">u4").tobytes()
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(header + bytes(images))
    return pixels[:, None]


class PlainLoop:
    """One fake for both updates, as in the DCGAN tutorial and, after it, Natsu6767/InfoGAN-PyTorch.

    Args:
        folder: where `write_images` wrote.
        batch_size: images per step.
        workers: processes of the DataLoader.
        width: multiplies the widths of the networks.
    """

    def __init__(self, folder: Path, *, batch_size: int = 128, workers: int = 0, width: float = 1.0) -> None:
        self.G = generator(width)
        self.trunk, self.head, self.Q = discriminator(width)
        for network in (self.G, self.trunk, self.head, self.Q):
            network.apply(initialize)
        self.D_optimizer = adam(2e-4, self.trunk, self.head)
        self.G_optimizer = adam(1e-3, self.G, self.Q)
        data = MNIST(str(folder), transform=ToTensor())
        self.loader = DataLoader(
            data, batch_size, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=workers > 0
        )
        self._batches = self._endless()

    def _endless(self) -> Iterator[Tensor]:
        while True:
            yield from (images for images, _ in self.loader)

    def step(self) -> tuple[float, float]:
        """One step; its losses."""
        real = next(self._batches)
        latents, categories, continuous = sample(len(real))
        fake = self.G(latents)
        D_loss = self.update_discriminator(real, fake)
        self.G_optimizer.zero_grad()
        features = self.trunk(fake)
        G_loss = real_loss(self.head(features)) + information_loss(self.Q(features), categories, continuous)
        torch.autograd.backward(G_loss)
        self.G_optimizer.step()
        return D_loss, G_loss.item()

    def update_discriminator(self, real: Tensor, fake: Tensor) -> float:
        """D's update, one backward pass per batch."""
        self.D_optimizer.zero_grad()
        on_real = real_loss(self.head(self.trunk(real)))
        torch.autograd.backward(on_real)
        on_fake = fake_loss(self.head(self.trunk(fake.detach())))
        torch.autograd.backward(on_fake)
        self.D_optimizer.step()
        return (on_real + on_fake).item()


class TwoFakes(PlainLoop):
    """A fake for D's update and a fresh one for G's."""

    def step(self) -> tuple[float, float]:
        """One step; its losses."""
        real = next(self._batches)
        D_loss = self.update_discriminator(real, self.G(sample(len(real))[0]))
        latents, categories, continuous = sample(len(real))
        self.G_optimizer.zero_grad()
        features = self.trunk(self.G(latents))
        G_loss = real_loss(self.head(features)) + information_loss(self.Q(features), categories, continuous)
        torch.autograd.backward(G_loss)
        self.G_optimizer.step()
        return D_loss, G_loss.item()


class InformationPass(PlainLoop):
    """A third update on a fresh fake for the information, of all networks, as in eriklindernoren/PyTorch-GAN."""

    def __init__(self, folder: Path, *, batch_size: int = 128, workers: int = 0, width: float = 1.0) -> None:
        super().__init__(folder, batch_size=batch_size, workers=workers, width=width)
        self.information_optimizer = adam(2e-4, self.G, self.trunk, self.Q)

    def step(self) -> tuple[float, float]:
        """One step; its losses."""
        real = next(self._batches)
        fake = self.G(sample(len(real))[0])
        self.G_optimizer.zero_grad()
        G_loss = real_loss(self.head(self.trunk(fake)))
        torch.autograd.backward(G_loss)
        self.G_optimizer.step()
        D_loss = self.update_discriminator(real, fake)
        latents, categories, continuous = sample(len(real))
        self.information_optimizer.zero_grad()
        loss = information_loss(self.Q(self.trunk(self.G(latents))), categories, continuous)
        torch.autograd.backward(loss)
        self.information_optimizer.step()
        return D_loss, G_loss.item() + loss.item()


def generator(width: float) -> nn.Sequential:
    fc, maps, half = (round(channels * width) for channels in (1024, 128, 64))
    return nn.Sequential(
        nn.Linear(NOISE + CATEGORIES + CONTINUOUS, fc, bias=False),
        nn.BatchNorm1d(fc),
        nn.ReLU(inplace=True),
        nn.Linear(fc, maps * 7 * 7, bias=False),
        nn.BatchNorm1d(maps * 7 * 7),
        nn.ReLU(inplace=True),
        nn.Unflatten(1, (maps, 7, 7)),
        nn.ConvTranspose2d(maps, half, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(half),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(half, 1, 4, stride=2, padding=1),
        nn.Sigmoid(),
    )


def discriminator(width: float) -> tuple[nn.Sequential, nn.Linear, nn.Sequential]:
    """The trunk, D's head and Q's."""
    half, maps, fc, q = (round(channels * width) for channels in (64, 128, 1024, 128))
    trunk = nn.Sequential(
        nn.Conv2d(1, half, 4, stride=2, padding=1),
        nn.LeakyReLU(0.1, inplace=True),
        nn.Conv2d(half, maps, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(maps),
        nn.LeakyReLU(0.1, inplace=True),
        nn.Flatten(),
        nn.Linear(maps * 7 * 7, fc, bias=False),
        nn.BatchNorm1d(fc),
        nn.LeakyReLU(0.1, inplace=True),
    )
    outputs = CATEGORIES + 2 * CONTINUOUS
    Q = nn.Sequential(
        nn.Linear(fc, q, bias=False), nn.BatchNorm1d(q), nn.LeakyReLU(0.1, inplace=True), nn.Linear(q, outputs)
    )
    return trunk, nn.Linear(fc, 1), Q


def initialize(module: nn.Module) -> None:
    """DCGAN's initialization."""
    if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def adam(rate: float, *networks: nn.Module) -> torch.optim.Adam:
    parameters = itertools.chain.from_iterable(network.parameters() for network in networks)
    return torch.optim.Adam(parameters, lr=rate, betas=(0.5, 0.999))


def sample(n: int) -> tuple[Tensor, Tensor, Tensor]:
    """The generator's input `(n, 74)`, the categories `(n,)` and the continuous codes `(n, 2)` in it."""
    categories, continuous = torch.randint(CATEGORIES, (n,)), torch.rand(n, CONTINUOUS) * 2 - 1
    one_hot = F.one_hot(categories, CATEGORIES).float()
    return torch.cat([torch.randn(n, NOISE), one_hot, continuous], dim=1), categories, continuous


def real_loss(logits: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))


def fake_loss(logits: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.zeros_like(logits))


def information_loss(outputs: Tensor, categories: Tensor, continuous: Tensor) -> Tensor:
    """Cross-entropy of c1 plus a tenth of the Gaussian's negative log-likelihood of c2 and c3."""
    logits, mean, log_variance = torch.split(outputs, [CATEGORIES, CONTINUOUS, CONTINUOUS], dim=1)
    gaussian = F.gaussian_nll_loss(mean, continuous, log_variance.exp(), full=True)
    return F.cross_entropy(logits, categories) + 0.1 * CONTINUOUS * gaussian
