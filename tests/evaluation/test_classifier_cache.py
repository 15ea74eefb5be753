"""Classifiers that are kept: the same bits, trained once, and again where an entry is damaged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from disentangle_bench.datasets import DATASETS, Dataset
from disentangle_bench.evaluation import classifier, classifier_cache
from disentangle_bench.evaluation.classifier_cache import is_kept, kept_classifier
from disentangle_bench.storage import user_cache

CPU = torch.device("cpu")


@pytest.fixture
def digits(tmp_path, monkeypatch) -> Iterator[Dataset]:
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(classifier, "STEPS", 3)
    return DATASETS.get("digits").load()


def entry():
    [path] = user_cache("classifiers").glob("*.bin")
    return path


def test_it_is_trained_once_and_read_bit_for_bit(digits, monkeypatch):
    assert not is_kept(digits, CPU)
    first = kept_classifier(digits, CPU)
    assert is_kept(digits, CPU)
    monkeypatch.delattr(classifier_cache, "train_classifier")
    state = torch.random.get_rng_state()
    again = kept_classifier(digits, CPU)
    assert torch.equal(torch.random.get_rng_state(), state)
    images = torch.from_numpy(digits.split("test"))
    assert torch.equal(again(images), first(images))
    assert torch.equal(again.features(images), first.features(images))


def test_other_data_have_another_one(digits):
    kept_classifier(digits, CPU)
    assert not is_kept(Dataset(digits.info, 255 - digits.images, digits.factors, digits.train), CPU)
    assert not is_kept(Dataset(digits.info, digits.images, digits.factors, ~digits.train), CPU)


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_a_damaged_entry_is_replaced(digits, damage):
    kept_classifier(digits, CPU)
    whole = entry().read_bytes()
    changed = {"cut": whole[:-1], "changed": whole[:-1] + bytes([whole[-1] ^ 1]), "empty": b""}
    entry().write_bytes(changed[damage])
    kept_classifier(digits, CPU)
    assert entry().read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_no_hindrance(digits, tmp_path, monkeypatch):
    (tmp_path / "in-the-way").write_text("a file")
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path / "in-the-way"))
    assert kept_classifier(digits, CPU).scale > 0
