"""InfoGAN-CR: the pairs it draws, and what each player minimizes, against NumPy in double precision."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from scipy.special import log_softmax
from torch import Tensor, nn
from torch.nn.utils import parametrize

from disentangle_bench.models import make_model
from disentangle_bench.models.infogan_cr import InfoGANCR
from disentangle_bench.models.recipes import find_recipe
from tests.models.updates import BATCH, SHAPE, Updates, draw, real_images

LAMBDAS = (0.7, 0.2, 1.3)
WEIGHTED = {f"latents.codes.{place}.weight": value for place, value in enumerate(LAMBDAS)}
FROM_THE_START: dict[str, object] = {"model.contrastive_from": 0}


def make(**settings: object) -> InfoGANCR:
    small = {"networks.width": 0.1, "latents.noise": 4, "networks.norm": "batch"}
    model = make_model(find_recipe("infogan-cr-digits").with_settings(small | settings), SHAPE)
    assert isinstance(model, InfoGANCR)
    with torch.no_grad():  # fresh weights tell next to nothing from the images, on which no term would show
        for weight in model.networks["CR"].parameters():
            weight.mul_(20)
        model.networks["D"].q_head[-1].weight[:10] *= 100
    return model


class Seen:
    """One update, with the losses handed to backward and the networks as each player's step found them."""

    def __init__(self, model: InfoGANCR, step: int = 1) -> None:
        self.losses: list[float] = []
        self.networks: list[dict[str, nn.Module]] = []
        self.model, self.before = model, deepcopy(model.networks)
        self.updates = Updates(model, self.backward)
        for optimizer in self.updates.optimizers.values():
            optimizer.register_step_pre_hook(lambda *_: self.networks.append(deepcopy(model.networks)))
        self.means = self.updates(step)

    def backward(self, loss: Tensor) -> None:
        self.losses.append(loss.item())
        loss.backward()


class Drawn:
    """What an update draws, in its order: latents of both images of the pairs, the shared index, latents of fakes."""

    def __init__(self, model: InfoGANCR, step: int = 1) -> None:
        drawn = draw(model, step)
        first, second = drawn.latents(), drawn.latents()
        self.shared = np.floor(3 * drawn.uniform().double().numpy()).astype(int)
        self.fake = drawn.latents()
        one = model.latents.pack(first).double().numpy()
        other = model.latents.pack(second).double().numpy()
        columns = [slice(4, 14), slice(14, 15), slice(15, 16)]
        other[:, :4] = one[:, :4]
        for row, index in enumerate(self.shared):
            other[row, columns[index]] = one[row, columns[index]]
        self.pair = one, other


def output(network: nn.Module, *inputs: object) -> NDArray[np.float64]:
    with torch.no_grad():
        given = [torch.from_numpy(value).float() if isinstance(value, np.ndarray) else value for value in inputs]
        values = network.train()(*given)
    return np.asarray((values[0] if isinstance(values, tuple) else values).double().numpy())


def contrastive_loss(networks: dict[str, nn.Module], drawn: Drawn) -> float:
    images = np.concatenate([output(networks["G"], latents) for latents in drawn.pair], axis=1)
    logits = output(networks["CR"], images)
    return float(-log_softmax(logits, axis=1)[np.arange(BATCH), drawn.shared].mean())


def informations(networks: dict[str, nn.Module], model: InfoGANCR, drawn: Drawn) -> tuple[NDArray[np.float64], float]:
    """D's logits of fakes, and the weighted sum of `L_I`."""
    fake = networks["G"].train()(model.latents.pack(drawn.fake))
    with torch.no_grad():
        logits, q = (values.double().numpy() for values in networks["D"].train()(fake))
    c1, c2, c3 = (values.numpy() for values in drawn.fake.codes)
    likelihoods = (
        log_softmax(q[:, :10], axis=1)[np.arange(BATCH), c1],
        stats.norm(q[:, 10], np.exp(q[:, 11])).logpdf(c2),
        stats.norm(q[:, 12], np.exp(q[:, 13])).logpdf(c3),
    )
    L_I = [value.mean() + h for value, h in zip(likelihoods, np.log([10, 2, 2]), strict=True)]
    return logits, float(np.dot(LAMBDAS, L_I))


