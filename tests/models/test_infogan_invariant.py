"""The update of InfoGAN with invariant categories: what each player minimizes, against the equations in NumPy."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import log_softmax, softmax
from scipy.stats import entropy
from torch import Tensor, nn

from disentangle_bench.errors import SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.gan import GANWithCodes
from disentangle_bench.models.infogan_invariant import InfoGANInvariant
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.models.warps import Warp
from tests.models.updates import SHAPE, Updates, draw, latents_of

LAMBDAS = (0.7, 0.2, 1.3)
WEIGHTED = {f"latents.codes.{place}.weight": value for place, value in enumerate(LAMBDAS)}
LATE = 10_000
"""A step at which mu has its full value."""
STILL = {"rotation": 0.0, "scale": [1.0, 1.0], "shear": 0.0, "shift": 0.0, "gamma": [1.0, 1.0]}


def make(name: str = "infogan-invariant", **settings: object) -> GANWithCodes:
    small = {"networks.width": 0.1, "latents.noise": 4}
    model = make_model(find_recipe(f"{name}-digits").with_settings(small | settings), SHAPE)
    assert isinstance(model, GANWithCodes)
    with torch.no_grad():  # fresh weights read all images alike, on which no term of c1 would show
        model.networks["D"].q_head[-1].weight[: model.latents.parameters[0]] *= 500
    return model


class Seen:
    """One update, with the losses handed to backward and the networks as each player's step found them."""

    def __init__(self, model: GANWithCodes, step: int = LATE) -> None:
        self.totals: list[float] = []
        self.D: list[nn.Module] = []
        self.G = deepcopy(model.networks["G"])
        self.model, self.step = model, step
        self.D.append(deepcopy(model.networks["D"]))
        updates = Updates(model, self.backward)
        updates.optimizers["D"].register_step_post_hook(lambda *_: self.D.append(deepcopy(model.networks["D"])))
        self.means = updates(step)

    def backward(self, loss: Tensor) -> None:
        self.totals.append(loss.item())
        loss.backward()

    def read(self, D: nn.Module) -> dict[str, np.ndarray]:
        """D's logits of real and generated images, and Q's outputs for them and their warped copies, each a batch."""
        model, drawn = self.model, draw(self.model, self.step)
        assert isinstance(model, InfoGANInvariant)
        outputs: dict[str, np.ndarray] = {}
        with torch.no_grad():
            fake = self.G(model.latents.pack(latents_of(model, self.step)))
            x = drawn.real()
            near = drawn.near() if model.neighbors else x
            for kind, images, others in (("real", x, near), ("fake", fake, fake)):
                (logits, q), (_, Tq) = D(images), D(model.warp(others, drawn.uniform(Warp.numbers)))
                outputs |= {kind: logits.double().numpy()}
                outputs |= {f"{kind} q": q.double().numpy(), f"{kind} Tq": Tq.double().numpy()}
        return outputs

    def bounds(self, outputs: dict[str, np.ndarray]) -> list[float]:
        """c1 from warped images, c2 and c3 from plain ones."""
        c1, c2, c3 = (values.numpy() for values in latents_of(self.model, self.step).codes)
        q, Tq = outputs["fake q"], outputs["fake Tq"]
        likelihoods = (
            log_softmax(Tq[:, :10], axis=1)[np.arange(len(c1)), c1],
            stats.norm(q[:, 10], np.exp(q[:, 11])).logpdf(c2),
            stats.norm(q[:, 12], np.exp(q[:, 13])).logpdf(c3),
        )
        return [value.mean() + h for value, h in zip(likelihoods, np.log([10, 2, 2]), strict=True)]


def agreement(outputs: dict[str, np.ndarray]) -> float:
    p, q = (softmax(outputs[name][:, :10], axis=1) for name in ("real q", "real Tq"))
    joint = (p.T @ q + q.T @ p) / (2 * len(p))
    return float(2 * entropy(joint.sum(axis=0)) - entropy(joint.ravel()))


