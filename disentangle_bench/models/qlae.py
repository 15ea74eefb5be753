"""QLAE: an autoencoder whose codes take few values each, which are learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.latents import Categorical
from disentangle_bench.means import Mean
from disentangle_bench.models.gan import NotNegative
from disentangle_bench.models.model import Draw, Means, Model, Play, Player, Shape
from disentangle_bench.models.networks.autoencoder import find_autoencoder
from disentangle_bench.models.networks.quantized import QuantizedAutoencoder, Quantizer, initialize_uniform
from disentangle_bench.recipe import Recipe
from disentangle_bench.seeds import derive_seed


class QLAE(Model):
    """Latent quantization: each of d numbers that the encoder gives is replaced by the nearest of its k values.

        z_i = argmin_v |v - e_i(x)|,  v in V_i = {v_i1, .., v_ik}
        min over encoder, decoder of  CE(x, decoder(z)) + w_c E[(e(x) - sg z)^2]
        min over the values       of                      w_q E[(z - sg e(x))^2]

    CE is the mean over pixels of the cross-entropy in nats, the squares are means over the codes, sg stops gradients,
    and the gradient of z is passed on to e(x) as it is. A code is its value's number: categorical with k equally likely
    values, as the paper's InfoMEC takes it and as its program samples it. The posterior is a point.

    Weights decay in encoder and decoder alone. What differs from the program: there, their biases do not decay either,
    and each gradient is clipped to 1; here biases decay and nothing is clipped.

    Args:
        recipe: sizes, learning rates and weight decay; its codes are categorical, with the same k.
        shape: `(c, h, w)` of the dataset's images.
        seed: determines the initial weights.
        quantization: the weight w_q.
        commitment: the weight w_c.

    Raises:
        SettingError: there is noise, or a code is not categorical or has another k.
    """

    summary = "QLAE: an autoencoder whose codes are quantized to a few learned values each."
    source = "arXiv:2305.18378 and github.com/kylehkhsu/latent_quantization"
    deterministic = True
    scales_with_width = True

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        quantization: NotNegative = 0.01,
        commitment: NotNegative = 0.01,
    ) -> None:
        super().__init__(recipe, shape, seed)
        self.quantization, self.commitment = quantization, commitment
        kinds = {code.k if isinstance(code, Categorical) else 0 for code in self.latents.codes}
        if self.latents.noise or len(kinds) > 1 or 0 in kinds:
            raise SettingError(
                f"{recipe.name} has latents that cannot be quantized alike.",
                'Give latents.noise = 0 and codes of kind = "categorical", all with the same k.',
            )
        self.k, codes = kinds.pop(), len(self.latents.codes)
        pair = QuantizedAutoencoder(find_autoencoder(recipe.networks.name, shape, recipe.dataset.name).shape)
        self.networks = {
            "encoder": pair.encoder(codes, recipe.networks.width),
            "decoder": pair.decoder(codes, recipe.networks.width),
            "quantizer": Quantizer(codes, self.k),
        }
        for name in ("encoder", "decoder"):
            initialize_uniform(self.networks[name], derive_seed(seed, "weights", name))
        self.players = {
            "autoencoder": Player(("encoder", "decoder"), optimizer="autoencoder"),
            "quantizer": Player(("quantizer",), optimizer="quantizer"),
        }
        self.means = (
            Mean("reconstruction_loss", label="reconstruction", unit="nats a pixel"),
            Mean("quantization_loss", label="quantization"),
        )

    def update(self, draw: Draw, play: Play) -> Means:
        """Encoder and decoder move, then the values; the losses of both are of the weights before."""
        x = draw.real()
        continuous = play.encoder(x).float()
        z = play.quantizer(continuous)
        logits = play.decoder(continuous + (z - continuous).detach()).float()
        reconstruction_loss = F.binary_cross_entropy_with_logits(logits, x)
        # min over encoder and decoder of CE(x, decoder(z)) + w_c E[(e(x) - sg z)^2]
        commitment_loss = F.mse_loss(continuous, z.detach())
        play.minimise("autoencoder", reconstruction_loss + self.commitment * commitment_loss)
        # min over the values of w_q E[(z - sg e(x))^2]
        quantization_loss = F.mse_loss(z, continuous.detach())
        play.minimise("quantizer", self.quantization * quantization_loss)
        return {"reconstruction_loss": reconstruction_loss, "quantization_loss": quantization_loss}

    def parts(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """The decoder generates from the values of categories; the encoder gives minus the distance of each value."""
        encoder, decoder = self.networks["encoder"], self.networks["decoder"]
        quantizer = cast("Quantizer", self.networks["quantizer"])

        def generator(packed: Tensor) -> Tensor:
            one_hot = packed.view(-1, *quantizer.values.shape)
            return torch.sigmoid(decoder((one_hot * quantizer.values).sum(dim=2)))

        return {"generator": generator, "encoder": lambda x: -quantizer.distances(encoder(x)).flatten(1)}
