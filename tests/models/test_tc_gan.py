"""TC-GAN: what each player minimizes, against NumPy in double precision."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import log_softmax, softmax
from torch import Tensor, nn

from disentangle_bench.models import make_model
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.models.tc_gan import TCGAN
from tests.models.updates import BATCH, SHAPE, Updates, draw, latents_of, real_images

LAMBDAS = (0.7, 0.2, 1.3)
WEIGHTED = {f"latents.codes.{place}.weight": value for place, value in enumerate(LAMBDAS)}


SMALL = {"networks.width": 0.1, "latents.noise": 4, "networks.norm": "batch"}


def make(**settings: object) -> TCGAN:
    model = make_model(find_recipe("tc-gan-digits").with_settings(SMALL | settings), SHAPE)
    assert isinstance(model, TCGAN)
    with torch.no_grad():  # fresh weights read all images alike, on which no term would show
        model.networks["D"].q_head[-1].weight *= 100
    return model


class Seen:
    """One update, with the losses handed to backward and the networks as each player's step found them."""

    def __init__(self, model: TCGAN) -> None:
        self.losses: list[float] = []
        self.networks: list[dict[str, nn.Module]] = []
        self.model = model
        updates = Updates(model, self.backward)
        for optimizer in updates.optimizers.values():
            optimizer.register_step_pre_hook(lambda *_: self.networks.append(deepcopy(model.networks)))
        self.means = updates()

    def backward(self, loss: Tensor) -> None:
        self.losses.append(loss.item())
        loss.backward()

    @torch.no_grad()
    def read(self, moment: int) -> tuple[np.ndarray, np.ndarray]:
        """D's logits and Q's outputs of fakes, as the networks were at a step."""
        networks = self.networks[moment]
        fake = self.networks[0]["G"].train()(self.model.latents.pack(latents_of(self.model)))
        logits, q = networks["D"].train()(fake)
        return logits.double().numpy(), q.double().numpy()

    def information(self, q: np.ndarray) -> float:
        c1, c2, c3 = (values.numpy() for values in latents_of(self.model).codes)
        likelihoods = (
            log_softmax(q[:, :10], axis=1)[np.arange(BATCH), c1],
            stats.norm(q[:, 10], np.exp(q[:, 11])).logpdf(c2),
            stats.norm(q[:, 12], np.exp(q[:, 13])).logpdf(c3),
        )
        entropies = np.log([10, 2, 2])
        return float(np.dot(LAMBDAS, [value.mean() + h for value, h in zip(likelihoods, entropies, strict=True)]))

    @torch.no_grad()
    def judged(self, readings: np.ndarray) -> np.ndarray:
        """The logits of readings by TC, which moves last."""
        return np.asarray(self.networks[0]["TC"](torch.from_numpy(readings).float()).double().numpy())


def readings_of(q: np.ndarray) -> np.ndarray:
    return np.concatenate([softmax(q[:, :10], axis=1), q[:, 10:11], q[:, 12:13]], axis=1)


def test_each_player_minimizes_its_own() -> None:
    seen = Seen(make(**WEIGHTED, **{"model.gamma": 2.0}))
    fake_logits, q = seen.read(0)
    with torch.no_grad():
        real_logits = seen.networks[0]["D"].train()(real_images())[0].double().numpy()
    judged = seen.judged(readings_of(q))
    total_correlation = (judged[:, 0] - judged[:, 1]).mean()
    D_loss = -stats.logistic.logcdf(real_logits).mean() - stats.logistic.logsf(fake_logits).mean()
    assert seen.means["total_correlation"].item() == pytest.approx(total_correlation, rel=1e-3)
    assert seen.losses[0] == pytest.approx(D_loss - seen.information(q) + 2 * total_correlation, rel=1e-4)

    fake_logits, q = seen.read(1)  # after D's step
    readings = readings_of(q)
    judged = seen.judged(readings)
    G_loss = -stats.logistic.logcdf(fake_logits).mean() + 2 * (judged[:, 0] - judged[:, 1]).mean()
    assert seen.losses[1] == pytest.approx(G_loss - seen.information(q), rel=1e-4)

    orders = draw(seen.model).normal(3).double().numpy().argsort(axis=0)
    blocks = (readings[:, :10], readings[:, 10:11], readings[:, 11:])
    permuted = np.concatenate([block[order] for block, order in zip(blocks, orders.T, strict=True)], axis=1)
    asked = [log_softmax(seen.judged(rows), axis=1)[:, place] for place, rows in enumerate((readings, permuted))]
    assert seen.losses[2] == pytest.approx(-np.mean(asked), rel=1e-4)
    assert abs(seen.losses[2] - np.log(2)) > 1e-4


def test_without_its_weight_it_is_infogan() -> None:
    seen = Seen(make(**{"model.gamma": 0.0}))
    plain = make_model(find_recipe("infogan-modified-digits").with_settings(SMALL), SHAPE)
    plain.load(make().state())
    Updates(plain)()
    for name in ("G", "D"):
        expected = plain.networks[name].state_dict()
        for key, value in seen.model.networks[name].state_dict().items():
            torch.testing.assert_close(value, expected[key], msg=f"{name}.{key}")


def test_g_and_q_learn_from_the_total_correlation() -> None:
    """Where no code has a weight, Q moves by it alone, and G by it too."""
    nothing: dict[str, object] = {f"latents.codes.{place}.weight": 0.0 for place in range(3)}
    without, by_it = (Seen(make(**nothing, **{"model.gamma": gamma})).model.networks for gamma in (0.0, 1.0))
    before = make().networks["D"].q_head[-1].weight
    assert torch.equal(without["D"].q_head[-1].weight, before)
    assert not torch.equal(by_it["D"].q_head[-1].weight, before)
    assert torch.equal(by_it["D"].head.weight, without["D"].head.weight)
    assert not torch.equal(by_it["G"][0].weight, without["G"][0].weight)
