"""What InfoGAN and its baseline share: the networks G and D, with Q on D's trunk, before and after training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cached_property
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from disentangle_bench.errors import SettingError
from disentangle_bench.latents import Categorical, Latents
from disentangle_bench.means import Mean, information_of
from disentangle_bench.models import collapse
from disentangle_bench.models.average import follow, take_over
from disentangle_bench.models.batches import as_floats, in_batches, reestimate_statistics, statistics_of
from disentangle_bench.models.games import GAMES, GameName, clip_weights, gradient_penalty, zero_centered_penalty
from disentangle_bench.models.model import (
    Draw,
    Finished,
    ImageRows,
    LogEntries,
    Means,
    Model,
    Play,
    Player,
    Shape,
    Watched,
)
from disentangle_bench.models.networks import find_pair
from disentangle_bench.models.networks.layers import Discriminator, initialize
from disentangle_bench.models.networks.norms import add_spectral_norm, has_batch_norm, replace_batch_norm
from disentangle_bench.models.recipes import full_length
from disentangle_bench.models.spread import effects_of, looked_at, spread_of
from disentangle_bench.recipe import Recipe
from disentangle_bench.seeds import derive_seed

NotNegative = Annotated[float, Field(ge=0)]
Steps = Annotated[int, Field(ge=0)]
STATISTICS_BATCHES = 40
CATEGORY_IMAGES = 10_000
NO_SPREAD = 1e-6
"""Real images that vary by less than this are all the same."""
LATE = 1000
"""By how many steps G has to make different images that show what Q reads, in a run that is meant to be as long."""


class GANWithCodes(Model):
    """G and D, with Q on D's trunk; a subclass says how they play.

    In training, D's batch norm sees real and generated images in separate batches, so its running statistics are a
    mixture that fits neither. They are re-estimated twice, without labels: on real training images, for reading those,
    and on generated images, for reading these.

    Args:
        recipe: sizes, weights and learning rates.
        shape: `(c, h, w)` of the dataset's images.
        seed: determines the initial weights.
        game: what D and G minimize.
        discriminator_steps: of D for each update; 0 is as many as the game has.
        generator_steps: of G for each update.
        r1: the weight of the zero-centered penalty on D's slopes at real images (arXiv:1801.04406, eq. 9).
        lambda_warm_up: over how many steps the lambdas rise linearly to their values (arXiv:1602.02282, section 2.3).
        ema_G: the decay of the moving average of G's weights, which a trained model has (arXiv:1806.04498); 0 is none.
        ema_Q: likewise of Q, with the trunk that it shares with D.
        instance_noise: standard deviation of the Gaussian noise on every image that D sees, real or generated
            (arXiv:1610.04490), with images in [0, 1].
        instance_noise_steps: over how many steps it falls linearly to 0; 0 is never.
    """

    scales_with_width = True

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        game: GameName = "nsgan",
        discriminator_steps: Steps = 0,
        generator_steps: Annotated[int, Field(ge=1)] = 1,
        r1: NotNegative = 0.0,
        lambda_warm_up: Steps = 0,
        ema_G: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        ema_Q: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        instance_noise: NotNegative = 0.0,
        instance_noise_steps: Steps = 0,
    ) -> None:
        super().__init__(recipe, shape, seed)
        self.instance_noise, self.instance_noise_steps = instance_noise, instance_noise_steps
        self.game, self.r1, self.lambda_warm_up = GAMES[game], r1, lambda_warm_up
        self.discriminator_steps = self.batches = discriminator_steps or self.game.discriminator_steps
        self.generator_steps = generator_steps
        G, D = self.build(shape)
        norm = recipe.networks.norm
        if norm != "batch":
            replace_batch_norm(D.trunk, layer_norm=norm == "layer")
        for name, network in {"G": G, "trunk": D.trunk, "head": D.head, "Q": D.q_head}.items():
            initialize(network, derive_seed(seed, "weights", name))
        if norm == "spectral":
            add_spectral_norm(D.trunk, derive_seed(seed, "weights", "spectral norm"))
        self.networks = {"G": G, "D": D}
        self.critic = nn.ModuleList([D.trunk, D.head])
        if self.game.gradient_penalty or r1:
            self._require_slopes(f"the gradient penalty of game = {game}" if self.game.gradient_penalty else "r1")
        self.averaged = {"G": (ema_G, G), "trunk": (ema_Q, D.trunk), "Q": (ema_Q, D.q_head)}
        self.kept = {"generated": {}, "average": {}}
        self.categories: dict[str, list[int]] = {}
        self.players = {"D": Player(("D",), optimizer="D"), "G": Player(("G",), optimizer="G")}
        self.means = (
            Mean("discriminator_loss", label="D"),
            Mean("generator_loss", label="G"),
            *(information_of(code.name, getattr(code, "k", None)) for code in self.latents.codes),
        )
        learned = [code for code in self.latents.codes if not isinstance(code, Categorical) and code.sigma is None]
        self.measures = (
            Mean("spread"),
            *(Mean(name, "effect") for name in self.latents.names),
            *(Mean(code.name, "sigma") for code in learned),
        )

    def build(self, shape: Shape) -> tuple[nn.Module, Discriminator]:
        """G and D for images of a shape, not yet initialized."""
        networks = self.recipe.networks
        pair = find_pair(networks.name, shape, self.recipe.dataset.name)
        D = pair.discriminator(sum(self.latents.parameters), networks.width)
        return pair.generator(self.latents.width, networks.width), D

    def fakes(self, play: Play, draw: Draw) -> tuple[Latents, Tensor]:
        """Latents, and the images that G makes of them, as D sees them."""
        c = draw.latents()
        return c, self.noisy(play.G(self.latents.pack(c)), draw)

    def noisy(self, images: Tensor, draw: Draw) -> Tensor:
        """Images as D sees them: with instance noise, while there is any."""
        passed = (draw.step - 1) / self.instance_noise_steps if self.instance_noise_steps else 0.0
        if not self.instance_noise or passed >= 1:
            return images
        return images + self.instance_noise * (1 - passed) * draw.normal(*images.shape[1:])

    def bounds(self, latents: Latents, q: Tensor) -> Tensor:
        """`L_I` of each code (arXiv:1606.03657, eq. 5), `(codes,)` in nats, from Q's output `(n, p)`."""
        return torch.stack(self.latents.mutual_information_bounds(latents, self.latents.split(q)))

    def weigh(self, L_I: Tensor, step: int) -> Tensor:
        """`sum_i lambda_i L_I(c_i)`, with the lambdas of a step."""
        share = min(1.0, step / self.lambda_warm_up) if self.lambda_warm_up else 1.0
        lambdas = torch.tensor([share * code.weight for code in self.latents.codes], device=L_I.device)
        return (lambdas * L_I).sum()

    def penalty(self, draw: Draw, real: Tensor, fake: Tensor) -> Tensor | float:
        """What is added to D's loss for its slopes: the game's penalty, and R1."""

        def critic(images: Tensor) -> Tensor:  # the bare D: the wrapped one takes backward calls for the loop's alone
            logits: Tensor = self.networks["D"](images, with_q=False)[0]
            return logits

        penalty: Tensor | float = 0.0
        if self.game.gradient_penalty:
            penalty = self.game.gradient_penalty * gradient_penalty(critic, real, fake, draw.uniform())
        return penalty + self.r1 * zero_centered_penalty(critic, real) if self.r1 else penalty

    def constrain(self) -> None:
        """Clip D's weights, but for Q's own, if the game asks for it."""
        if self.game.clip:
            clip_weights(self.critic.parameters(), self.game.clip)

    def average(self, step: int) -> None:
        """Let the moving averages follow the weights of this step."""
        for name, (decay, network) in self.averaged.items():
            if decay:
                weights = {f"{name}.{key}": weight for key, weight in network.named_parameters()}
                follow(self.kept["average"], weights, decay, step)

    def _require_slopes(self, penalty: str) -> None:
        """Refuse what a penalty on D's slopes cannot be taken with."""
        if has_batch_norm(self.critic):
            raise SettingError(
                f"The recipe {self.recipe.name} has batch norm in D, so that its logits depend on whole batches; "
                f"{penalty} is on the slope of each.",
                "Give --set networks.norm=layer (or none, or spectral).",
            )
        reason = f"{penalty} is a gradient of a gradient"
        self.refuses = dict.fromkeys(("devices", "compile", "16-mixed"), reason)

    def report(self, D_loss: Tensor, G_loss: Tensor, *informations: Tensor) -> Means:
        """The means of an update by their keys: two losses, then `L_I` `(codes,)` and what else a model has in nats."""
        values = (D_loss, G_loss, *torch.cat(informations).unbind())
        return {mean.key: value for mean, value in zip(self.means, values, strict=True)}

    def measure(self, draw: Draw) -> dict[str, float]:
        """How generated images vary, and with each code, as shares of how real ones do; Q's mean sigma of each code."""
        G, D = self.networks["G"], self.networks["D"]
        with looked_at(G, D):
            fake = G(self.latents.pack(draw.latents()))
            real, effects = max(spread_of(draw.real()), NO_SPREAD), effects_of(G, self.latents)
            read = self.latents.split(D(fake)[1])
        measures = {"spread": spread_of(fake) / real}
        measures |= {f"effect/{name}": effect / real for name, effect in effects.items()}
        for code, parameters in zip(self.latents.codes, read, strict=True):
            if not isinstance(code, Categorical) and code.sigma is None:
                measures[f"sigma/{code.name}"] = float(code.log_sigma(parameters).exp().mean())
        return measures

    @cached_property
    def full_length(self) -> int:
        """How many steps the recipe is meant to have; this run may be shorter."""
        return full_length(self.recipe)

    def is_late(self, log: LogEntries) -> bool:
        """Whether the last entry is late enough for G to make different images."""
        return bool(log[-1]["step"] >= min(LATE, self.full_length))

    def watch(self, log: LogEntries) -> Watched:
        """The first failure, or else all remarks."""
        return Watched.together(self.findings(log))

    def findings(self, log: LogEntries) -> Iterator[Watched]:
        """Whether D always wins, and whether G makes one image of all latents: again, still, or so far."""
        last = log[-1]
        yield Watched(collapse.won_by_discriminator(last["discriminator_loss"], last["generator_loss"], self.game))
        spreads = [entry["spread"] for entry in log if "spread" in entry]  # logs of earlier versions lack it
        yield Watched(collapse.lost_variety(spreads))
        late = self.is_late(log)
        yield Watched.judged(collapse.little_variety(spreads, late=late), is_failure=late)

    def finish(self, images: ImageRows, seed: int) -> Finished:
        """Take over the moving averages, re-estimate all statistics, and count Q's categories of training images.

        No labels are needed for that.
        """
        G, D = self.networks["G"], self.networks["D"]
        named = {
            f"{name}.{key}": weight
            for name, (_, part) in self.averaged.items()
            for key, weight in part.named_parameters()
        }
        take_over(self.kept["average"], named)
        self.kept["average"] = {}
        device, size = next(G.parameters()).device, self.recipe.batch_size
        generator = torch.Generator().manual_seed(seed)
        latents = [self.latents.sample(size, generator).to(device) for _ in range(STATISTICS_BATCHES)]
        reestimate_statistics(G, (self.latents.pack(rows) for rows in latents))
        reestimate_statistics(D, (G(self.latents.pack(rows)) for rows in latents))
        self.kept["generated"] = statistics_of(D)
        order = torch.randperm(len(images), generator=generator)[: size * STATISTICS_BATCHES].to(device)
        reestimate_statistics(D, (as_floats(images[rows]) for rows in torch.split(order, size) if len(rows) > 1))
        if any(isinstance(code, Categorical) for code in self.latents.codes):  # else no image need be read, or drawn
            q = in_batches(lambda rows: D(as_floats(rows))[1], images[:CATEGORY_IMAGES], device)
            self.categories = {
                code.name: torch.bincount(code.estimate(parameters), minlength=code.k).tolist()
                for code, parameters in zip(self.latents.codes, self.latents.split(q), strict=True)
                if isinstance(code, Categorical)
            }
        return Finished(notes={"categories": self.categories})

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """As every model; version 0.1 called the Q head `recogniser`."""
        super().load({name.replace(".recogniser.", ".q_head."): value for name, value in tensors.items()})

    def parts(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """G, and Q with the statistics for generated images and for real ones."""
        D = self.networks["D"]
        on_generated = deepcopy(D)
        on_generated.load_state_dict(D.state_dict() | self.kept["generated"])
        return {
            "generator": self.networks["G"],
            "posterior": lambda images: on_generated(images)[1],
            "encoder": lambda images: D(images)[1],
        }
