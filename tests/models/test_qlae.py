"""QLAE: its losses and gradients against NumPy in double precision, its networks, and its codes in both directions."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from disentangle_bench.errors import SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.networks.quantized import QuantizedAutoencoder, Quantizer, StyleBlock
from disentangle_bench.models.optimizers import make_optimizers
from disentangle_bench.models.qlae import QLAE
from disentangle_bench.models.recipes import find_recipe
from tests.models.updates import BATCH, SHAPE, Updates, real_images


def make(**settings: object) -> QLAE:
    recipe = find_recipe("qlae", "digits").with_settings({"networks.width": 0.1, "batch_size": BATCH, **settings})
    model = make_model(recipe, SHAPE)
    assert isinstance(model, QLAE)
    with torch.no_grad():  # fresh weights make all codes nearly 0; these use several values
        model.networks["encoder"][-1].weight *= 20
        model.networks["quantizer"].values += torch.linspace(-0.02, 0.02, 10)[:, None]
    return model


class Pass:
    """What an update sees before it moves anything: the encoder's numbers, their nearest values, logits of pixels."""

    @torch.no_grad()
    def __init__(self, model: QLAE) -> None:
        x = real_images()
        self.x = x.double().numpy()
        self.continuous = model.networks["encoder"](x).double().numpy()
        self.values = cast("Quantizer", model.networks["quantizer"]).values.double().numpy().copy()
        nearest = [[np.argmin(abs(v - e)) for v, e in zip(self.values, row, strict=True)] for row in self.continuous]
        self.nearest = np.array(nearest)
        self.z = np.take_along_axis(self.values, self.nearest.T, axis=1).T
        self.logits = model.networks["decoder"](torch.from_numpy(self.z).float()).double().numpy()

    @property
    def cross_entropy(self) -> float:
        p = 1 / (1 + np.exp(-self.logits))
        return float(-(self.x * np.log(p) + (1 - self.x) * np.log(1 - p)).mean())

    @property
    def square(self) -> float:
        return float(((self.z - self.continuous) ** 2).mean())


class TestUpdate:
    def test_the_losses(self) -> None:
        model, losses = make(**{"model.quantization": 3.0, "model.commitment": 5.0}), []
        seen = Pass(model)

        def backward(loss: Tensor) -> None:
            losses.append(loss.item())
            loss.backward()

        means = Updates(model, backward)()
        assert losses == pytest.approx([seen.cross_entropy + 5 * seen.square, 3 * seen.square], rel=1e-4)
        assert means["reconstruction_loss"].item() == pytest.approx(seen.cross_entropy, rel=1e-5)
        assert len(np.unique(seen.nearest)) > 3

    def test_values_move_towards_what_is_nearest_to_them(self) -> None:
        """The gradient of `w_q E[(z - e)^2]`, one value at a time."""
        model = make(**{"model.quantization": 3.0})
        seen = Pass(model)
        Updates(model)()
        expected = np.zeros_like(seen.values)
        for row, numbers in zip(seen.nearest, seen.continuous, strict=True):
            for code, (place, number) in enumerate(zip(row, numbers, strict=True)):
                expected[code, place] += 3 * 2 * (seen.values[code, place] - number) / seen.continuous.size
        found = cast("Quantizer", model.networks["quantizer"]).values.grad
        assert found is not None
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)

    def test_the_encoder_is_told_what_the_decoder_tells_the_values(self) -> None:
        """The gradient at its last offset: that of CE at z, as if z were the encoder's own, and the commitment's."""
        model = make(**{"model.commitment": 5.0})
        seen = Pass(model)
        z = torch.from_numpy(seen.z).float().requires_grad_()
        loss = nn.functional.binary_cross_entropy_with_logits(model.networks["decoder"](z), real_images())
        (gradient,) = torch.autograd.grad(loss, z)
        expected = gradient.double().numpy() + 5 * 2 * (seen.continuous - seen.z) / seen.z.size
        found: list[Tensor] = []
        updates = Updates(model)
        bias = model.networks["encoder"][-1].bias
        updates.optimizers["autoencoder"].register_step_pre_hook(lambda *_: found.append(bias.grad.clone()))
        updates()
        np.testing.assert_allclose(found[0].numpy(), expected.sum(axis=0), atol=1e-6)

    def test_a_batch_is_fitted(self) -> None:
        update = Updates(make(**{"networks.width": 0.3}))
        losses = [update()["reconstruction_loss"].item() for _ in range(60)]
        assert losses[-1] < losses[0]


