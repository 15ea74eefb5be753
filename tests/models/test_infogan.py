"""The update step against the equations in double precision: which loss, with which weights, teaches which network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import log_softmax
from torch import Tensor, nn

from disentangle_bench.errors import UnknownNameError
from disentangle_bench.latents import Latents
from disentangle_bench.models import MODELS
from disentangle_bench.models.infogan import InfoGAN, Losses, frozen
from disentangle_bench.models.networks.layers import Discriminator
from disentangle_bench.models.networks.mnist import TwoHalvings
from disentangle_bench.models.recipes import find_recipe

SHAPE = (1, 8, 8)
BATCH = 16
State = dict[str, Tensor]


def make(name: str = "infogan", seed: int = 0, **settings: object) -> InfoGAN:
    recipe = find_recipe("infogan-digits").with_settings({"networks.width": 0.1, "latents.noise": 4, **settings})
    model = MODELS.get(name)(recipe, SHAPE, seed)
    model.D_optimizer, model.G_optimizer = model.optimizers()
    return model


def real_images(step: int = 0) -> Tensor:
    return torch.rand(BATCH, *SHAPE, generator=torch.Generator().manual_seed(100 + step))


def latents_of(model: InfoGAN, step: int = 0) -> Latents:
    return model.latents.sample(BATCH, torch.Generator().manual_seed(200 + step))


def update(model: InfoGAN, step: int = 0) -> Losses:
    return model.update(real_images(step), latents_of(model, step), lambda loss: loss.backward())


def weights(network: nn.Module) -> State:
    return {name: value.detach().clone() for name, value in network.named_parameters()}


def gradients(network: nn.Module) -> State:
    """What gradients there are."""
    return {name: value.grad.clone() for name, value in network.named_parameters() if value.grad is not None}


def assert_same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> None:
    """Bit for bit."""
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


@dataclass
class Spy:
    """Sees the networks at each optimiser's step of an update, and the losses handed to backward."""

    model: InfoGAN
    totals: list[float] = field(default_factory=list)
    seen: dict[str, dict[str, State]] = field(default_factory=dict)
    D_after_its_step: nn.Module | None = None

    def __post_init__(self) -> None:
        self.model.D_optimizer.register_step_pre_hook(lambda *_: self._look("before D's step"))
        self.model.D_optimizer.register_step_post_hook(lambda *_: self._look("after D's step"))
        self.model.G_optimizer.register_step_pre_hook(lambda *_: self._look("before G's step"))

    def _look(self, moment: str) -> None:
        networks = {"G": self.model.G, "D": self.model.critic}
        self.seen[moment] = {
            **{f"{name} weights": weights(network) for name, network in networks.items()},
            **{f"{name} gradients": gradients(network) for name, network in networks.items()},
        }
        if moment == "after D's step":
            self.D_after_its_step = deepcopy(self.model.critic)

    def backward(self, loss: Tensor) -> None:
        self.totals.append(loss.item())
        loss.backward()


def reference_losses(
    model: InfoGAN, D: nn.Module, fake: Tensor, real: Tensor, latents: Latents
) -> tuple[float, float, list[float]]:
    """D's loss, G's non-saturating loss and each `L_I`, from the networks' outputs by NumPy and SciPy."""
    with torch.no_grad():
        real_logits = D(real)[0].double().numpy()
        fake_logits, parameters = (output.double().numpy() for output in D(fake))
    D_loss = -np.log(stats.logistic.cdf(real_logits)).mean() - np.log(stats.logistic.sf(fake_logits)).mean()
    G_loss = -np.log(stats.logistic.cdf(fake_logits)).mean()
    rows = np.arange(BATCH)
    c1, c2, c3 = (values.numpy() for values in latents.codes)
    likelihoods = [
        log_softmax(parameters[:, :10], axis=1)[rows, c1],
        stats.norm(parameters[:, 10], np.exp(parameters[:, 11])).logpdf(c2),
        stats.norm(parameters[:, 12], np.exp(parameters[:, 13])).logpdf(c3),
    ]
    entropies = [np.log(10), np.log(2), np.log(2)]
    return D_loss, G_loss, [value.mean() + h for value, h in zip(likelihoods, entropies, strict=True)]


