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
        (Own(lambda number: (IMAGES[number], IMAGES[number])), r"labels 'label' have the shape \(20, 1, 4, 4\)"),
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


MASKED = np.ma.masked_array(LABELS, mask=np.arange(20) % 6 == 0)  # the first of a batch decides how torch collates it
MASKED_PAIRS = np.ma.masked_array(np.stack([LABELS, LABELS], axis=1), mask=np.stack([MASKED.mask] * 2, axis=1))


@pytest.mark.parametrize(
    "item",
    [
        lambda number: (IMAGES[number], MASKED[number]),
        lambda number: (IMAGES[number], MASKED_PAIRS[number]),
        lambda number: {"image": IMAGES[number], "at": MASKED_PAIRS[number]},
        lambda number: (IMAGES[number], None if MASKED.mask[number] else int(LABELS[number])),
        lambda number: (IMAGES[number], np.ma.masked if MASKED.mask[number] else "abc"[LABELS[number]]),
        lambda number: (IMAGES[number], float("nan") if MASKED.mask[number] else "abc"[LABELS[number]]),
    ],
)
@pytest.mark.parametrize("batches", [lambda given: given, lambda given: DataLoader(given, batch_size=1), DataLoader])
def test_labels_that_are_masked_are_unknown(item, batches):
    factors = db.represent(first_pixels, batches(Own(item))).factors
    assert (factors.known == ~MASKED.mask[:, None]).all()
    whole = factors.values[~MASKED.mask, 0]
    assert np.array_equal(np.unique(whole, return_inverse=True)[1], LABELS[~MASKED.mask])


def test_a_whole_batch_keeps_its_masks():
    given = Own(lambda number: (IMAGES[5 * number :][:5], MASKED[5 * number :][:5]), n=4)
    loader = DataLoader(given, batch_size=None)
    assert np.array_equal(db.represent(first_pixels, loader).factors.known[:, 0], ~MASKED.mask)


def test_masked_images_are_refused_and_masks_of_nothing_are_not():
    masked, whole = np.ma.masked_less(IMAGES, 0.1), np.ma.masked_array(IMAGES)
    for item in (lambda number: masked[number], lambda number: (masked[number], 1)):
        for given in (Own(item), DataLoader(Own(item), batch_size=5)):
            with pytest.raises(RepresentationError, match="values of the images are masked"):
                db.represent(first_pixels, given)
    assert np.array_equal(
        db.represent(first_pixels, Own(lambda number: whole[number])).codes, IMAGES.reshape(20, -1)[:, :3]
    )


def test_a_loader_with_workers_says_what_cannot_be_put_into_batches():
    def loader(given):
        return DataLoader(given, batch_size=7, num_workers=1)

    known = db.represent(first_pixels, loader(Own(lambda number: (IMAGES[number], MASKED[number])))).factors.known
    assert np.array_equal(known[:, 0], ~MASKED.mask)
    with pytest.raises(RepresentationError, match=r"put into batches: TypeError: .*found <class 'object'>"):
        db.represent(first_pixels, loader(Own(lambda number: (object(), 1))))
