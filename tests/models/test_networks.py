"""The networks against the paper's tables, and their initialization against its distributions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from disentangle_bench.errors import SettingError, UnknownNameError
from disentangle_bench.models import make_model
from disentangle_bench.models.model import Model
from disentangle_bench.models.networks import NETWORKS, find_pair
from disentangle_bench.models.networks.layers import flat_conv, initialize, scaled
from disentangle_bench.models.recipes import find_recipe

BATCH = 5


def layers(network: nn.Module) -> list[tuple[object, ...]]:
    """Each layer in the notation of the paper's tables: kind, widths, kernel and stride; norms and activations."""
    rows: list[tuple[object, ...]] = []
    for module in network.modules():
        if isinstance(module, nn.Linear):
            rows.append(("FC", module.in_features, module.out_features))
        elif isinstance(module, nn.Conv2d):
            rows.append(("conv", module.in_channels, module.out_channels, module.kernel_size[0], module.stride[0]))
        elif isinstance(module, nn.ConvTranspose2d):
            rows.append(("upconv", module.in_channels, module.out_channels, module.kernel_size[0], module.stride[0]))
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            rows.append(("BN", module.num_features))
        elif isinstance(module, nn.LeakyReLU):
            rows.append(("lReLU", module.negative_slope))
        elif isinstance(module, nn.ReLU | nn.Sigmoid | nn.Tanh):
            rows.append((type(module).__name__,))
    return rows


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


class TestMnist:
    """arXiv:1606.03657, Table 1, with 62 noise variables, one Cat(10) and two U(-1, 1): 74 inputs, 14 outputs."""

    pair = NETWORKS.get("mnist")

    def test_generator(self) -> None:
        generator = self.pair.generator(74)
        assert layers(generator) == [
            ("FC", 74, 1024), ("BN", 1024), ("ReLU",),
            ("FC", 1024, 7 * 7 * 128), ("BN", 7 * 7 * 128), ("ReLU",),
            ("upconv", 128, 64, 4, 2), ("BN", 64), ("ReLU",),
            ("upconv", 64, 1, 4, 2), ("Sigmoid",),
        ]  # fmt: skip
        weights = 74 * 1024 + 1024 * 6272 + 128 * 64 * 16 + 64 * 16
        assert count(generator) == weights + 2 * (1024 + 6272 + 64) + 1

    def test_discriminator(self) -> None:
        network = self.pair.discriminator(14)
        assert layers(network.trunk) == [
            ("conv", 1, 64, 4, 2), ("lReLU", 0.1),
            ("conv", 64, 128, 4, 2), ("BN", 128), ("lReLU", 0.1),
            ("FC", 7 * 7 * 128, 1024), ("BN", 1024), ("lReLU", 0.1),
        ]  # fmt: skip
        assert layers(network.head) == [("FC", 1024, 1)]
        assert layers(network.q_head) == [("FC", 1024, 128), ("BN", 128), ("lReLU", 0.1), ("FC", 128, 14)]
        assert count(network.trunk) == 16 * 64 + 64 + 64 * 128 * 16 + 2 * 128 + 6272 * 1024 + 2 * 1024
        assert count(network.head) == 1024 + 1
        assert count(network.q_head) == 1024 * 128 + 2 * 128 + 128 * 14 + 14

    def test_half_the_width_halves_every_layer_but_the_ends(self) -> None:
        assert layers(self.pair.generator(74, 0.5))[::3] == [
            ("FC", 74, 512), ("FC", 512, 7 * 7 * 64), ("upconv", 64, 32, 4, 2), ("upconv", 32, 1, 4, 2),
        ]  # fmt: skip
        weighted = [row for row in layers(self.pair.discriminator(14, 0.5)) if row[0] in ("conv", "FC")]
        assert weighted == [
            ("conv", 1, 32, 4, 2), ("conv", 32, 64, 4, 2), ("FC", 7 * 7 * 64, 512),
            ("FC", 512, 1), ("FC", 512, 64), ("FC", 64, 14),
        ]  # fmt: skip


