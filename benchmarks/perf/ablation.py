"""What each choice of the update step is worth: the step without it, in steps with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from unittest.mock import patch

import torch
from torch import Tensor, nn

from benchmarks.perf.timing import Row, interleave, ratios, report
from benchmarks.perf.training import Plan
from benchmarks.perf.work import make_model, make_step
from disentangle_bench.latents import Latents
from disentangle_bench.models.infogan import InfoGAN, Losses
from disentangle_bench.models.networks.linear import Linear
from disentangle_bench.recipe import Recipe

Step = Callable[[], object]
CHOSEN = "as it is"


def measure(plan: Plan) -> str:
    """The report, in Markdown."""
    recipe = plan.recipe()
    steps: dict[str, Step] = {CHOSEN: make_step(make_model(recipe))}
    steps |= {name: make(recipe) for name, make in CHANGES.items()}
    seconds = interleave(steps, rounds=plan.rounds, times=max(1, plan.steps // 3), clock=plan.clock)
    rows = [Row(name, ratios(values, seconds[CHOSEN])) for name, values in seconds.items() if name != CHOSEN]
    return report("A step with one choice undone, in steps as they are", rows)


def contiguous(recipe: Recipe) -> Step:
    """Images and weights channel by channel."""
    model = make_model(recipe)
    for network in (model.G, model.D):
        network.to(memory_format=torch.contiguous_format)
    return make_step(model)


def default_adam(recipe: Recipe) -> Step:
    """Adam as PyTorch gives it, one parameter after the other."""
    model = make_model(recipe)
    for name in ("D_optimizer", "G_optimizer"):
        group = getattr(model, name).param_groups[0]
        setattr(model, name, torch.optim.Adam(group["params"], lr=group["lr"], betas=group["betas"]))
    return make_step(model)


def plain_products(recipe: Recipe) -> Step:
    """`nn.Linear` in place of the house's."""
    model = make_model(recipe)
    for network in (model.G, model.D):
        for parent in network.modules():
            for name, child in parent.named_children():
                if isinstance(child, Linear):
                    plain = nn.Linear(child.in_features, child.out_features, bias=False, device="meta")
                    plain.weight, plain.bias = child.weight, child.bias
                    setattr(parent, name, plain)
    return make_step(model)


class SecondFake(InfoGAN):
    """Draws a fake for D and another for G."""

    def update(self, real: Tensor, latents: Latents, backward: Callable[[Tensor], object]) -> Losses:
        """The step, and the generator once more."""
        self.G(self.latents.pack(latents)).detach()
        return super().update(real, latents, backward)


def second_fake(recipe: Recipe) -> Step:
    """A fake each for D and G."""
    return make_step(make_model(recipe, SecondFake))


def unfrozen(recipe: Recipe) -> Step:
    """D's weights collect gradients in G's update."""
    step = make_step(make_model(recipe))

    def run() -> object:
        with patch("disentangle_bench.models.infogan.frozen", nullcontext):
            return step()

    return run


def mixed(recipe: Recipe) -> Step:
    """Products and convolutions in bfloat16, as `--precision bf16-mixed` has them."""
    step = make_step(make_model(recipe))

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
    "bf16-mixed in place of 32 (an option, --precision)": mixed,
}