class TestLosses:
    """Equation 6: D and Q minimise -V - sum of lambda L_I, G minimises its loss - sum of lambda L_I."""

    LAMBDAS = (0.7, 0.2, 1.3)
    WEIGHTED = {f"latents.codes.{place}.weight": value for place, value in enumerate(LAMBDAS)}  # noqa: RUF012

    def test_of_d_and_q(self) -> None:
        model = make(**self.WEIGHTED)
        before = deepcopy(model)
        spy = Spy(model)
        losses = model.update(real_images(), latents_of(model), spy.backward)
        with torch.no_grad():
            fake = before.G(before.latents.pack(latents_of(model)))
        D_loss, _, information = reference_losses(model, before.critic, fake, real_images(), latents_of(model))
        assert losses.discriminator.item() == pytest.approx(D_loss, rel=1e-5)
        assert losses.information.tolist() == pytest.approx(information, abs=1e-5)
        assert spy.totals[0] == pytest.approx(D_loss - np.dot(self.LAMBDAS, information), abs=1e-5)

    @pytest.mark.parametrize("game", ["nsgan", "minimax"])
    def test_of_g(self, game: str) -> None:
        model = make(**{"model.game": game}, **self.WEIGHTED)
        generator = deepcopy(model.G)
        spy = Spy(model)
        losses = model.update(real_images(), latents_of(model), spy.backward)
        assert spy.D_after_its_step is not None
        with torch.no_grad():
            fake = generator(model.latents.pack(latents_of(model)))
            fake_logits = spy.D_after_its_step(fake)[0].double().numpy()
        _, G_loss, information = reference_losses(model, spy.D_after_its_step, fake, real_images(), latents_of(model))
        if game == "minimax":
            G_loss = np.log(stats.logistic.sf(fake_logits)).mean()
        assert losses.generator.item() == pytest.approx(G_loss, rel=1e-5)
        assert spy.totals[1] == pytest.approx(G_loss - np.dot(self.LAMBDAS, information), abs=1e-5)

    def test_the_baselines_g_sees_no_information(self) -> None:
        model = make("gan-with-q", **self.WEIGHTED)
        spy = Spy(model)
        losses = model.update(real_images(), latents_of(model), spy.backward)
        assert spy.totals[0] == pytest.approx(
            losses.discriminator.item() - np.dot(self.LAMBDAS, losses.information.tolist()), abs=1e-5
        )
        assert spy.totals[1] == losses.generator.item()

    def test_what_is_reported_holds_no_graph(self) -> None:
        losses = update(make())
        for value in (losses.discriminator, losses.generator, losses.information, losses.parameters):
            assert not value.requires_grad
        assert losses.parameters.shape == (BATCH, 14)
        assert losses.information.shape == (3,)

    def test_each_lambda_weighs_its_code_alone(self) -> None:
        """Q's gradient is linear in the lambdas: that of (a, b, c) is the sum of a, b, c times the single ones."""

        def gradient_on_q(*lambdas: float) -> Tensor:
            codes = {f"latents.codes.{place}.weight": value for place, value in enumerate(lambdas)}
            model = make(**codes)
            spy = Spy(model)
            update(model)
            there = spy.seen["before D's step"]["D gradients"]
            return torch.cat([value.flatten() for name, value in there.items() if name.startswith("recogniser")])

        single = [gradient_on_q(*row) for row in np.eye(3).tolist()]
        expected = sum(weight * gradient for weight, gradient in zip(self.LAMBDAS, single, strict=True))
        assert all(gradient.abs().max() > 1e-4 for gradient in single)
        torch.testing.assert_close(gradient_on_q(*self.LAMBDAS), expected, rtol=1e-3, atol=1e-6)
        assert not gradient_on_q(0, 0, 0).any()