class TestDigits:
    pair = NETWORKS.get("digits")

    def test_generator(self) -> None:
        assert layers(self.pair.generator(28)) == [
            ("FC", 28, 256), ("BN", 256), ("ReLU",),
            ("FC", 256, 2 * 2 * 128), ("BN", 2 * 2 * 128), ("ReLU",),
            ("upconv", 128, 64, 4, 2), ("BN", 64), ("ReLU",),
            ("upconv", 64, 1, 4, 2), ("Sigmoid",),
        ]  # fmt: skip

    def test_discriminator(self) -> None:
        network = self.pair.discriminator(14)
        assert layers(network) == [
            ("conv", 1, 64, 4, 2), ("lReLU", 0.1),
            ("conv", 64, 128, 4, 2), ("BN", 128), ("lReLU", 0.1),
            ("FC", 2 * 2 * 128, 256), ("BN", 256), ("lReLU", 0.1),
            ("FC", 256, 1),
            ("FC", 256, 64), ("BN", 64), ("lReLU", 0.1), ("FC", 64, 14),
        ]  # fmt: skip


class TestFaces:
    """arXiv:1606.03657, Appendix C.4: 128 noise variables and five U(-1, 1): 133 inputs, 10 outputs."""

    pair = NETWORKS.get("faces")

    def test_generator(self) -> None:
        assert layers(self.pair.generator(133)) == [
            ("FC", 133, 1024), ("BN", 1024), ("ReLU",),
            ("FC", 1024, 8 * 8 * 128), ("BN", 8 * 8 * 128), ("ReLU",),
            ("upconv", 128, 64, 4, 2), ("BN", 64), ("ReLU",),
            ("upconv", 64, 1, 4, 2), ("Sigmoid",),
        ]  # fmt: skip

    def test_discriminator(self) -> None:
        network = self.pair.discriminator(10)
        assert layers(network.trunk) == [
            ("conv", 1, 64, 4, 2), ("lReLU", 0.1),
            ("conv", 64, 128, 4, 2), ("BN", 128), ("lReLU", 0.1),
            ("FC", 8 * 8 * 128, 1024), ("BN", 1024), ("lReLU", 0.1),
        ]  # fmt: skip
        assert layers(network.head) == [("FC", 1024, 1)]
        assert layers(network.q_head) == [("FC", 1024, 10)]


class TestSvhn:
    """arXiv:1606.03657, Table 2: 124 noise variables, four Cat(10) and four U(-1, 1): 168 inputs, 48 outputs."""

    pair = NETWORKS.get("svhn")

    def test_generator(self) -> None:
        assert layers(self.pair.generator(168)) == [
            ("FC", 168, 2 * 2 * 448), ("BN", 2 * 2 * 448), ("ReLU",),
            ("upconv", 448, 256, 4, 2), ("BN", 256), ("ReLU",),
            ("upconv", 256, 128, 4, 2), ("ReLU",),
            ("upconv", 128, 64, 4, 2), ("ReLU",),
            ("upconv", 64, 3, 4, 2), ("Tanh",),
        ]  # fmt: skip

    def test_discriminator(self) -> None:
        network = self.pair.discriminator(48)
        assert layers(network.trunk) == [
            ("conv", 3, 64, 4, 2), ("lReLU", 0.1),
            ("conv", 64, 128, 4, 2), ("BN", 128), ("lReLU", 0.1),
            ("conv", 128, 256, 4, 2), ("BN", 256), ("lReLU", 0.1),
        ]  # fmt: skip
        assert layers(network.head) == [("FC", 256 * 4 * 4, 1)]
        assert layers(network.q_head) == [("FC", 4096, 128), ("BN", 128), ("lReLU", 0.1), ("FC", 128, 48)]

    def test_images_are_from_minus_one_to_one_within(self) -> None:
        generator, trunk = self.pair.generator(168, 0.1), self.pair.discriminator(48, 0.1).trunk
        inside = generator[:-1](torch.randn(4, 168))
        assert torch.equal(generator[-1](inside), inside * 0.5 + 0.5)
        assert torch.allclose(trunk[0](generator[-1](inside)), inside, atol=1e-6)


