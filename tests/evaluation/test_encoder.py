"""Any encoder is asked once of each image, and left as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import disentangle_bench as db
from disentangle_bench.datasets import DATASETS
from disentangle_bench.errors import RepresentationError, UnknownNameError
from disentangle_bench.evaluation.encoder import encode_images, representation_of_encoder

DIGITS = DATASETS.get("digits").load(None)
IMAGES = DIGITS.images


def pixels(images: torch.Tensor) -> torch.Tensor:
    """The first four pixels of the third line."""
    return images[:, 0, 2, :4]


class Network(nn.Module):
    """A layer that behaves otherwise in training."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(64), nn.Linear(64, 3), nn.Dropout(0.5))
        self.layers[1].eval()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images)


def codes_of(encoder, images, **options):
    return encode_images(encoder, images, **options)[0]


def test_the_codes_of_every_image_in_order():
    codes = codes_of(pixels, IMAGES, batch_size=100)
    assert codes == pytest.approx(IMAGES[:, 0, 2, :4] / 255)
    assert codes.dtype == np.float32


@pytest.mark.parametrize("batch_size", [1, 7, 5_000])
def test_the_size_of_a_batch_does_not_matter(batch_size):
    assert np.array_equal(codes_of(pixels, IMAGES[:50], batch_size=batch_size), codes_of(pixels, IMAGES[:50]))


def test_each_image_is_read_once_but_for_a_few_that_are_checked():
    seen = []
    codes_of(lambda images: seen.append(len(images)) or images[:, 0, 0], IMAGES, batch_size=500)
    assert seen == [500, 16, 500, 500, 297]


def test_a_module_is_asked_in_evaluation_mode_and_left_as_it_was():
    network = Network().train()
    network.layers[1].eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    first, second = codes_of(network, IMAGES[:64]), codes_of(network, IMAGES[:64])
    assert np.array_equal(first, second)
    assert [module.training for module in network.layers] == [True, False, True, True]
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_so_is_a_module_that_a_function_closes_over():
    network = Network().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    first, second = (codes_of(lambda images: network(images)[:, :2], IMAGES, batch_size=size) for size in (256, 64))
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert all(module.training for module in (network, network.layers[0], network.layers[3]))
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def of_the_batch(images: torch.Tensor) -> torch.Tensor:
    """As a batch norm in training mode that no search finds."""
    codes = images.flatten(1)[:, 20:30]
    return (codes - codes.mean(0)) / (codes.std(0) + 1e-3)


def test_codes_that_depend_on_the_batch_are_refused():
    with pytest.raises(RepresentationError, match=r"depend on the batch: they differ from 16 images to 256\.\n.*eval"):
        codes_of(of_the_batch, IMAGES)
    with pytest.raises(RepresentationError, match="depend on the batch"):
        codes_of(lambda images: of_the_batch(images).argmax(1), IMAGES)


def test_codes_that_are_drawn_are_taken_with_a_note(caplog):
    drawn = codes_of(lambda images: pixels(images) + torch.randn(len(images), 4), IMAGES)
    assert len(drawn) == len(IMAGES)
    assert caplog.messages == [
        "The encoder gives other codes for the same images each time; they are taken as samples."
    ]


@pytest.mark.parametrize("noise", [1e-6, 4e-3])
def test_rounding_is_no_dependence_on_the_batch(noise):
    """As of single precision and of bfloat16."""
    codes_of(lambda images: (pixels(images) + 3) * (1 + noise * len(images) / 256), IMAGES)


def test_arrays_and_single_codes_will_do():
    assert codes_of(lambda images: images.mean(dim=(1, 2, 3)).numpy(), IMAGES[:9]).shape == (9, 1)


@pytest.mark.parametrize("form", [torch.Tensor.bfloat16, torch.Tensor.to_sparse])
def test_tensors_of_any_type_and_layout_will_do(form):
    expected = torch.tensor(codes_of(pixels, IMAGES[:9])).to(torch.bfloat16).float()
    found = codes_of(lambda images: form(pixels(images).to(torch.bfloat16)), IMAGES[:9])
    assert torch.tensor(found).equal(expected)


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        (lambda images: (images, images), r"gave a tuple of 2.*\[0\]"),
        (lambda images: images, r"\(256, 1, 8, 8\) for 256 images"),
        (lambda images: pixels(images).to("meta"), "a tensor of torch.float32 on meta that cannot be read"),
        (lambda images: np.ma.masked_less(pixels(images).numpy(), 0.5), "codes that the encoder gave are masked"),
        (lambda images: images[:3, 0, 0], r"\(3, 8\) for 256 images"),
        (lambda images: images[:, 0, 0, : 3 + len(images) // 256], r"\[3, 4\] codes an image"),
    ],
)
def test_what_is_no_code(encoder, said):
    with pytest.raises(RepresentationError, match=f"(?s){said}"):
        codes_of(encoder, IMAGES)


def test_a_representation_has_the_dataset_s_factors_and_split():
    representation = representation_of_encoder(pixels, DIGITS, names=list("abcd"))
    assert representation.codes.names == tuple("abcd")
    assert np.array_equal(representation.train, DIGITS.train)
    assert representation.factors is DIGITS.factors


def test_categories_are_told_by_whole_numbers_or_by_kind():
    labels = representation_of_encoder(lambda images: images.mean(dim=(1, 2, 3)).mul(9).long(), DIGITS)
    assert labels.codes.kinds == ("categorical",)
    assert representation_of_encoder(pixels, DIGITS, kinds=["ordinal"] * 4).codes.kinds == ("ordinal",) * 4


def test_the_public_way():
    representation = db.represent(pixels, "digits")
    assert np.array_equal(db.represent(pixels, db.load_dataset("digits")).codes, representation.codes)
    assert db.evaluate(representation, ["active-units"]).scores["active-units"].value == 3
    with pytest.raises(UnknownNameError, match="digits"):
        db.represent(pixels, "digit")