class TestLosses:
    @pytest.mark.parametrize("neighbors", [0, 5])
    def test_of_d_and_q(self, neighbors: int) -> None:
        seen = Seen(make(**WEIGHTED, **{"model.agreement": 3.0, "model.neighbors": neighbors}))
        outputs = seen.read(seen.D[0])
        D_loss = -stats.logistic.logcdf(outputs["real"]).mean() - stats.logistic.logsf(outputs["fake"]).mean()
        L_I, I_real = seen.bounds(outputs), agreement(outputs)
        assert seen.means["discriminator_loss"].item() == pytest.approx(D_loss, rel=1e-5)
        assert [seen.means[f"L_I/c{place}"].item() for place in (1, 2, 3)] == pytest.approx(L_I, abs=1e-5)
        assert seen.means["agreement/c1"].item() == pytest.approx(I_real, abs=1e-5)
        assert seen.totals[0] == pytest.approx(D_loss - np.dot(LAMBDAS, L_I) - 3 * I_real, rel=1e-5)
        assert I_real > 0.1

    def test_of_g_is_without_agreement(self) -> None:
        seen = Seen(make(**WEIGHTED))
        outputs = seen.read(seen.D[1])
        G_loss = -stats.logistic.logcdf(outputs["fake"]).mean()
        assert seen.means["generator_loss"].item() == pytest.approx(G_loss, rel=1e-5)
        assert seen.totals[1] == pytest.approx(G_loss - np.dot(LAMBDAS, seen.bounds(outputs)), rel=1e-5)

    @pytest.mark.parametrize(
        ("step", "share"), [(1, 0), (300, 0), (301, 1 / 500), (550, 0.5), (800, 1), (801, 1), (LATE, 1)]
    )
    def test_the_weight_of_agreement_rises_from_its_step_on(self, step: int, share: float) -> None:
        seen, without = Seen(make(), step), Seen(make(**{"model.agreement": 0.0}), step)
        expected = share * seen.means["agreement/c1"].item()
        assert without.totals[0] - seen.totals[0] == pytest.approx(expected, abs=1e-5)

    def test_the_weight_may_be_there_at_once(self) -> None:
        at_once: dict[str, Any] = {"model.agreement_from": 0, "model.agreement_within": 0}
        seen, without = Seen(make(**at_once), 1), Seen(make(), 1)
        assert without.totals[0] - seen.totals[0] == pytest.approx(seen.means["agreement/c1"].item(), abs=1e-5)


class TestSplit:
    """Looks at steps 800, 1050 and 1300 of 2,800: mu is full from 800 on, and half of the steps are done at 1,400."""

    CROWDED = (0.02, *[0.1] * 7, 0.18, 0.1)
    EVERY: ClassVar = {"model.split_every": 250, "steps": 2800}

    def after(self, step: int, mass: tuple[float, ...] = CROWDED) -> InfoGANInvariant:
        model = make(**self.EVERY)
        assert isinstance(model, InfoGANInvariant)
        model.kept["mass"] = {"c1": torch.tensor(mass)}
        Updates(model)(step)
        return model

    def is_copied(self, model: InfoGANInvariant) -> bool:
        columns, rows = model.networks["G"][0].weight[:, 4:14], model.networks["D"].q_head[-1].weight[:10]
        same = [torch.equal(columns[:, 0], columns[:, 8]), torch.equal(rows[0], rows[8])]
        assert len(set(same)) == 1
        return same[0]

    @pytest.mark.parametrize("step", [800, 1050, 1300])
    def test_the_lightest_becomes_a_copy_of_the_heaviest(self, step: int) -> None:
        assert self.is_copied(self.after(step))

    @pytest.mark.parametrize("step", [550, 799, 801, 1550, 2800])
    def test_not_at_other_steps(self, step: int) -> None:
        assert not self.is_copied(self.after(step))

    def test_not_where_the_shares_are_alike(self) -> None:
        assert not self.is_copied(self.after(800, (0.08, *[0.1] * 7, 0.12, 0.1)))

    def test_the_shares_follow_what_q_reads(self) -> None:
        model = make(**self.EVERY)
        model.kept["mass"] = {"c1": torch.full((10,), 0.1)}
        seen = Seen(model, 2000)
        read = softmax(seen.read(seen.D[0])["real q"][:, :10], axis=1).mean(axis=0)
        expected = 0.98 * 0.1 + 0.02 * read
        np.testing.assert_allclose(model.kept["mass"]["c1"], expected, rtol=1e-5)

    def test_they_are_those_of_all_processes(self) -> None:
        model = make(**self.EVERY)
        updates = Updates(model)
        updates.play.mean = lambda values: torch.full_like(values, 0.25)
        updates(1)
        assert model.kept["mass"]["c1"].tolist() == [0.25] * 10

    def test_a_trained_model_has_none(self) -> None:
        model = self.after(800)
        model.finish((torch.rand(64, *SHAPE) * 255).byte(), seed=0)
        assert not any(name.startswith("mass.") for name in model.state())


