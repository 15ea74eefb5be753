"""The judge of a picture's content: good, reproducible, and no trace left on the global random state."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from disentangle_bench.datasets import DATASETS, Dataset
from disentangle_bench.evaluation.classifier import train_classifier


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return DATASETS.get("digits").load()


@pytest.mark.slow
def test_it_knows_digits_that_it_has_not_seen(digits: Dataset) -> None:
    state = torch.random.get_rng_state()
    classifier = train_classifier(digits, torch.device("cpu"))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert classifier.test_accuracy > 0.97
    test = torch.from_numpy(digits.split("test"))
    predicted = classifier(test)
    assert predicted.dtype == torch.int64
    assert torch.equal(predicted, classifier(test.float() / 255))  # bytes and floats mean the same
    labels = digits.labels("test")
    assert labels is not None
    assert np.mean(predicted.numpy() == labels) == pytest.approx(classifier.test_accuracy)


def test_a_dataset_without_labels_is_refused(digits: Dataset) -> None:
    unlabelled = Dataset(digits.facts, digits.images, None, digits.train)
    with pytest.raises(ValueError, match="no labels"):
        train_classifier(unlabelled, torch.device("cpu"))