@pytest.mark.parametrize("name", sorted(MODELS))
class TestWhoGetsWhichGradient:
    def test_gs_part_moves_nothing_of_d_and_q_and_leaves_no_gradient(self, name: str) -> None:
        model = make(name)
        spy = Spy(model)
        for step in range(3):
            update(model, step)
            after = spy.seen["after D's step"]
            assert_same(weights(model.critic), after["D weights"])
            assert_same(gradients(model.critic), after["D gradients"])
            assert_same(spy.seen["before G's step"]["D gradients"], after["D gradients"])

    def test_ds_part_moves_nothing_of_g_and_leaves_no_gradient(self, name: str) -> None:
        model = make(name)
        spy = Spy(model)
        for step in range(3):
            before, left = weights(model.G), gradients(model.G)
            update(model, step)
            assert_same(spy.seen["after D's step"]["G weights"], before)
            assert_same(spy.seen["after D's step"]["G gradients"], left)

    def test_every_parameter_of_each_learns(self, name: str) -> None:
        model = make(name)
        before = {"G": weights(model.G), "D": weights(model.critic)}
        update(model)
        for part, network in {"G": model.G, "D": model.critic}.items():
            for key, value in weights(network).items():
                assert not torch.equal(value, before[part][key]), f"{part}.{key}"

    def test_gradients_do_not_add_up_over_steps(self, name: str) -> None:
        """Each network's gradient at its step is that of this step's losses alone."""
        model = make(name)
        update(model, 0)
        twin = deepcopy(model)
        twin.D_optimizer, twin.G_optimizer = twin.optimizers()
        twin.critic.zero_grad()
        twin.G.zero_grad()
        first, second = Spy(model), Spy(twin)
        update(model, 1)
        update(twin, 1)
        assert_same(first.seen["before D's step"]["D gradients"], second.seen["before D's step"]["D gradients"])


class TestFrozen:
    def test_gradients_pass_through_and_leave_none(self) -> None:
        network, inputs = nn.Linear(3, 1), torch.ones(2, 3, requires_grad=True)
        with frozen(network):
            network(inputs).sum().backward()
        assert inputs.grad is not None
        assert inputs.grad.any()
        assert network.weight.grad is None
        assert network.bias.grad is None

    def test_restores_what_learnt_even_after_an_exception(self) -> None:
        network = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
        network[0].requires_grad_(False)

        def fail() -> None:
            with frozen(network):
                assert not any(parameter.requires_grad for parameter in network.parameters())
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert [parameter.requires_grad for parameter in network.parameters()] == [False, False, True, True]


