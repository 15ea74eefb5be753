"""DC-IGN: its loss and gradients against NumPy in double precision."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.dc_ign import DCIGN
from disentangle_bench.models.recipes import find_recipe
from tests.models.updates import BATCH, SHAPE, Updates, draw

Array = NDArray[np.float64]
SMALL = {"networks.width": 0.2, "batch_size": BATCH}


def make(**settings: object) -> DCIGN:
    model = make_model(find_recipe("dc-ign", "digits").with_settings({**SMALL, **settings}), SHAPE)
    assert isinstance(model, DCIGN)
    return model


class Pass:
    """What an update sees before it moves anything."""

    @torch.no_grad()
    def __init__(self, model: DCIGN, step: int, clamp: str = "mean") -> None:
        drawn = draw(model, step)
        x, factor, factors = drawn.group()
        self.x = x.double().numpy()
        self.active = np.array([code % factors == factor for code in range(10)])
        raw = model.networks["encoder"](x).double().numpy()
        self.mean, self.log_variance = raw[:, 0::2], 2 * raw[:, 1::2]
        noise = drawn.normal(10).double().numpy()
        c = np.empty_like(self.mean)
        for code in range(10):
            mean, log_variance = self.mean[:, code], self.log_variance[:, code]
            if not self.active[code]:
                mean, log_variance = (
                    values[0] if clamp == "first" else values.mean() for values in (mean, log_variance)
                )
            c[:, code] = mean + np.exp(log_variance / 2) * noise[:, code]
        self.c = torch.from_numpy(c).float()
        self.logits = model.networks["decoder"](self.c).double().numpy()

    def loss(self, weight: float) -> float:
        p = 1 / (1 + np.exp(-self.logits))
        total = float(-(self.x * np.log(p) + (1 - self.x) * np.log(1 - p)).sum())
        for mean, log_variance in zip(self.mean, self.log_variance, strict=True):
            KL = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1)
            total += KL[self.active].sum()
        for values in (self.mean, self.log_variance):
            apart = (values - values.mean(axis=0))[:, ~self.active]
            total += weight / 2 * (apart**2).sum()
        return total / len(self.x)


@pytest.mark.parametrize("clamp", ["mean", "first"])
@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_the_loss(clamp: str, step: int) -> None:
    losses: list[float] = []
    model = make(**{"model.invariance": 3.0, "model.clamp": clamp})
    seen = Pass(model, step, clamp)

    def backward(loss: Tensor) -> None:
        losses.append(loss.item())
        loss.backward()

    Updates(model, backward)(step)
    assert losses == pytest.approx([seen.loss(3.0)], rel=1e-5)
    assert 3 <= seen.active.sum() <= 4


def test_inactive_codes_are_moved_by_the_pull_alone() -> None:
    """The gradient at the head's weights of their means: that of `w / 2 E[(mean - E[mean])^2]`, in closed form."""
    model = make(**{"model.invariance": 3.0})
    seen, head, before = Pass(model, 1), model.networks["encoder"][-1].mean, deepcopy(model.networks["encoder"])
    found: list[Tensor] = []
    updates = Updates(model)
    updates.optimizers["vae"].register_step_pre_hook(lambda *_: found.append(head.weight.grad.clone()))
    updates()
    with torch.no_grad():
        features = before[:-1](draw(model).group()[0]).double().numpy()
    pull = 3 * (seen.mean - seen.mean.mean(axis=0)) / BATCH
    inactive = ~seen.active
    np.testing.assert_allclose(found[0].numpy()[inactive], (pull.T @ features)[inactive], atol=1e-5)
    assert not np.allclose(found[0].numpy()[seen.active], (pull.T @ features)[seen.active], atol=1e-5)


def test_more_factors_than_codes_are_refused() -> None:
    recipe = find_recipe("dc-ign", "digits")
    values = recipe.to_values()
    values["latents"]["codes"] = values["latents"]["codes"][:2]
    values["networks"]["width"] = 0.2
    model = make_model(type(recipe).parse(values), SHAPE)
    with pytest.raises(SettingError, match="2 codes; 3 factors of the training images vary"):
        Updates(model)()
