"""A model that learns from pairs of images, in the protocol of Ada-GVAE (arXiv:2002.02886)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from toy_vae import ToyVAE

from disentangle_bench.models.model import Draw, Means, Play, Shape
from disentangle_bench.recipe import Recipe


class ToyPairs(ToyVAE):
    """The toy VAE, whose codes of the two images of a pair are drawn together."""

    summary = "Autoencoder that draws the codes of pairs of images together."
    stop_in = 0

    def __init__(self, recipe: Recipe, shape: Shape, seed: int = 0, *, k: int = 0) -> None:
        super().__init__(recipe, shape, seed)
        self.paired, self.k, self.updates = True, k, 0

    def update(self, draw: Draw, play: Play) -> Means:
        """Reconstruct two batches of pairs."""
        self.updates += 1
        if self.updates == self.stop_in:
            raise KeyboardInterrupt
        loss, distance = torch.tensor(0.0), torch.zeros(len(self.latents.codes))
        for _ in range(2):
            codes = []
            for x in draw.pairs(self.k or None):
                codes.append(play.encoder(x).unflatten(1, (-1, 2))[..., 0])
                loss = loss + F.binary_cross_entropy(play.decoder(codes[-1]), x)
            distance = distance + (codes[0] - codes[1]).square().mean(dim=0)
        play.minimise("vae", loss + distance.sum())
        names = (f"KL/{name}" for name in self.latents.names)
        return {"reconstruction_loss": loss, **dict(zip(names, distance, strict=True))}
