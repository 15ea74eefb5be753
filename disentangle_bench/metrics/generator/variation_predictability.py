"""Variation predictability: a small network predicts which code differs between two generated images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike
from scipy import stats
from torch import Tensor, nn

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, Latents, LatentSpec
from disentangle_bench.metrics.generator.convolutions import convolutional_layers
from disentangle_bench.metrics.generator.perturbation import NOISE, Perturbation
from disentangle_bench.metrics.generator.sampling import draw_latents, image_batches, isolated_randomness, training_mode
from disentangle_bench.metrics.information.entropies import count_pairs
from disentangle_bench.metrics.metric import Generator, Score, Scores, metric, pairing
from disentangle_bench.seeds import derive_seed

BATCH = 500
LARGEST_MAP = 4
HIDDEN = 128
MINIBATCH = 50
EPOCHS = 40
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-2
INVISIBLE = 1 / 255  # differences of less than a gray level are not amplified for the network


@metric(
    "variation-predictability",
    version=2,
    bounds=(0, 1),
    better="higher",
    source="arXiv:2007.12885, its metric VP",
    seconds=8,
)
def variation_predictability(
    generator: Generator,
    latents: LatentSpec,
    images: ArrayLike | None = None,
    *,
    pairs: int = 5000,
    train_share: float = 0.1,
    noise: float = NOISE,
    seed: int = 0,
) -> Scores:
    """Variation predictability (VP): high when few examples teach a network which code differs between two images.

    The images of a pair share the noise and all codes but one, which is drawn again from its prior; a categorical code
    gets another category. Each code is the changed one equally often. A small convolutional network is trained on the
    difference of the two images for a small share of the pairs and scored on the others.

        VP = P[network(x~' - x) = changed code],  over held-out pairs (x, x')

    The second image is perturbed as those of `mutual-information`, so that only what is visible counts.

    Does not see: what the codes do. The codes of a plain GAN score too, if each has an effect that is alike from image
    to image.

    It needs neither labels nor Q. The authors' code reports the best of many epochs, chosen on the pairs that it
    reports; here it is the last, which gives slightly lower scores.

    Args:
        generator: latents -> images `(n, c, h, w)`.
        latents: the priors of codes and noise.
        images: real ones `(n, c, h, w)`, uint8 or float in [0, 1], for the scale of the perturbation.
        pairs: number of pairs of images.
        train_share: share of the pairs to train on.
        noise: of the perturbation, as a share of the spread of real images; 0 leaves the images as they are.
        seed: of pairs, noise, initial weights and order.

    Returns:
        The accuracy, in [0, 1]; chance is one over the number of codes. Undefined for a single code. Its samples are
        correct (1) and wrong (0) predictions. The interval is Wilson's over the held-out pairs, for this one network;
        other seeds vary more. Its details hold the confusion matrix (changed code x prediction), the recall of each
        code and the accuracy in training.

    Raises:
        DbenchError: fewer pairs to train on, or to score, than codes; images that are NaN or infinite.

    References:
        Zhu et al. (2020), arXiv:2007.12885, its metric VP.

    Example:
        Each code is one pixel, so the pixel that differs is the code that was changed.

        >>> import torch
        >>> from disentangle_bench.latents import LatentSpec, Uniform
        >>> from disentangle_bench.metrics import variation_predictability
        >>> generator = lambda drawn: torch.stack(drawn.codes, dim=1)[:, None, None]
        >>> latents = LatentSpec(0, (Uniform(), Uniform()))
        >>> score = variation_predictability(generator, latents, pairs=1000, train_share=0.3)
        >>> round(score.value, 1)
        1.0
    """
    codes = len(latents.codes)
    training = round(pairs * train_share)
    if not codes <= training <= pairs - codes:
        raise MetricError(
            f"{pairs} pairs, {training} of them for training, are too few for {codes} codes.",
            f"Give {codes} or more to train on and {codes} or more to score, one for each code.",
        )
    if codes == 1:
        return Score.undefined("There is only one code, so there is nothing to predict.")
    with isolated_randomness(derive_seed(seed, "networks")):
        perturbation = Perturbation.of(generator, latents, images, noise=noise, seed=seed)
    drawn = Pairs.of(generator, latents, perturbation, pairs, seed)
    return _score(drawn, _predictions(drawn, training, codes, seed), training, latents.names)


@dataclass(frozen=True)
class Pairs:
    """Pairs of images that differ in one code.

    Attributes:
        differences: `(n, c, h, w)`, second minus first image.
        changed: `(n,)` int64, the code that was drawn again.
        name: identifies the pairs.
    """

    differences: Tensor
    changed: Tensor
    name: str

    @classmethod
    def of(cls, generator: Generator, latents: LatentSpec, perturbation: Perturbation, pairs: int, seed: int) -> Pairs:
        """Draw pairs in which each code changes equally often, in random order.

        Raises:
            MetricError: NaN or infinite images.
        """
        first = draw_latents(latents, pairs, seed, "first pictures")
        order = np.random.default_rng(derive_seed(seed, "changed codes"))
        changed = torch.from_numpy(order.permutation(np.arange(pairs) % len(latents.codes)))
        second = _changed(first, latents, changed, torch.Generator().manual_seed(derive_seed(seed, "new values")))
        with isolated_randomness(derive_seed(seed, "networks")):
            before = torch.cat([*image_batches(generator, first, BATCH)])
            after = torch.cat([*image_batches(perturbation.of_generator(generator), second, BATCH)])
        differences = after - before
        if not torch.isfinite(differences).all():
            raise MetricError(
                "The generator gave images that hold NaN or infinite values.",
                "Check the run's status and log: its training has probably diverged.",
            )
        return cls(differences, changed.to(differences.device), pairing("pairs", changed, first.noise, *second.codes))


def _changed(first: Latents, latents: LatentSpec, changed: Tensor, generator: torch.Generator) -> Latents:
    """The first latents with, in each row, one code drawn again; a categorical one gets another category."""
    codes = []
    for index, (code, values) in enumerate(zip(latents.codes, first.codes, strict=True)):
        if isinstance(code, Categorical):
            anew = (values + torch.randint(1, code.k, (len(first),), generator=generator)) % code.k
        else:
            anew = code.sample(len(first), generator)
        codes.append(torch.where(changed == index, anew, values))
    return Latents(first.noise, tuple(codes))


def _predictions(pairs: Pairs, training: int, codes: int, seed: int) -> Tensor:
    """Train on the first pairs, and predict for all which code has changed: `(n,)` int64."""
    inputs = pairs.differences / pairs.differences[:training].std().clamp(min=INVISIBLE)
    order = torch.Generator().manual_seed(derive_seed(seed, "order of pairs"))
    with training_mode(derive_seed(seed, "weights")):
        layers = convolutional_layers(inputs.shape[1:], HIDDEN, largest_map=LARGEST_MAP, group_norm=True)
        network = nn.Sequential(*layers, nn.Linear(HIDDEN, codes)).to(inputs.device)
        # Not fused: that rounds differently, which grows over the steps to parts in a thousand of the value.
        optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, LEARNING_RATE, total_steps=EPOCHS * math.ceil(training / MINIBATCH)
        )
        for _ in range(EPOCHS):
            for rows in torch.split(torch.randperm(training, generator=order).to(inputs.device), MINIBATCH):
                loss = F.cross_entropy(network(inputs[rows]), pairs.changed[rows])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
    with torch.no_grad():
        return torch.cat([network(rows).argmax(dim=1) for rows in torch.split(inputs, BATCH)])


def _score(pairs: Pairs, predictions: Tensor, training: int, names: tuple[str, ...]) -> Score:
    changed, predicted = pairs.changed.cpu().numpy(), predictions.cpu().numpy()
    correct = (changed == predicted).astype(np.float64)
    held_out = correct[training:]
    confusion = count_pairs(changed[training:], predicted[training:], (len(names), len(names)))
    exact = stats.binomtest(int(held_out.sum()), len(held_out)).proportion_ci(method="wilson")
    details = {
        "codes": list(names),
        "confusion": confusion.tolist(),
        "recall": dict(zip(names, (np.diag(confusion) / np.maximum(confusion.sum(axis=1), 1)).tolist(), strict=True)),
        "training_pairs": training,
        "training_accuracy": float(correct[:training].mean()),
        "interval": "Wilson's, over the held-out pairs, for one network",
    }
    return Score(
        float(held_out.mean()),
        float(exact.low),
        float(exact.high),
        chance=1 / len(names),
        ceiling=1.0,
        samples=held_out,
        pairing=pairs.name,
        details=details,
    )
