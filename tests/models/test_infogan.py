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

from disentangle_bench.errors import DbenchError, UnknownNameError
from disentangle_bench.latents import Latents
from disentangle_bench.models import MODELS, make_model
from disentangle_bench.models.gan import GANWithCodes
from disentangle_bench.models.model import Means
from disentangle_bench.models.networks.halving import Halvings
from disentangle_bench.models.networks.layers import Discriminator
from disentangle_bench.models.recipes import find_recipe
from tests.models.updates import BATCH, SHAPE, Updates, latents_of, real_images

State = dict[str, Tensor]
GANS = ("gan-with-q", "infogan")


def make(name: str = "infogan", seed: int = 0, **settings: object) -> GANWithCodes:
    small = {"model.name": name, "networks.width": 0.1, "latents.noise": 4}
    model = make_model(find_recipe("infogan-digits").with_settings(small | settings), SHAPE, seed)
    assert isinstance(model, GANWithCodes)
    return model


def information(means: Means) -> Tensor:
    """`L_I` of each code, `(codes,)`."""
    return torch.stack([value for key, value in means.items() if key.startswith("L_I/")]).detach()


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
    """Sees the networks at each optimizer's step of an update, and the losses handed to backward."""

    model: GANWithCodes
    totals: list[float] = field(default_factory=list)
    seen: dict[str, dict[str, State]] = field(default_factory=dict)
    D_after_its_step: nn.Module | None = None

    def __post_init__(self) -> None:
        self.update = Updates(self.model, self.backward)
        for player, optimizer in self.update.optimizers.items():
            optimizer.register_step_pre_hook(lambda *_, player=player: self._look(f"before {player}'s step"))
            optimizer.register_step_post_hook(lambda *_, player=player: self._look(f"after {player}'s step"))

    def _look(self, moment: str) -> None:
        self.seen[moment] = {}
        for name, network in self.model.networks.items():
            self.seen[moment] |= {f"{name} weights": weights(network), f"{name} gradients": gradients(network)}
        if moment == "after D's step":
            self.D_after_its_step = deepcopy(self.model.networks["D"])

    def backward(self, loss: Tensor) -> None:
        self.totals.append(loss.item())
        loss.backward()