class TestChairs:
    """arXiv:1606.03657, Appendix C.5: 128 noise variables, three Cat(20) and one U(-1, 1): 189 inputs, 62 outputs."""

    @pytest.mark.parametrize(("name", "channels"), [("chairs", 1), ("chairs-rgb", 3)])
    def test_generator(self, name: str, channels: int) -> None:
        assert layers(NETWORKS.get(name).generator(189)) == [
            ("FC", 189, 1024), ("BN", 1024), ("ReLU",),
            ("FC", 1024, 8 * 8 * 256), ("BN", 8 * 8 * 256), ("ReLU",),
            ("conv", 256, 256, 4, 1), ("BN", 256), ("ReLU",),
            ("conv", 256, 256, 4, 1), ("BN", 256), ("ReLU",),
            ("upconv", 256, 128, 4, 2), ("BN", 128), ("ReLU",),
            ("upconv", 128, 64, 4, 2), ("BN", 64), ("ReLU",),
            ("upconv", 64, channels, 4, 2), ("Sigmoid",),
        ]  # fmt: skip

    @pytest.mark.parametrize(("name", "channels"), [("chairs", 1), ("chairs-rgb", 3)])
    def test_discriminator(self, name: str, channels: int) -> None:
        network = NETWORKS.get(name).discriminator(62)
        assert layers(network.trunk) == [
            ("conv", channels, 64, 4, 2), ("lReLU", 0.1),
            ("conv", 64, 128, 4, 2), ("BN", 128), ("lReLU", 0.1),
            ("conv", 128, 256, 4, 2), ("BN", 256), ("lReLU", 0.1),
            ("conv", 256, 256, 4, 1), ("BN", 256), ("lReLU", 0.1),
            ("conv", 256, 256, 4, 1), ("BN", 256), ("lReLU", 0.1),
            ("FC", 8 * 8 * 256, 1024), ("BN", 1024), ("lReLU", 0.1),
        ]  # fmt: skip
        assert layers(network.q_head) == [("FC", 1024, 62)]

    def test_a_flat_convolution_of_stride_one_is_a_transposed_one_with_its_kernel_turned_round(self) -> None:
        _, convolution, _ = flat_conv(3, 5)
        images = torch.randn(2, 3, 8, 8)
        padded = nn.functional.pad(images, (1, 2, 1, 2))
        turned = convolution.weight.detach().flip(2, 3).transpose(0, 1)
        wide = nn.functional.conv_transpose2d(images, turned)
        ours = convolution(padded).detach()
        assert ours.shape == (2, 5, 8, 8)
        assert torch.allclose(ours, wide[:, :, 2:10, 2:10], atol=1e-5)


def test_networks_are_found_by_the_shape_of_images() -> None:
    """Where several pairs have it, the first in the listing is: the paper's own."""
    first: dict[tuple[int, int, int], str] = {}
    for name in NETWORKS:
        shape = NETWORKS.get(name).shape
        assert find_pair(name, shape, "mine") is NETWORKS.get(name)
        assert find_pair("auto", shape, "mine") is NETWORKS.get(first.setdefault(shape, name))


