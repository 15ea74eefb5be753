"""The losses of VAEs against computations in NumPy, in double precision, that share no code with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from disentangle_bench.errors import SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.ada_gvae import averaged_where_shared
from disentangle_bench.models.beta_tcvae import total_correlation
from disentangle_bench.models.factor_vae import discriminator, permute_codes
from disentangle_bench.models.model import Means, Play
from disentangle_bench.models.networks.autoencoder import initialize_glorot
from disentangle_bench.models.posterior import Posterior
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.models.vae import VAE
from tests.models.updates import BATCH, SHAPE, Updates, draw, real_images

Array = NDArray[np.float64]
UNSUPERVISED = ("vae", "beta-vae", "annealed-vae", "factor-vae", "beta-tcvae", "dip-vae-i", "dip-vae-ii")


def make(name: str, **settings: Any) -> VAE:
    changes = {"networks.width": 0.2, "batch_size": BATCH} | {f"model.{key}": value for key, value in settings.items()}
    return cast("VAE", make_model(find_recipe(name, "digits").with_settings(changes), SHAPE))


class Losses(Play):
    """Keeps what the players minimize instead of letting them move."""

    def __init__(self, networks: dict[str, nn.Module]) -> None:
        super().__init__(networks, networks, {}, Tensor.backward)
        self.of: dict[str, Tensor] = {}

    def minimise(self, player: str, loss: Tensor) -> None:
        self.of[player] = loss.detach()


def losses(model: VAE, step: int = 1) -> tuple[dict[str, Tensor], Means]:
    play = Losses(model.networks)
    return play.of, model.update(draw(model, step), play)


class Pass:
    """What an update sees, in NumPy: images, posterior, codes and logits of the pixels."""

    @torch.no_grad()
    def __init__(self, model: VAE, step: int = 1) -> None:
        x = real_images(step).to(next(model.networks["encoder"].parameters()).dtype)
        raw = model.networks["encoder"](x).double().numpy()
        self.x = x.double().numpy()
        self.mean, self.log_sigma = raw[:, 0::2], raw[:, 1::2]
        noise = draw(model, step).normal(self.mean.shape[1]).double().numpy()
        self.c: Array = self.mean + np.exp(self.log_sigma) * noise
        self.logits = model.networks["decoder"](torch.from_numpy(self.c).to(x.dtype)).double().numpy()

    @property
    def bernoulli(self) -> float:
        p = 1 / (1 + np.exp(-self.logits))
        return float(-(self.x * np.log(p) + (1 - self.x) * np.log(1 - p)).sum() / len(self.x))

    @property
    def divergence(self) -> Array:
        log_variance = 2 * self.log_sigma
        return np.asarray(0.5 * (self.mean**2 + np.exp(log_variance) - log_variance - 1)).mean(axis=0)

    def covariance(self, *, of_codes: bool) -> Array:
        covariance = np.cov(self.mean, rowvar=False, bias=True)
        return covariance + np.diag(np.exp(2 * self.log_sigma).mean(axis=0)) if of_codes else covariance

    def total_correlation(self, weight: Callable[[int, int], float]) -> float:
        """One image, one other image and one code at a time."""
        n, d = self.c.shape
        total = 0.0
        for i in range(n):
            joint, single = 0.0, np.zeros(d)
            for j in range(n):
                sigma = np.exp(self.log_sigma[j])
                density = np.exp(-0.5 * ((self.c[i] - self.mean[j]) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
                joint += weight(i, j) * density.prod()
                single += weight(i, j) * density
            total += np.log(joint) - np.log(single).sum()
        return total / n


def dip(covariance: Array, off_diagonal: float, diagonal: float) -> float:
    total = 0.0
    for i, row in enumerate(covariance):
        for j, value in enumerate(row):
            total += diagonal * (value - 1) ** 2 if i == j else off_diagonal * value**2
    return total


class TestLoss:
    def test_the_vaes_is_the_negative_evidence_lower_bound(self) -> None:
        model = make("vae")
        (loss,), seen = losses(model)[0].values(), Pass(model)
        assert loss.item() == pytest.approx(seen.bernoulli + seen.divergence.sum(), rel=1e-5)

    def test_a_gaussian_pixels_is_the_squared_error_and_a_constant(self) -> None:
        model = make("vae", reconstruction="gaussian")
        (loss,), seen = losses(model)[0].values(), Pass(model)
        squared = ((seen.x - 1 / (1 + np.exp(-seen.logits))) ** 2).sum() / len(seen.x)
        constant = 0.5 * np.log(2 * np.pi * 0.5) * seen.x[0].size
        assert loss.item() == pytest.approx(squared + constant + seen.divergence.sum(), rel=1e-5)

    def test_beta_weighs_the_divergence(self) -> None:
        model = make("beta-vae", beta=7.0)
        (loss,), seen = losses(model)[0].values(), Pass(model)
        assert loss.item() == pytest.approx(seen.bernoulli + 7 * seen.divergence.sum(), rel=1e-5)

    @pytest.mark.parametrize(("step", "capacity"), [(1, 0.0), (11, 2.5), (41, 10.0), (1000, 10.0)])
    def test_an_annealed_capacity_grows_from_zero_at_the_first_update(self, step: int, capacity: float) -> None:
        model = make("annealed-vae", gamma=3.0, capacity=10.0, annealing_steps=40)
        (loss,), seen = losses(model, step)[0].values(), Pass(model, step)
        assert loss.item() == pytest.approx(seen.bernoulli + 3 * abs(seen.divergence.sum() - capacity), rel=1e-5)

    @pytest.mark.parametrize(("name", "of_codes"), [("dip-vae-i", False), ("dip-vae-ii", True)])
    def test_dip_vaes_pay_for_covariance(self, name: str, of_codes: bool) -> None:
        model = make(name, lambda_od=3.0, lambda_d=5.0)
        (loss,), seen = losses(model)[0].values(), Pass(model)
        penalty = dip(seen.covariance(of_codes=of_codes), 3.0, 5.0)
        assert loss.item() == pytest.approx(seen.bernoulli + seen.divergence.sum() + penalty, rel=1e-5)

    @pytest.mark.parametrize("sampling", ["weighted", "stratified"])
    def test_beta_tcvaes_pay_for_total_correlation(self, sampling: str) -> None:
        def weight(i: int, j: int) -> float:
            if sampling == "weighted":
                return 1 / BATCH
            if i == j:
                return 1 / 1000
            return (1000 - BATCH + 1) / (1000 * (BATCH - 1)) if j == (i + 1) % BATCH else 1 / (BATCH - 1)

        model = make("beta-tcvae", beta=4.0, sampling=sampling)
        of, means = losses(model)
        seen = Pass(model)
        TC = seen.total_correlation(weight)
        assert means["total_correlation"].item() == pytest.approx(TC, rel=1e-4, abs=1e-5)
        assert of["vae"].item() == pytest.approx(seen.bernoulli + seen.divergence.sum() + 3 * TC, rel=1e-5)

    def test_factor_vaes_players_judge_the_same_codes(self) -> None:
        model = make("factor-vae", gamma=9.0)
        of, means = losses(model)
        seen = Pass(model)
        D = model.networks["discriminator"]
        with torch.no_grad():
            drawn = D(torch.from_numpy(seen.c).float()).double().numpy()
        TC = (drawn[:, 0] - drawn[:, 1]).mean()
        assert means["total_correlation"].item() == pytest.approx(TC, rel=1e-3, abs=1e-6)
        assert of["vae"].item() == pytest.approx(seen.bernoulli + seen.divergence.sum() + 9 * TC, rel=1e-5)
        assert of["discriminator"].item() == pytest.approx(np.log(2), abs=0.05)  # it has learned nothing yet


class TestFactorVAE:
    def test_each_code_is_permuted_on_its_own(self) -> None:
        c = torch.arange(BATCH * 3.0).view(BATCH, 3)
        permuted = permute_codes(c, draw(make("factor-vae")))
        assert torch.equal(permuted.sort(dim=0).values, c)
        orders = permuted.argsort(dim=0)
        assert not torch.equal(orders[:, 0], orders[:, 1])

    def test_another_batch_may_be_permuted(self) -> None:
        model = make("factor-vae", another_batch=True)
        assert model.batches == 2
        assert Updates(model)()["discriminator_loss"].isfinite()

    def test_the_discriminator_has_the_sizes_of_the_paper(self) -> None:
        weights = sum(weight.numel() for weight in discriminator(10).parameters())
        assert weights == 11 * 1000 + 5 * 1001 * 1000 + 1001 * 2

    @pytest.mark.slow
    def test_a_trained_discriminator_estimates_the_total_correlation(self) -> None:
        """Of two Gaussian codes with a correlation of 0.8 it is -ln(1 - 0.8^2) / 2 = 0.511 nats."""
        D, generator = discriminator(2, width=0.064), torch.Generator().manual_seed(0)
        initialize_glorot(D, 0)
        optimizer = torch.optim.Adam(D.parameters(), lr=1e-3)

        def codes(n: int) -> Tensor:
            first, second = torch.randn(2, n, generator=generator)
            return torch.stack((first, 0.8 * first + 0.6 * second), dim=1)

        for _ in range(600):
            c = codes(512)
            permuted = torch.stack((c[:, 0], c[torch.randperm(512, generator=generator), 1]), dim=1)
            classes = torch.tensor([0, 1]).repeat_interleave(512)
            optimizer.zero_grad()
            nn.functional.cross_entropy(D(torch.cat((c, permuted))), classes).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        with torch.no_grad():
            logits = D(codes(20_000))
        estimate, truth = (logits[:, 0] - logits[:, 1]).mean().item(), -0.5 * np.log(1 - 0.8**2)
        assert truth - 0.1 < estimate < truth + 0.03  # a discriminator that has not learned all falls short of it


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_a_large_batch_gives_the_total_correlation_of_gaussians(correlation: float) -> None:
    """Means of correlation r and posteriors of variance s^2 around them: codes of correlation r / (1 + s^2)."""
    n, variance, generator = 4000, 0.25, torch.Generator().manual_seed(1)
    first, second, *noise = torch.randn(4, n, generator=generator).double()
    mean = torch.stack((first, correlation * first + (1 - correlation**2) ** 0.5 * second), dim=1)
    q = Posterior(mean, torch.full_like(mean, 0.5 * np.log(variance)))
    density = q.log_density(q.sample(torch.stack(noise, dim=1)))
    expected = -0.5 * np.log(1 - (correlation / (1 + variance)) ** 2)
    for sampling in ("weighted", "stratified"):
        estimate = total_correlation(density, n, sampling)  # type: ignore[arg-type]
        assert estimate.item() == pytest.approx(expected, abs=0.03)


class TestAdaGVAE:
    def test_shared_codes_are_averaged_and_others_left(self) -> None:
        """Three codes: equal, a little apart, far apart. The threshold lies halfway between the least and the most."""
        mean = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.5, 4.0]])
        q = averaged_where_shared(Posterior(mean, torch.zeros(2, 3)))
        assert q.mean.tolist() == [[0.0, 0.25, 0.0], [0.0, 0.25, 4.0]]
        assert q.log_sigma.tolist() == [[0.0] * 3] * 2

    def test_variances_are_averaged_not_their_logarithms(self) -> None:
        log_sigma = torch.tensor([[0.0, 0.0], [np.log(3.0), 3.0]], dtype=torch.float64)
        q = averaged_where_shared(Posterior(torch.zeros(2, 2, dtype=torch.float64), log_sigma))
        assert q.variance[:, 0].tolist() == pytest.approx([5.0, 5.0])
        assert q.variance[0, 1].item() == 1.0

    def test_its_loss_is_that_of_both_images(self) -> None:
        model = make("ada-gvae", beta=2.0)
        of, means = losses(model)
        KL = sum(value for key, value in means.items() if key.startswith("KL"))
        assert of["vae"].item() == pytest.approx((means["reconstruction_loss"] + 2 * KL).item(), rel=1e-5)


@pytest.mark.parametrize("name", UNSUPERVISED)
def test_a_batch_is_fitted(name: str) -> None:
    """Every model brings its own loss down on one batch that is shown again and again."""
    model = make(name) if name != "annealed-vae" else make(name, gamma=1.0)
    update = Updates(model)
    reconstruction = [update()["reconstruction_loss"].item() for _ in range(60)]
    assert reconstruction[-1] < reconstruction[0]


class TestCodes:
    @pytest.mark.parametrize(
        "change", [{"latents.noise": 3}, {"latents.codes.0.kind": "uniform"}, {"latents.codes.0.sigma": 1.0}]
    )
    def test_other_latents_than_gaussian_codes_are_refused(self, change: dict[str, Any]) -> None:
        recipe = find_recipe("vae", "digits").with_settings(change)
        with pytest.raises(SettingError, match="standard normal"):
            make_model(recipe, SHAPE)

    def test_more_may_be_added(self) -> None:
        recipe = find_recipe("vae", "digits").with_settings({"latents.codes.10.kind": "gaussian"})
        assert len(make_model(recipe, SHAPE).latents.codes) == 11


class TestWatch:
    def entry(self, step: int, *KL: float) -> dict[str, Any]:
        return {"step": step, "KL": {f"c{place}": value for place, value in enumerate(KL, start=1)}}

    def test_inactive_codes_are_remarked(self) -> None:
        assert make("vae").watch([self.entry(50, 1.0, 0.001)]).remark == "c2 inactive"
        assert make("vae").watch([self.entry(50, 1.0, 0.2)]).remark == ""

    def test_no_active_code_is_a_failure_once_the_run_is_as_long_as_it_should_be(self) -> None:
        model = make("vae")
        assert not model.watch([self.entry(50, 0.001, 0.002)]).failure
        assert "posterior collapse" in model.watch([self.entry(model.recipe.steps, 0.001, 0.002)]).failure