class TestLosses:
    def test_each_player_minimizes_its_own(self) -> None:
        model = make(**FROM_THE_START, **WEIGHTED, **{"model.contrastive_weight": 3.0})
        seen, drawn = Seen(model), Drawn(model)
        CR_loss = contrastive_loss(seen.before, drawn)
        fake_logits, L_I = informations(seen.before, model, drawn)
        real_logits = output(seen.before["D"], real_images())
        D_loss = -stats.logistic.logcdf(real_logits).mean() - stats.logistic.logsf(fake_logits).mean() - L_I
        G_losses = []
        for networks in seen.networks[2:]:  # as D's and then G's own step have left them
            fake_logits, L_I = informations(networks, model, drawn)
            G_loss = -stats.logistic.logcdf(fake_logits).mean()
            G_losses.append(G_loss - L_I + 3 * contrastive_loss(networks, drawn))
        assert seen.losses == pytest.approx([CR_loss, D_loss, *G_losses], rel=1e-4)
        assert seen.means["contrastive_loss"].item() == pytest.approx(CR_loss, rel=1e-5)
        assert abs(CR_loss - np.log(3)) > 0.01
        assert G_losses[0] - G_losses[1] > 1e-4

    def test_until_its_step_it_is_infogan_whose_g_moves_twice(self) -> None:
        seen, never = (Seen(make(**{"model.contrastive_from": later}), step=5) for later in (5, 100))
        assert seen.losses == never.losses
        assert len(seen.losses) == 3
        assert seen.means["contrastive_loss"].item() == pytest.approx(np.log(3))
        assert len(Seen(make(**{"model.contrastive_from": 4}), step=5).losses) == 4

    def test_g_alone_learns_from_cr(self) -> None:
        """The weight of CR changes G's gradient, and D's not at all."""
        one, other = (Seen(make(**FROM_THE_START, **{"model.contrastive_weight": value})) for value in (0.0, 5.0))
        assert one.losses[:2] == other.losses[:2]
        for name in ("D", "CR"):
            mine, theirs = (dict(seen.model.networks[name].named_parameters()) for seen in (one, other))
            assert all(torch.equal(value, theirs[key]) for key, value in mine.items())
        weights = [next(seen.model.networks["G"].parameters()) for seen in (one, other)]
        assert not torch.equal(*weights)


class TestPairs:
    def test_share_the_noise_and_one_code(self) -> None:
        model = make()
        first, second, shared = model.pairs(draw(model))
        assert torch.equal(first.noise, second.noise)
        for place, (one, other) in enumerate(zip(first.codes, second.codes, strict=True)):
            assert bool((one == other)[shared == place].all())
            if place:  # of a categorical code, fresh draws may agree
                assert not (one == other)[shared != place].any()
        _, expected = Drawn(model).pair
        np.testing.assert_allclose(model.latents.pack(second).double().numpy(), expected)

    def test_a_gap_keeps_values_apart_and_within_the_prior(self) -> None:
        """And each has mean 0: neither of the two images has the larger one more often."""
        model, values = make(**{"model.gap": 0.5}), []
        for step in range(1, 201):
            first, second, shared = model.pairs(draw(model, step))
            apart = (first.codes[1] - second.codes[1])[shared != 1].abs()
            assert float(apart.min()) >= 0.5 - 1e-6
            assert torch.equal(first.codes[1][shared == 1], second.codes[1][shared == 1])
            values.append(torch.stack([first.codes[1], second.codes[1]]))
        every = torch.cat(values, dim=1)
        assert float(every.abs().max()) <= 1
        assert every.mean(dim=1).tolist() == pytest.approx([0, 0], abs=0.04)

    def test_each_code_is_shared_equally_often(self) -> None:
        model = make()
        counts = sum(torch.bincount(model.pairs(draw(model, step))[2], minlength=3) for step in range(1, 201))
        assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.slow
def test_cr_learns_what_g_shows() -> None:
    """Of a G whose images are its codes, CR learns to tell which one is shared."""
    codes = [{"kind": "uniform"}] * 3
    model = make(**FROM_THE_START, **{"latents.codes": codes, "latents.noise": 1, "networks.width": 0.5})
    show = nn.Sequential(nn.Linear(4, 64, bias=False), nn.Unflatten(1, SHAPE))
    with torch.no_grad():  # three rows of pixels for each code
        show[0].weight.zero_()
        for place in range(3):
            show[0].weight[24 * place : 24 * place + 16, place + 1] = 1.0
    model.networks["G"] = show
    update = Updates(model)
    update.optimizers["G"].param_groups[0]["lr"] = 0.0
    losses = [update(step)["contrastive_loss"].item() for step in range(1, 301)]
    assert np.mean(losses[-30:]) < np.log(3) - 0.2


def test_its_networks_on_dsprites_are_those_of_the_program() -> None:
    recipe = find_recipe("infogan-cr", "dsprites")
    model = make_model(recipe, (1, 64, 64))
    sizes = {
        name: [tuple(weight.shape) for key, weight in network.named_parameters() if weight.dim() > 1]
        for name, network in model.networks.items()
    }
    trunk = [(32, 32, 4, 4), (64, 32, 4, 4), (64, 64, 4, 4), (128, 1024)]
    assert sizes["G"] == [(128, 10), (1024, 128), (64, 64, 4, 4), (64, 32, 4, 4), (32, 32, 4, 4), (32, 1, 4, 4)]
    assert sizes["D"] == [(32, 1, 4, 4), *trunk, (1, 128), (128, 128), (5, 128)]
    assert sorted(sizes["CR"]) == sorted([(32, 2, 4, 4), *trunk, (5, 128)])
    assert (recipe.steps, recipe.batch_size, recipe.latents.noise) == (28 * (737_280 // 64), 64, 5)
    codes = [(code.kind, code.sigma, code.weight) for code in recipe.latents.codes]
    assert codes == [("uniform", 1.0, 0.05)] * 5


def test_spectral_norm_is_everywhere_but_in_the_last_layer_of_cr() -> None:
    model = make(**{"networks.norm": "spectral"})
    plain = [
        f"{name}.{key}"
        for name in ("D", "CR")
        for key, module in model.networks[name].named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d) and not parametrize.is_parametrized(module, "weight")
    ]
    assert plain == ["CR.1"]
    assert not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.networks["D"].modules())