class TestAnyShape:
    """Where no pair fits: as many halvings as leave maps of 8x8 or less, and 64 to 256 feature maps."""

    @pytest.mark.parametrize("channels", [1, 3])
    def test_every_side_from_8_to_128_has_networks(self, channels: int) -> None:
        for side in range(8, 129):
            pair, shape = find_pair("auto", (channels, side, side), "mine"), (channels, side, side)
            network, generator = pair.discriminator(6, 1e-6), pair.generator(9, 1e-6)
            images = generator(torch.randn(2, 9))
            logits, parameters = network(images)
            assert (images.shape, logits.shape, parameters.shape) == ((2, *shape), (2,), (2, 6))
            (logits.sum() + parameters.sum()).backward()
            assert all(weight.grad is not None for weight in (*network.parameters(), *generator.parameters()))

    @pytest.mark.parametrize(("height", "width"), [(8, 128), (20, 28), (33, 9), (127, 64)])
    def test_images_need_not_be_square(self, height: int, width: int) -> None:
        pair = find_pair("auto", (3, height, width), "mine")
        images = pair.generator(9, 0.02)(torch.randn(2, 9))
        assert images.shape == (2, 3, height, width)
        assert pair.discriminator(6, 0.02)(images)[1].shape == (2, 6)

    def test_every_pixel_of_an_odd_side_is_seen_and_made(self) -> None:
        pair = find_pair("auto", (1, 37, 37), "mine")
        images = torch.rand(4, 1, 37, 37, requires_grad=True)
        pair.discriminator(6, 0.1)(images)[0].square().sum().backward()
        assert images.grad is not None
        assert (images.grad != 0).any(0).all()
        assert (pair.generator(9, 0.1)(torch.randn(8, 9)).std(0) > 0).all()

    def test_colored_digits_have_the_networks_of_mnist_with_three_channels(self) -> None:
        pair, gray = find_pair("auto", (3, 28, 28), "mine"), NETWORKS.get("mnist")
        colored, like = layers(pair.discriminator(14)), layers(gray.discriminator(14))
        assert colored == [("conv", 3, 64, 4, 2), *like[1:]]
        assert layers(pair.generator(74)) == [*layers(gray.generator(74))[:-2], ("upconv", 64, 3, 4, 2), ("Sigmoid",)]

    def test_larger_images_are_halved_more_often(self) -> None:
        assert layers(find_pair("auto", (3, 100, 100), "mine").discriminator(14).trunk) == [
            ("conv", 3, 64, 4, 2), ("lReLU", 0.1),
            ("conv", 64, 128, 4, 2), ("BN", 128), ("lReLU", 0.1),
            ("conv", 128, 256, 4, 2), ("BN", 256), ("lReLU", 0.1),
            ("conv", 256, 256, 4, 2), ("BN", 256), ("lReLU", 0.1),
            ("FC", 6 * 6 * 256, 1024), ("BN", 1024), ("lReLU", 0.1),
        ]  # fmt: skip

    @pytest.mark.parametrize("shape", [(1, 7, 28), (3, 129, 129), (2, 28, 28), (4, 64, 64)])
    def test_other_images_are_refused(self, shape: tuple[int, int, int]) -> None:
        with pytest.raises(SettingError, match=r"'mine' has images .*; there are no networks for those") as caught:
            find_pair("auto", shape, "mine")
        assert "sides of 8 to 128 pixels" in caught.value.remedy


@pytest.mark.parametrize("name", sorted(NETWORKS))
@pytest.mark.parametrize("width", [1.0, 0.3, 1e-6])
class TestEveryPair:
    def test_shapes(self, name: str, width: float) -> None:
        pair = NETWORKS.get(name)
        images = pair.generator(9, width)(torch.randn(BATCH, 9))
        assert images.shape == (BATCH, *pair.shape)
        logits, parameters = pair.discriminator(6, width)(images)
        assert logits.shape == (BATCH,)
        assert parameters.shape == (BATCH, 6)

    def test_images_lie_between_0_and_1(self, name: str, width: float) -> None:
        images = NETWORKS.get(name).generator(9, width)(torch.randn(BATCH, 9) * 10)
        assert images.min() >= 0
        assert images.max() <= 1

    def test_a_layer_has_a_bias_exactly_if_no_norm_follows(self, name: str, width: float) -> None:
        pair = NETWORKS.get(name)
        network = pair.discriminator(6, width)
        for sequence in (pair.generator(9, width), network.trunk, nn.Sequential(network.head), network.q_head):
            assert isinstance(sequence, nn.Sequential)
            parts = [*sequence, nn.Identity()]
            for layer, after in pairwise(parts):
                if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                    assert (layer.bias is None) == isinstance(after, nn.BatchNorm1d | nn.BatchNorm2d)


class TestDiscriminator:
    network = NETWORKS.get("digits").discriminator(6, 0.1)
    images = torch.rand(BATCH, 1, 8, 8)

    def test_without_q(self) -> None:
        logits, parameters = self.network.eval()(self.images, with_q=False)
        assert parameters is None
        assert torch.equal(logits, self.network.eval()(self.images)[0])

    def test_detached_features_keep_q_from_the_trunk(self) -> None:
        for detach in (True, False):
            self.network.zero_grad()
            self.network(self.images, detach_q=detach)[1].sum().backward()
            reached = [parameter.grad is not None for parameter in self.network.trunk.parameters()]
            assert all(parameter.grad is not None for parameter in self.network.q_head.parameters())
            assert not any(reached) if detach else all(reached)


