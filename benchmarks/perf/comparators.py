"""A step of every comparator beside a plain PyTorch loop of the same networks, on 64x64 images."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from benchmarks.perf.plain_gans import PlainGAN, PlainInfoGANCR, PlainInfoWGANGP, PlainTCGAN
from benchmarks.perf.plain_vaes import REGULARIZERS, Step, ada_gvae, dc_ign, factor_vae, qlae, vae
from benchmarks.perf.timing import Row, ratios, report
from benchmarks.perf.training import Plan
from benchmarks.perf.work import make_step, ready
from disentangle_bench.models import make_model
from disentangle_bench.models.gan import GANWithCodes
from disentangle_bench.models.model import Model
from disentangle_bench.models.recipes import find_recipe

SHAPE, FACTORS = (1, 64, 64), 5
VAES: dict[str, Callable[[Model, Tensor], Step]] = {
    **{name: partial(vae, regularizer=regularizer) for name, regularizer in REGULARIZERS.items()},
    **{"factor-vae": factor_vae, "qlae": qlae, "ada-gvae": ada_gvae, "dc-ign": dc_ign},
}
GANS: dict[str, type[PlainGAN]] = {
    "infogan-cr": PlainInfoGANCR,
    "tc-gan": PlainTCGAN,
    "infowgan-gp": PlainInfoWGANGP,
}
LEAST_SPEED_UP = 1.0


class SamePairs:
    """Pairs and groups of one batch, for the models that are trained on such."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def at(self, seed: int, k: int | None) -> tuple[Tensor, Tensor]:
        """The batch and its reverse."""
        return self.images, self.images.flip(0)

    def group(self, seed: int) -> tuple[Tensor, int, int]:
        """The batch, as if the first of five factors varied."""
        return self.images, 0, FACTORS


def measure(plan: Plan) -> str:
    """The report, in Markdown: each pair of contenders by itself."""
    return report(f"Comparators, {' x '.join(map(str, SHAPE))}, float32", [row(name, plan) for name in (*VAES, *GANS)])


def row(name: str, plan: Plan) -> Row:
    """How many steps of ours a step of the plain loop takes."""
    settings = {"networks.width": plan.width, "batch_size": 64}
    settings |= {"model.contrastive_from": 0} if name == "infogan-cr" else {}
    recipe = find_recipe(name, "sprites").with_settings(settings)
    images = torch.rand(recipe.batch_size, *SHAPE)
    model = ready(make_model(recipe, SHAPE))
    other = plain_step(name, make_model(recipe, SHAPE), images)
    ours = make_step(model, shape=SHAPE, pairs=SamePairs(images))
    seconds = plan.interleave({"ours": ours, "plain": other}, times=max(plan.steps // 5, 1))
    speed_up = ratios(seconds["plain"], seconds["ours"])
    return Row(f"a step of a plain loop, {name}, in steps of ours", speed_up, target=f"at least {LEAST_SPEED_UP:g}")


def plain_step(name: str, model: Model, images: Tensor) -> Step:
    """A step of the plain loop of a comparator."""
    if name in VAES:
        return VAES[name](model, images)
    assert isinstance(model, GANWithCodes)
    return GANS[name](model, images).step