class TestCodes:
    def test_values_are_evenly_spaced_at_first(self) -> None:
        values = Quantizer(2, 10).values.detach().numpy()
        np.testing.assert_allclose(values, [np.linspace(-0.5, 0.5, 10)] * 2, atol=1e-7)

    def test_the_encoder_reads_the_nearest_and_the_generator_takes_its_value(self) -> None:
        model, seen = make(), Pass(make())
        parts = model.parts()
        read = [code.estimate(raw) for code, raw in zip(model.latents.codes, split(model), strict=True)]
        assert torch.stack(read, dim=1).tolist() == seen.nearest.tolist()
        latents = model.latents.sample(BATCH, torch.Generator().manual_seed(0))
        for place, categories in enumerate(read):
            latents = latents.replace(place, categories)
        with torch.no_grad():
            images = parts["generator"](model.latents.pack(latents)).double().numpy()
        np.testing.assert_allclose(images, 1 / (1 + np.exp(-seen.logits)), atol=1e-5)

    @pytest.mark.parametrize(
        "change", [{"latents.noise": 3}, {"latents.codes.0.kind": "uniform"}, {"latents.codes.0.k": 3}]
    )
    def test_others_are_refused(self, change: dict[str, object]) -> None:
        with pytest.raises(SettingError, match="cannot be quantized alike"):
            make_model(find_recipe("qlae", "digits").with_settings(change), SHAPE)


@torch.no_grad()
def split(model: QLAE) -> tuple[Tensor, ...]:
    return model.latents.split(model.parts()["encoder"](real_images()))


class TestNetworks:
    def test_are_those_of_the_program(self) -> None:
        pair = QuantizedAutoencoder((3, 64, 64))
        convolutions = [
            (tuple(module.weight.shape), module.stride[0], type(module))
            for network in (pair.encoder(12), pair.decoder(12))
            for module in network.modules()
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)
        ]
        expected: list[tuple[tuple[int, ...], int, type]] = []
        before = 3
        for after in (32, 64, 128, 256):
            for inputs, kernel, stride in ((before, 3, 1), (after, 3, 1), (after, 4, 2)):
                expected.append(((after, inputs, kernel, kernel), stride, nn.Conv2d))
            before = after
        for after in (256, 128, 64, 32):
            for inputs, kernel, stride in ((before, 3, 1), (after, 3, 1), (after, 4, 2)):
                expected.append(((inputs, after, kernel, kernel), stride, nn.ConvTranspose2d))
            before = after
        assert convolutions == [*expected, ((3, 32, 3, 3), 1, nn.Conv2d)]

    def test_style_sets_mean_and_scale_of_each_map(self) -> None:
        block, style = StyleBlock(2, 3, 4, 5), torch.rand(4, 5)
        maps = block(torch.rand(4, 2, 6, 6), style).detach()
        scale, shift = block.style(style).detach().chunk(2, dim=1)
        assert maps.shape == (4, 3, 12, 12)
        torch.testing.assert_close(maps.mean(dim=(2, 3)), shift, atol=1e-5, rtol=0)
        torch.testing.assert_close(maps.std(dim=(2, 3), correction=0), scale, atol=1e-3, rtol=1e-3)

    @pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 13), (1, 28, 28)])
    def test_images_of_other_sizes_come_back_in_their_shape(self, shape: tuple[int, int, int]) -> None:
        pair = QuantizedAutoencoder(shape)
        codes = pair.encoder(6, 0.1)(torch.rand(2, *shape))
        assert pair.decoder(6, 0.1)(codes).shape == (2, *shape)

    def test_first_weights_are_uniform_within_the_inverse_root_of_the_inputs(self) -> None:
        first = make_model(find_recipe("qlae", "digits"), SHAPE).networks["encoder"][0].weight
        bound = 1 / math.sqrt(9)
        assert 0.9 * bound < float(first.abs().max().detach()) <= bound
        assert float(first.var().detach()) == pytest.approx(bound**2 / 3, rel=0.3)


@pytest.mark.parametrize(("dataset", "decay", "codes"), [("shapes3d", 0.1, 12), ("mpi3d-real", 0.001, 14)])
def test_weights_decay_in_encoder_and_decoder_alone(dataset: str, decay: float, codes: int) -> None:
    recipe = find_recipe("qlae", dataset)
    assert (recipe.steps, recipe.batch_size, len(recipe.latents.codes)) == (200_000, 128, codes)
    optimizers = make_optimizers(make_model(recipe.with_settings({"networks.width": 0.1}), (3, 64, 64)))
    assert {name: optimizer.param_groups[0]["weight_decay"] for name, optimizer in optimizers.items()} == {
        "autoencoder": decay,
        "quantizer": 0,
    }
