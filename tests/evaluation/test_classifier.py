"""The judge of a picture's content: good, reproducible, and no trace left on the global random state."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from disentangle_bench.datasets import DATASETS, Dataset
from disentangle_bench.evaluation import classifier as classifier_module
from disentangle_bench.evaluation.classifier import READ_BATCH, TrainedClassifier, _network, train_classifier
from disentangle_bench.metrics.generator.sampling import training_mode
from disentangle_bench.seeds import derive_seed


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return DATASETS.get("digits").load()


@pytest.fixture(scope="module")
def classifier(digits: Dataset) -> TrainedClassifier:
    state = torch.random.get_rng_state()
    trained = train_classifier(digits, torch.device("cpu"))
    assert torch.equal(torch.random.get_rng_state(), state)
    return trained


@pytest.mark.slow
def test_it_knows_digits_that_it_has_not_seen(digits: Dataset, classifier: TrainedClassifier) -> None:
    test = torch.from_numpy(digits.split("test"))
    predicted = classifier(test)
    assert predicted.dtype == torch.int64
    assert torch.equal(predicted, classifier(test.float() / 255))  # bytes and floats mean the same
    labels = digits.labels("test")
    assert labels is not None
    assert np.mean(predicted.numpy() == labels) > 0.97


@pytest.mark.slow
def test_features_tell_classes_apart_and_have_a_size_of_their_own(
    digits: Dataset, classifier: TrainedClassifier
) -> None:
    features = classifier.features(torch.from_numpy(digits.split("train")))
    assert features.shape == (1501, 128)
    assert features.dtype == torch.float32
    assert float(features.var(dim=0).mean()) == pytest.approx(1, rel=1e-4)
    test = torch.from_numpy(digits.split("test"))
    logits = classifier.network[-1](classifier.features(test) * classifier.scale)
    assert torch.equal(classifier.classes[logits.argmax(dim=1)], classifier(test))


def test_its_training_rounds_as_a_plain_loop_does(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Published values depend on it: what fused steps or another layout round differently grows over the steps."""
    monkeypatch.setattr(classifier_module, "STEPS", 20)
    trained = train_classifier(digits, torch.device("cpu")).network
    images = torch.from_numpy(digits.split("train"))
    labels = torch.from_numpy(digits.labels("train"))
    with training_mode(derive_seed(0, "classifier")):
        plain = _network((1, 8, 8), 10)
        optimizer = torch.optim.AdamW(plain.parameters(), lr=2e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=20)
        generator = torch.Generator().manual_seed(derive_seed(0, "classifier batches"))
        for _ in range(20):
            rows = torch.randint(len(images), (128,), generator=generator)
            optimizer.zero_grad()
            nn.functional.cross_entropy(plain(images[rows].float() / 255), labels[rows]).backward()
            optimizer.step()
            schedule.step()
    for weight, expected in zip(trained.parameters(), plain.parameters(), strict=True):
        assert weight.is_contiguous()
        assert torch.equal(weight, expected)


@pytest.mark.slow
def test_training_it_again_gives_the_same_features(digits: Dataset, classifier: TrainedClassifier) -> None:
    test = torch.from_numpy(digits.split("test"))
    with torch.inference_mode():  # as a caller may
        again = train_classifier(digits, torch.device("cpu"))
    assert torch.equal(again.features(test), classifier.features(test))


def test_a_dataset_without_labels_is_refused(digits: Dataset) -> None:
    unlabeled = Dataset(digits.info, digits.images, None, digits.train)
    with pytest.raises(ValueError, match="no labels"):
        train_classifier(unlabeled, torch.device("cpu"))


@pytest.mark.parametrize("images", [1, 99, 203, 1007])
def test_reading_images_a_few_at_a_time_changes_no_bit(images: int) -> None:
    with training_mode(0):
        network = _network((1, 28, 28), 10).eval()
    shown = torch.rand(images, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        whole = torch.cat([network[:-1](rows) for rows in torch.split(shown, READ_BATCH)])
    assert torch.equal(TrainedClassifier(network, torch.arange(10)).features(shown), whole)


def test_pooling_before_rectifying_changes_no_bit_of_values_and_gradients() -> None:
    random = torch.Generator().manual_seed(0)
    maps = torch.randint(-3, 4, (16, 8, 14, 15), generator=random) / 3  # many equal neighbors, and zeros
    upstream = torch.randn(16, 8, 7, 7, generator=random)
    found = []
    for layers in ([nn.ReLU(), nn.MaxPool2d(2)], [nn.MaxPool2d(2), nn.ReLU()]):
        leaf = maps.clone().requires_grad_()
        pooled = nn.Sequential(*layers)(leaf)
        pooled.backward(upstream)
        found.append((pooled, leaf.grad))
    (usual, usual_gradient), (pooled, gradient) = found
    assert torch.equal(pooled, usual)
    assert torch.equal(gradient, usual_gradient)


def test_images_whose_class_is_known_are_read_as_they_lie_in_memory(digits: Dataset, monkeypatch) -> None:
    given: list[torch.Tensor] = []
    monkeypatch.setattr(classifier_module, "_fit", lambda _network, images, *_: given.append(images))
    train_classifier(digits, torch.device("cpu"))
    assert given[0].stride() == torch.from_numpy(digits.split("train")).stride()