def test_without_warp_and_agreement_it_is_infogan() -> None:
    """The same losses and gradients; c1 is read from copies that are the images."""
    still = {f"model.{name}": value for name, value in STILL.items()} | {"model.agreement": 0.0}
    seen, plain = Seen(make(**still)), Seen(make("infogan", **{"latents.balanced": True}))
    assert seen.totals == pytest.approx(plain.totals, rel=1e-4)
    for network in ("G", "D"):
        weights, expected = (dict(one.model.networks[network].named_parameters()) for one in (seen, plain))
        for name, value in weights.items():
            torch.testing.assert_close(value.grad, expected[name].grad, atol=1e-4, rtol=1e-2, msg=name)


def test_g_learns_through_the_warp() -> None:
    """Where c1 alone counts, which Q reads from warped images alone, G still has a gradient."""
    model = make(**{"latents.codes.1.weight": 0.0, "latents.codes.2.weight": 0.0, "latents.codes.0.weight": 1e4})
    Seen(model)
    assert all(weight.grad is not None and weight.grad.any() for weight in model.networks["G"].parameters())


def test_instance_noise_is_on_all_that_d_sees() -> None:
    """Each of four kinds of images has its own, and warps move none of it."""
    seen: list[Tensor] = []
    model = make(**{"model.instance_noise": 0.5}, **{f"model.{name}": value for name, value in STILL.items()})
    model.networks["D"].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    Updates(model)()
    assert torch.equal(torch.stack(seen[2:4]), torch.stack(seen[4:]))  # G plays on what D has seen
    for plain, warped in (seen[:2], seen[2:4]):
        assert float((plain - warped).std()) == pytest.approx(0.5 * 2**0.5, rel=0.1)
        assert float((plain[0] - warped[0]).std()) == pytest.approx(0.5 * 2**0.5, rel=0.4)


def test_a_trained_g_has_the_average_of_its_weights() -> None:
    model = make(**{"model.ema_G": 0.9})
    updates = Updates(model)
    seen = [updates(step) and deepcopy(model.networks["G"][0].weight.detach()) for step in (1, 2)]
    model.finish((torch.rand(64, *SHAPE) * 255).byte(), seed=0)
    share = 3 / 12  # at the second step (1 + 2) / (10 + 2), which is less than 0.9
    torch.testing.assert_close(model.networks["G"][0].weight, share * seen[0] + (1 - share) * seen[1])


def test_each_image_is_warped_anew() -> None:
    drawn = draw(make())
    first, second = drawn.uniform(Warp.numbers), drawn.uniform(Warp.numbers)
    assert len({tuple(row) for row in torch.cat([first, second]).tolist()}) == len(first) + len(second)
    assert not torch.equal(first, draw(make(), step=2).uniform(Warp.numbers))


def test_the_agreement_has_the_entropy_as_its_bound() -> None:
    means = {mean.key: mean for mean in make().means}
    assert means["agreement/c1"].bound == pytest.approx(np.log(10))
    assert "agreement/c2" not in means


def test_every_categorical_code_agrees_with_itself() -> None:
    model = make(**{"latents.codes": [{"kind": "uniform"}, *[{"kind": "categorical", "k": 3}] * 2]})
    means = Seen(model).means
    assert {key for key in means if key.startswith("agreement/")} == {"agreement/c2", "agreement/c3"}
    assert all(value.isfinite() for value in means.values())


def test_a_recipe_without_a_categorical_code_is_refused() -> None:
    with pytest.raises(SettingError, match=r"needs a categorical code.*\n?.*Train the model infogan"):
        make(**{"latents.codes": [{"kind": "uniform"}]})


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("shear", -1.0, "shear = -1.0"),
        ("agreement", -1.0, "agreement = -1.0"),
        ("agreement_from", 0.5, "agreement_from = 0.5"),
        ("scale", [1.2, 0.8], "scale of a warp"),
        ("scale", [1.2], "scale = "),
        ("gamma", 1.0, "gamma = "),
        ("neighbors", -1, "neighbors = -1"),
    ],
)
def test_an_invalid_setting_is_named(key: str, value: object, problem: str) -> None:
    with pytest.raises(SettingError, match=problem):
        make(**{f"model.{key}": value})