def reference_losses(
    model: GANWithCodes, D: nn.Module, fake: Tensor, real: Tensor, latents: Latents
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
    """Equation 6: D and Q minimize -V - sum of lambda L_I, G minimizes its loss - sum of lambda L_I."""

    LAMBDAS = (0.7, 0.2, 1.3)
    WEIGHTED = {f"latents.codes.{place}.weight": value for place, value in enumerate(LAMBDAS)}  # noqa: RUF012

    def test_of_d_and_q(self) -> None:
        model = make(**self.WEIGHTED)
        before = deepcopy(model.networks)
        spy = Spy(model)
        means = spy.update()
        with torch.no_grad():
            fake = before["G"](model.latents.pack(latents_of(model)))
        D_loss, _, L_I = reference_losses(model, before["D"], fake, real_images(), latents_of(model))
        assert means["discriminator_loss"].item() == pytest.approx(D_loss, rel=1e-5)
        assert information(means).tolist() == pytest.approx(L_I, abs=1e-5)
        assert spy.totals[0] == pytest.approx(D_loss - np.dot(self.LAMBDAS, L_I), abs=1e-5)

    @pytest.mark.parametrize("game", ["nsgan", "minimax"])
    def test_of_g(self, game: str) -> None:
        model = make(**{"model.game": game}, **self.WEIGHTED)
        generator = deepcopy(model.networks["G"])
        spy = Spy(model)
        means = spy.update()
        assert spy.D_after_its_step is not None
        with torch.no_grad():
            fake = generator(model.latents.pack(latents_of(model)))
            fake_logits = spy.D_after_its_step(fake)[0].double().numpy()
        _, G_loss, L_I = reference_losses(model, spy.D_after_its_step, fake, real_images(), latents_of(model))
        if game == "minimax":
            G_loss = np.log(stats.logistic.sf(fake_logits)).mean()
        assert means["generator_loss"].item() == pytest.approx(G_loss, rel=1e-5)
        assert spy.totals[1] == pytest.approx(G_loss - np.dot(self.LAMBDAS, L_I), abs=1e-5)

    def test_the_baselines_g_sees_no_information(self) -> None:
        spy = Spy(make("gan-with-q", **self.WEIGHTED))
        means = spy.update()
        D_total = means["discriminator_loss"].item() - np.dot(self.LAMBDAS, information(means).tolist())
        assert spy.totals[0] == pytest.approx(D_total, abs=1e-5)
        assert spy.totals[1] == means["generator_loss"].item()

    def test_each_lambda_weighs_its_code_alone(self) -> None:
        """Q's gradient is linear in the lambdas: that of (a, b, c) is the sum of a, b, c times the single ones."""

        def gradient_on_q(*lambdas: float) -> Tensor:
            codes = {f"latents.codes.{place}.weight": value for place, value in enumerate(lambdas)}
            spy = Spy(make(**codes))
            spy.update()
            there = spy.seen["before D's step"]["D gradients"]
            return torch.cat([value.flatten() for name, value in there.items() if name.startswith("q_head")])

        single = [gradient_on_q(*row) for row in np.eye(3).tolist()]
        expected = sum(weight * gradient for weight, gradient in zip(self.LAMBDAS, single, strict=True))
        assert all(gradient.abs().max() > 1e-4 for gradient in single)
        torch.testing.assert_close(gradient_on_q(*self.LAMBDAS), expected, rtol=1e-3, atol=1e-6)
        assert not gradient_on_q(0, 0, 0).any()


@pytest.mark.parametrize("name", GANS)
class TestWhoGetsWhichGradient:
    def test_g_moves_nothing_of_d_and_q_and_leaves_no_gradient_on_them(self, name: str) -> None:
        model = make(name)
        spy = Spy(model)
        for step in (1, 2, 3):
            spy.update(step)
            assert_same(weights(model.networks["D"]), spy.seen["after D's step"]["D weights"])
            assert spy.seen["before G's step"]["D gradients"] == {} == gradients(model.networks["D"])

    def test_d_moves_nothing_of_g_and_leaves_no_gradient_on_it(self, name: str) -> None:
        model = make(name)
        spy = Spy(model)
        for step in (1, 2, 3):
            before = weights(model.networks["G"])
            spy.update(step)
            assert_same(spy.seen["after D's step"]["G weights"], before)
            assert spy.seen["after D's step"]["G gradients"] == {}

    def test_every_parameter_of_each_learns(self, name: str) -> None:
        model = make(name)
        before = {part: weights(network) for part, network in model.networks.items()}
        Updates(model)()
        for part, network in model.networks.items():
            for key, value in weights(network).items():
                assert not torch.equal(value, before[part][key]), f"{part}.{key}"

    def test_gradients_do_not_add_up_over_steps(self, name: str) -> None:
        """Each network's gradient at its step is that of this step's losses alone."""
        model = make(name)
        Updates(model)(1)
        twin = deepcopy(model)
        for network in twin.networks.values():
            network.zero_grad()
        first, second = Spy(model), Spy(twin)
        first.update(2)
        second.update(2)
        assert_same(first.seen["before D's step"]["D gradients"], second.seen["before D's step"]["D gradients"])


class TestBaseline:
    """arXiv:1606.03657, section 7.1: a regular GAN; Q watches and changes nothing."""

    STEPS = 6

    def after(self, model: GANWithCodes) -> dict[str, State]:
        update = Updates(model)
        for step in range(self.STEPS):
            update(step)
        G, D = model.networks["G"], model.networks["D"]
        parts = {"G": G, "trunk": D.trunk, "head": D.head}
        return {name: dict(network.state_dict()) for name, network in parts.items()}

    def test_is_a_plain_gan_bit_for_bit(self) -> None:
        """Against a loop that knows no Q at all, with two Adams and the two losses written out."""
        model, plain = make("gan-with-q"), make("gan-with-q")
        G, trunk, head = plain.networks["G"], plain.networks["D"].trunk, plain.networks["D"].head
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

        def with_linear_q(pair: Halvings, outputs: int, width: float = 1.0) -> Discriminator:
            usual = original(pair, outputs, width)
            return Discriminator(usual.trunk, usual.head, nn.Linear(usual.head.in_features, outputs))

        original: Callable[..., Discriminator] = Halvings.discriminator
        monkeypatch.setattr(Halvings, "discriminator", with_linear_q)
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
        update = Updates(make("gan-with-q", **fast))
        L_I = [update(step)["L_I/c1"].item() for step in range(150)]
        assert np.mean(L_I[:20]) == pytest.approx(0, abs=0.05)
        assert np.mean(L_I[-20:]) > 0.25


class TestOptimizers:
    def test_are_adam_with_the_papers_rates(self) -> None:
        optimizers = Updates(make_model(find_recipe("infogan"), (1, 28, 28))).optimizers
        for optimizer, rate in ((optimizers["D"], 2e-4), (optimizers["G"], 1e-3)):
            assert isinstance(optimizer, torch.optim.Adam)
            (group,) = optimizer.param_groups
            assert group["lr"] == rate
            assert group["betas"] == (0.5, 0.999)
            assert group["weight_decay"] == 0
            assert not group["amsgrad"]

    def test_d_and_q_share_one(self) -> None:
        model = make()
        for name, optimizer in Updates(model).optimizers.items():
            trained = {id(weight) for weight in optimizer.param_groups[0]["params"]}
            assert trained == {id(weight) for weight in model.networks[name].parameters()}


def test_the_generators_input_is_as_wide_as_noise_and_codes() -> None:
    networks = make_model(find_recipe("infogan"), (1, 28, 28)).networks
    assert networks["G"][0].in_features == 62 + 10 + 1 + 1
    assert networks["D"].q_head[-1].out_features == 10 + 2 + 2


def test_a_fixed_sigma_takes_an_output_from_q() -> None:
    model = make(**{"latents.codes.1.sigma": 0.5})
    assert model.networks["D"].q_head[-1].out_features == 10 + 1 + 2
    assert information(Updates(model)()).isfinite().all()


@pytest.mark.parametrize("codes", [[{"kind": "gaussian"}], [{"kind": "categorical", "k": 2}] * 3])
def test_other_codes_train_too(codes: list[dict[str, object]]) -> None:
    L_I = information(Updates(make(**{"latents.codes": codes}))())
    assert L_I.shape == (len(codes),)
    assert L_I.isfinite().all()


def test_only_a_categorical_code_has_a_bound() -> None:
    means = {mean.key: mean for mean in make().means}
    assert means["L_I/c1"].bound == pytest.approx(np.log(10))
    assert means["L_I/c1"].bound_label == "H(c1) = ln 10"
    assert means["L_I/c2"].bound is None


@pytest.mark.parametrize("name", GANS)
def test_a_state_with_the_old_name_of_the_q_head_still_loads(name: str) -> None:
    model, other = make(name), make(name, seed=1)
    old = {key.replace("D.q_head.", "D.recogniser."): value for key, value in model.state().items()}
    other.load(old)
    assert_same(other.state(), model.state())


@pytest.mark.parametrize("name", GANS)
@pytest.mark.parametrize(("given", "problem"), [({"model.game": "chess"}, "chess"), ({"model.gaem": "nsgan"}, "gaem")])
def test_settings_that_it_does_not_have_are_named(name: str, given: dict[str, object], problem: str) -> None:
    with pytest.raises(DbenchError, match=problem):
        make(name, **given)


def test_an_unknown_model_is_named_with_a_guess() -> None:
    with pytest.raises(UnknownNameError, match=r"no model named 'infogann'.*\n.*'infogan'"):
        MODELS.get("infogann")
