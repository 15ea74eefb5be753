"""What each choice of the update step is worth: the step without it, in steps with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from unittest.mock import patch

import torch
from torch import nn

from benchmarks.perf.timing import Row, ratios, report
from benchmarks.perf.training import Plan
from benchmarks.perf.work import make_step, ready, recipe_step, shape_of
from disentangle_bench.models import make_model
from disentangle_bench.models.infogan import InfoGAN
from disentangle_bench.models.model import Draw, Means, Model, Play
from disentangle_bench.models.networks.linear import Linear
from disentangle_bench.models.optimizers import make_optimizers
from disentangle_bench.recipe import Recipe

Step = Callable[[], object]
CHOSEN = "as it is"


def measure(plan: Plan) -> str:
    """The report, in Markdown."""
    recipe = plan.recipe()
    steps: dict[str, Step] = {CHOSEN: recipe_step(recipe)}
    steps |= {name: make(recipe) for name, make in CHANGES.items()}
    seconds = plan.interleave(steps, times=max(1, plan.steps // 3))
    rows = [Row(name, ratios(values, seconds[CHOSEN])) for name, values in seconds.items() if name != CHOSEN]
    return report("A step with one choice undone, in steps as they are", rows)


def model_of(recipe: Recipe) -> Model:
    """A recipe's model, its layout untouched."""
    return make_model(recipe, shape_of(recipe))


def contiguous(recipe: Recipe) -> Step:
    """Images and weights channel by channel."""
    return make_step(model_of(recipe))


def default_adam(recipe: Recipe) -> Step:
    """Adam as PyTorch gives it, one parameter after the other."""
    model = ready(model_of(recipe))
    groups = {name: made.param_groups[0] for name, made in make_optimizers(model).items()}
    return make_step(
        model,
        {
            name: torch.optim.Adam(group["params"], lr=group["lr"], betas=group["betas"])
            for name, group in groups.items()
        },
    )


def plain_products(recipe: Recipe) -> Step:
    """`nn.Linear` in place of the package's own."""
    model = ready(model_of(recipe))
    for network in model.networks.values():
        for parent in network.modules():
            for name, child in parent.named_children():
                if isinstance(child, Linear):
                    plain = nn.Linear(child.in_features, child.out_features, bias=False, device="meta")
                    plain.weight, plain.bias = child.weight, child.bias
                    setattr(parent, name, plain)
    return make_step(model)


class SecondFake(InfoGAN):
    """Draws a fake for D and another for G."""

    def update(self, draw: Draw, play: Play) -> Means:
        """The update, and the generator once more."""
        play.G(self.latents.pack(draw.latents())).detach()
        return super().update(draw, play)


def second_fake(recipe: Recipe) -> Step:
    """A fake each for D and G."""
    return make_step(ready(SecondFake(recipe, shape_of(recipe))))


class PlainGAN(InfoGAN):
    """D and G alone, on the same latents."""

    def update(self, draw: Draw, play: Play) -> Means:
        """The update without Q and its bounds."""
        x, (_, fake) = draw.real(), self.fakes(play, draw)
        real_logits, fake_logits = (play.D(images, with_q=False)[0] for images in (x, fake.detach()))
        D_loss = self.game.D_loss(real_logits, fake_logits)
        play.minimise("D", D_loss)
        with play.frozen("D") as D:
            G_loss = self.game.G_loss(D(fake, with_q=False)[0])
            play.minimise("G", G_loss)
        return self.report(D_loss, G_loss, torch.zeros(len(self.latents.codes)))


def plain_gan(recipe: Recipe) -> Step:
    """Neither Q nor its terms: what the paper's "negligible" cost is to be compared with."""
    return make_step(ready(PlainGAN(recipe, shape_of(recipe))))


def unfrozen(recipe: Recipe) -> Step:
    """D's weights collect gradients in G's update."""
    step = recipe_step(recipe)

    def run() -> object:
        with patch.object(Play, "frozen", lambda play, name: nullcontext(getattr(play, name))):
            return step()

    return run


def mixed(recipe: Recipe) -> Step:
    """Products and convolutions in bfloat16, as `--precision bf16-mixed` has them."""
    step = recipe_step(recipe)

    def run() -> object:
        with torch.autocast("cpu", torch.bfloat16):
            return step()

    return run


CHANGES: dict[str, Callable[[Recipe], Step]] = {
    "contiguous in place of channels_last": contiguous,
    "Adam not fused": default_adam,
    "fully connected products by nn.Linear": plain_products,
    "a fake each for D and G": second_fake,
    "D not frozen in G's update": unfrozen,
    "a plain GAN, without Q": plain_gan,
    "bf16-mixed in place of 32 (an option, --precision)": mixed,
}