class TestBaseline:
    """arXiv:1606.03657, section 7.1: a regular GAN; Q watches and changes nothing."""

    STEPS = 6

    def after(self, model: InfoGAN) -> dict[str, State]:
        for step in range(self.STEPS):
            update(model, step)
        parts = {"G": model.G, "trunk": model.critic.trunk, "head": model.critic.head}
        return {name: dict(network.state_dict()) for name, network in parts.items()}

    def test_is_a_plain_gan_bit_for_bit(self) -> None:
        """Against a loop that knows no Q at all, with two Adams and the two losses written out."""
        model, plain = make("gan-with-q"), make("gan-with-q")
        G, trunk, head = plain.G, plain.D.trunk, plain.D.head
        D_adam = torch.optim.Adam([*trunk.parameters(), *head.parameters()], lr=2e-4, betas=(0.5, 0.999), fused=True)
        G_adam = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999), fused=True)
        bce = nn.functional.binary_cross_entropy_with_logits
        for step in range(self.STEPS):
            fake = G(plain.latents.pack(latents_of(plain, step)))
            D_adam.zero_grad()
            real_logits, fake_logits = head(trunk(real_images(step))), head(trunk(fake.detach()))
            loss = nn.functional.softplus(-real_logits).mean() + nn.functional.softplus(fake_logits).mean()
            loss.backward()
            D_adam.step()
            G_adam.zero_grad()
            logits = head(trunk(fake))
            G_loss = nn.functional.softplus(-logits).mean()
            torch.testing.assert_close(G_loss, bce(logits, torch.ones_like(logits)))
            G_loss.backward()
            G_adam.step()
        expected = {"G": G, "trunk": trunk, "head": head}
        for name, state in self.after(model).items():
            assert_same(state, expected[name].state_dict())

    @pytest.mark.parametrize("lambdas", [(0.0, 0.0, 0.0), (5.0, 5.0, 5.0)])
    def test_does_not_depend_on_how_q_learns(self, lambdas: tuple[float, ...]) -> None:
        settings = {f"latents.codes.{place}.weight": value for place, value in enumerate(lambdas)}
        first, second = self.after(make("gan-with-q")), self.after(make("gan-with-q", **settings))
        for name in first:
            assert_same(first[name], second[name])

    def test_does_not_depend_on_what_q_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        first = self.after(make("gan-with-q"))

        def with_linear_q(pair: TwoHalvings, outputs: int, width: float = 1.0) -> Discriminator:
            usual = original(pair, outputs, width)
            return Discriminator(usual.trunk, usual.head, nn.Linear(usual.head.in_features, outputs))

        original: Callable[..., Discriminator] = TwoHalvings.discriminator
        monkeypatch.setattr(TwoHalvings, "discriminator", with_linear_q)
        second = self.after(make("gan-with-q"))
        for name in first:
            assert_same(first[name], second[name])

    def test_in_infogan_it_does(self) -> None:
        first, second = self.after(make()), self.after(make(**{"latents.codes.0.weight": 5.0}))
        assert not torch.equal(first["G"]["0.weight"], second["G"]["0.weight"])
        assert not torch.equal(first["trunk"]["0.weight"], second["trunk"]["0.weight"])

    def test_q_learns(self) -> None:
        """From a G that is kept as it is and has no noise, Q comes to read the codes, through detached features."""
        fast = {"latents.noise": 0, "optimizer.G.lr": 1e-12, "optimizer.D.lr": 0.01}
        model = make("gan-with-q", **fast)
        information = [update(model, step).information[0].item() for step in range(150)]
        assert np.mean(information[:20]) == pytest.approx(0, abs=0.05)
        assert np.mean(information[-20:]) > 0.25


class TestOptimizers:
    def test_are_adam_with_the_papers_rates(self) -> None:
        D_optimizer, G_optimizer = MODELS.get("infogan")(find_recipe("infogan"), (1, 28, 28)).optimizers()
        for optimizer, rate in ((D_optimizer, 2e-4), (G_optimizer, 1e-3)):
            assert isinstance(optimizer, torch.optim.Adam)
            (group,) = optimizer.param_groups
            assert group["lr"] == rate
            assert group["betas"] == (0.5, 0.999)
            assert group["weight_decay"] == 0
            assert not group["amsgrad"]

    def test_d_and_q_share_one(self) -> None:
        model = make()
        D_optimizer, G_optimizer = model.optimizers()
        assert {id(p) for p in D_optimizer.param_groups[0]["params"]} == {id(p) for p in model.critic.parameters()}
        assert {id(p) for p in G_optimizer.param_groups[0]["params"]} == {id(p) for p in model.G.parameters()}


def test_the_generators_input_is_as_wide_as_noise_and_codes() -> None:
    model = MODELS.get("infogan")(find_recipe("infogan"), (1, 28, 28))
    assert model.G[0].in_features == 62 + 10 + 1 + 1
    assert model.D.recogniser[-1].out_features == 10 + 2 + 2


def test_a_fixed_sigma_takes_an_output_from_q() -> None:
    model = make(**{"latents.codes.1.sigma": 0.5})
    assert model.D.recogniser[-1].out_features == 10 + 1 + 2
    assert update(model).information.isfinite().all()


@pytest.mark.parametrize("codes", [[{"kind": "gaussian"}], [{"kind": "categorical", "k": 2}] * 3])
def test_other_codes_train_too(codes: list[dict[str, object]]) -> None:
    losses = update(make(**{"latents.codes": codes}))
    assert losses.information.shape == (len(codes),)
    assert losses.information.isfinite().all()


def test_an_unknown_model_is_named_with_a_guess() -> None:
    with pytest.raises(UnknownNameError, match=r"no model named 'infogann'.*\n.*'infogan'"):
        MODELS.get("infogann")
