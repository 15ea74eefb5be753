"""A classifier trained on a dataset's own labels: it judges what an image shows, and how images differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from disentangle_bench.allocation import kept_memory
from disentangle_bench.datasets import Dataset
from disentangle_bench.metrics.generator.sampling import training_mode
from disentangle_bench.seeds import derive_seed

BATCH = 128
STEPS = 800
SECONDS = 50.0
"""Roughly what the training takes on one core for images of 28 x 28 gray pixels."""
LEARNING_RATE = 2e-3
READ_BATCH = 1000
CACHED = 100
"""Images whose maps fit into a processor's cache: convolutions of so many at a time take half as long, and each image's
result is the same to the last bit. That of matrix products might not be.
"""
SCALED_ON = 10_000  # training images, enough to estimate the size of features


class TrainedClassifier:
    """Images `(n, c, h, w)`, float in [0, 1] or uint8 -> the predicted class `(n,)` int64, on the images' device.

    Attributes:
        classes: `(k,)` the labels in order; a prediction is one of them.
        scale: what features are divided by.
    """

    def __init__(self, network: nn.Sequential, classes: Tensor, scale: float = 1.0) -> None:
        self.network, self.classes, self.scale = network.eval(), classes, scale

    def __call__(self, images: Tensor) -> Tensor:
        return self.classes[self._read(self.network, images).argmax(dim=1)].to(images.device)

    def features(self, images: Tensor) -> Tensor:
        """The last hidden layer's activations `(n, f)` float32, on the images' device.

        They are scaled by one number, so that their variance over training images is 1 on average. The size of
        activations says nothing of itself; scaled, distances in different datasets' features can be told side by side.
        """
        return self._read(self.network[:-1], images).div(self.scale).to(images.device)

    @torch.inference_mode()
    def _read(self, network: nn.Sequential, images: Tensor) -> Tensor:
        device = self.classes.device
        at_a_time = CACHED if device.type == "cpu" else READ_BATCH
        flat = next(place for place, layer in enumerate(network) if isinstance(layer, nn.Flatten))
        convolutions, products = network[:flat], network[flat:]
        return torch.cat(
            [
                products(torch.cat([convolutions(some) for some in torch.split(_scaled(rows.to(device)), at_a_time)]))
                for rows in torch.split(images, READ_BATCH)
            ]
        )


def train_classifier(dataset: Dataset, device: torch.device, seed: int = 0) -> TrainedClassifier:
    """A small convolutional network fitted to those images of the training split whose class is known, in some seconds.

    Args:
        dataset: with labels.
        device: where to train it.
        seed: of weights and batches. The global random state is left as it was.
    """
    with training_mode(derive_seed(seed, "classifier")):
        classifier = untrained(dataset, device)
        known = _labels(dataset) >= 0
        targets = np.unique(_labels(dataset)[known], return_inverse=True)[1]
        split = dataset.split("train")  # as it lies in memory: another layout of equal images has other rounding
        images = torch.from_numpy(split if known.all() else split[known]).to(device)
        _fit(classifier.network, images, torch.from_numpy(targets).to(device), seed)
    classifier.network.eval()
    deviation = classifier.features(images[:SCALED_ON]).var(dim=0).mean().sqrt()
    classifier.scale = float(deviation) or 1.0
    return classifier


def untrained(dataset: Dataset, device: torch.device) -> TrainedClassifier:
    """Make a classifier of the size of a dataset, with random weights."""
    labels = _labels(dataset)
    classes = np.unique(labels[labels >= 0])
    # Channels side by side, or the fused optimizer, would be quicker; but rounding grows over the steps, and what the
    # metrics make of the classifier would change by percents.
    network = _network(dataset.info.shape, len(classes)).to(device)
    return TrainedClassifier(network, torch.from_numpy(classes).to(device))


def _labels(dataset: Dataset) -> NDArray[Any]:
    labels = dataset.labels("train")
    if labels is None:
        raise ValueError(f"dataset {dataset.info.name!r} has no labels")
    return labels


def _network(shape: tuple[int, int, int], classes: int) -> nn.Sequential:
    channels, height, width = shape
    halvings = 2 if min(height, width) >= 16 else 1
    layers: list[nn.Module] = []
    for index in range(halvings):
        outputs = 32 << index
        layers += [
            nn.Conv2d(channels, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.MaxPool2d(2),
            nn.ReLU(inplace=True),  # of a quarter of the values; before pooling it would give the same ones
        ]
        channels = outputs
    features = channels * (height >> halvings) * (width >> halvings)
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(features, 128), nn.ReLU(inplace=True), nn.Linear(128, classes)
    )


@kept_memory()
def _fit(network: nn.Module, images: Tensor, targets: Tensor, seed: int) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS)
    network.train()
    generator = torch.Generator().manual_seed(derive_seed(seed, "classifier batches"))
    for _ in range(STEPS):
        rows = torch.randint(len(images), (BATCH,), generator=generator)
        loss = F.cross_entropy(network(_scaled(images[rows])), targets[rows])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()


def _scaled(images: Tensor) -> Tensor:
    return images.float() / 255 if images.dtype == torch.uint8 else images
