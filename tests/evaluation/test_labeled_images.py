"""Torch datasets, DataLoaders and arrays are taken with their labels, which become factors with names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

import disentangle_bench as db
from disentangle_bench.errors import RepresentationError

RNG = np.random.default_rng(0)
IMAGES = RNG.random((20, 1, 4, 4)).astype(np.float32)
BYTES = RNG.integers(0, 256, (20, 3, 4, 4), dtype=np.uint8)
LABELS = np.arange(20) % 3


def first_pixels(images):
    return images.flatten(1)[:, :3]


class Own(Dataset):
    """A map from numbers to what a function gives of them."""

    def __init__(self, item, n=20):
        self.item, self.n = item, n

    def __len__(self):
        return self.n

    def __getitem__(self, number):
        return self.item(number)


class Stream(IterableDataset):
    def __iter__(self):
        return iter([(image, label) for image, label in zip(IMAGES, LABELS.tolist(), strict=True)])


@pytest.mark.parametrize(
    "given",
    [
        TensorDataset(torch.from_numpy(IMAGES), torch.from_numpy(LABELS)),
        Own(lambda number: (IMAGES[number], int(LABELS[number]))),
        Own(lambda number: {"image": IMAGES[number], "label": LABELS[number]}),
        Own(lambda number: (IMAGES[number], {"label": LABELS[number]})),
        Stream(),
        DataLoader(TensorDataset(torch.from_numpy(IMAGES), torch.from_numpy(LABELS)), batch_size=7),
        [(torch.from_numpy(image), int(label)) for image, label in zip(IMAGES, LABELS, strict=True)],
    ],
)
def test_images_with_labels(given):
    representation = db.represent(first_pixels, given, batch_size=6)
    assert np.array_equal(representation.codes, IMAGES.reshape(20, -1)[:, :3])
    assert np.array_equal(representation.factors.column("label"), LABELS)
    assert (representation.factors.names, representation.factors.kinds) == (("label",), ("categorical",))
    assert representation.train is None


def test_a_loader_s_own_order_keeps_labels_beside_their_images():
    loader = DataLoader(TensorDataset(torch.from_numpy(IMAGES), torch.from_numpy(LABELS)), batch_size=8, shuffle=True)
    representation = db.represent(first_pixels, loader)
    at = [int(np.flatnonzero(IMAGES[:, 0, 0, 0] == code)[0]) for code in np.asarray(representation.codes)[:, 0]]
    assert sorted(at) == [*range(20)]
    assert np.array_equal(representation.factors.column("label"), LABELS[at])


def test_keys_are_the_names_of_factors_of_any_kind():
    size = RNG.random(20)
    given = Own(
        lambda n: {"img": IMAGES[n], "shape": "abc"[LABELS[n]], "size": float(size[n]), "at": np.array([n, -n])}
    )
    factors = db.represent(first_pixels, given).factors
    assert factors.names == ("shape", "size", "at1", "at2")
    assert factors.kinds == ("categorical", "continuous", "categorical", "categorical")
    assert np.array_equal(factors.column("shape"), LABELS)
    assert factors.column("size") == pytest.approx(size)
    assert np.array_equal(factors.column("at2"), -np.arange(20))


def test_several_labels_are_numbered():
    representation = db.represent(first_pixels, Own(lambda n: (IMAGES[n], n % 2, n / 20)))
    assert representation.factors.names == ("label1", "label2")


def test_images_alone_have_no_factors():
    for given in (IMAGES, torch.from_numpy(IMAGES), Own(lambda number: IMAGES[number])):
        representation = db.represent(first_pixels, given)
        assert np.array_equal(representation.codes, IMAGES.reshape(20, -1)[:, :3])
        assert representation.factors is None


def test_bytes_are_scaled_and_floats_are_given_as_they_are():
    assert np.asarray(db.represent(first_pixels, BYTES).codes) == pytest.approx(BYTES.reshape(20, -1)[:, :3] / 255)
    normalized = (IMAGES - 0.5) / 0.1
    assert np.asarray(db.represent(first_pixels, normalized).codes) == pytest.approx(normalized.reshape(20, -1)[:, :3])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (np.zeros((8, 28, 28), np.uint8), r"batch of images \(8, 28, 28\)"),
        (Own(lambda number: (object(), 1)), "cannot be put into batches"),
        (Own(lambda number: ("a.png", 1)), "gave tuple for images|gave list for images"),
        (Own(lambda number: {"picture": IMAGES[number]}), "gave the parts picture"),
        (Own(lambda number: (IMAGES[number], IMAGES[number])), r"labels 'label' \(20, 1, 4, 4\)"),
        (Own(lambda number: IMAGES[number] * np.nan), "NaN"),
        (Own(lambda number: IMAGES[number], n=0), "gave no images"),
        ([], "gave no images"),
        ((BYTES, LABELS), "cannot be put into batches"),
        (np.ma.masked_equal(BYTES, 0), "values of the images are masked"),
        (5, "int is not a dataset"),
        ({"image": IMAGES}, "dict is not a dataset"),
        (pd.DataFrame({"image": [1, 2]}), "DataFrame is not a dataset"),
        (DataLoader(Own(lambda number: IMAGES[number]), batch_size=None), r"batch of images \(1, 4, 4\)"),
    ],
)
def test_what_is_no_dataset_of_images(given, says):
    with pytest.raises(RepresentationError, match=says):
        db.represent(first_pixels, given)