class TestInitialization:
    recipe = find_recipe("infogan-mnist").with_settings({"networks.width": 0.5})

    def model(self, seed: int = 0, **settings: object) -> Model:
        return make_model(self.recipe.with_settings(settings), (1, 28, 28), seed)

    def test_weights_are_normal_with_deviation_002(self) -> None:
        model = self.model()
        for network in model.networks.values():
            for module in network.modules():
                if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d) and module.weight.numel() > 300:
                    assert_normal(module.weight, mean=0)

    def test_gains_are_normal_around_1(self) -> None:
        model = self.model()
        norms = [
            module for module in model.networks["G"].modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
        ]
        assert len(norms) == 3
        assert_normal(torch.cat([norm.weight for norm in norms]), mean=1)

    def test_biases_and_offsets_are_zero(self) -> None:
        model = self.model()
        networks = nn.ModuleDict(model.networks)
        biases = {name: value for name, value in networks.named_parameters() if "bias" in name}
        assert biases
        assert not any(value.any() for value in biases.values())

    def test_a_seed_determines_the_weights(self) -> None:
        first, again, other = self.model(0), self.model(0), self.model(1)
        assert same(first.networks["G"], again.networks["G"])
        assert same(first.networks["D"], again.networks["D"])
        assert not same(first.networks["G"], other.networks["G"])
        assert not same(first.networks["D"], other.networks["D"])

    def test_the_global_generator_is_of_no_account(self) -> None:
        torch.manual_seed(1)
        first = self.model()
        torch.manual_seed(2)
        assert same(first.networks["D"], self.model().networks["D"])

    def test_another_q_leaves_g_and_the_trunk_as_they_are(self) -> None:
        settings = {"latents.codes": [{"kind": "categorical", "k": 12}]}  # 12 columns, as before, but 12 outputs of Q
        first, other = self.model(), self.model(**settings)
        assert same(first.networks["G"], other.networks["G"])
        assert same(first.networks["D"].trunk, other.networks["D"].trunk)
        assert same(first.networks["D"].head, other.networks["D"].head)

    def test_parts_do_not_share_their_numbers(self) -> None:
        network = nn.Linear(400, 400)
        initialize(network, 0)
        before = network.weight.detach().clone()
        initialize(network, 1)
        assert abs(np.corrcoef(before.flatten(), network.weight.detach().flatten())[0, 1]) < 0.02  # 8 deviations


def assert_normal(values: Tensor, *, mean: float) -> None:
    """Mean, deviation and shape as of N(mean, 0.02), each within what 1 in a million samples exceeds."""
    sample = values.detach().double().flatten().numpy()
    assert abs(sample.mean() - mean) < 5 * 0.02 / len(sample) ** 0.5
    assert abs(sample.std() / 0.02 - 1) < 5 / (2 * len(sample)) ** 0.5
    assert stats.kstest(sample[:5000], stats.norm(mean, 0.02).cdf).pvalue > 1e-6


def same(first: nn.Module, second: nn.Module) -> bool:
    there, here = first.state_dict(), second.state_dict()
    return there.keys() == here.keys() and all(torch.equal(there[name], here[name]) for name in there)


@pytest.mark.parametrize(
    ("channels", "width", "expected"), [(64, 1.0, 64), (64, 0.5, 32), (10, 0.25, 2), (64, 0.001, 1), (3, 2.0, 6)]
)
def test_scaled(channels: int, width: float, expected: int) -> None:
    assert scaled(channels, width) == expected


def test_unknown_networks_are_named_with_a_guess() -> None:
    with pytest.raises(UnknownNameError, match=r"no pair of networks named 'mnits'.*\n.*'mnist'"):
        make_model(find_recipe("infogan-mnist").with_settings({"networks.name": "mnits"}), (1, 28, 28))


def test_networks_of_another_size_than_the_images_are_refused() -> None:
    with pytest.raises(SettingError, match=r"'digits' has images \(1, 8, 8\); .*'mnist' make .*\(1, 28, 28\)"):
        make_model(find_recipe("infogan-digits").with_settings({"networks.name": "mnist"}), (1, 8, 8))
