"""The Frechet Inception Distance by torch-fidelity, where that and Inception's weights are."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.utils.data import Dataset

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import LatentSpec
from disentangle_bench.metrics.metric import Generator, Score, Scores, metric
from disentangle_bench.metrics.samples.features import Images, generated_images, real_images
from disentangle_bench.storage import sha256

EXTRA = "pip install 'disentangle-bench[fid]'"
WEIGHTS = "weights-inception-2015-12-05-6726825d.pth"
DIGEST = "6726825d"  # the file's SHA-256 begins so
SOURCE = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{WEIGHTS}"
FEWEST = 2


@metric(
    "inception-fid",
    version=1,
    bounds=(0, None),
    better="lower",
    source="arXiv:1706.08500, eq. 6, with Inception v3 of 2015-12-05 as torch-fidelity has it",
    slow=True,
)
def inception_fid(
    generator: Generator,
    latents: LatentSpec,
    images: ArrayLike,
    train: ArrayLike | None = None,
    *,
    samples: int = 10_000,
    weights: str = "",
    seed: int = 0,
) -> Scores:
    """How far generated images are from real ones as Gaussians of Inception's features: the FID, by torch-fidelity.

    The figure that papers report, with the images at their own size, grey ones as three equal channels, resized as the
    original code does. It is defined where the extra `fid` is installed and the weights are; nothing is downloaded.
    Inception knows photographs: of digits, the distance in a classifier's features says more.

    It is too large at finite numbers of images, by about a constant over it, so only figures for the same number of
    images compare: papers mostly take 50,000. torch-fidelity gives no interval.

    Args:
        generator: of the images.
        latents: the priors.
        images: real ones, `(n, c, h, w)` with 1 or 3 channels, uint8 or float in [0, 1].
        train: `(n,)` bool: the training split, which is left out.
        samples: the most real images to take, and as many generated ones.
        weights: the file with Inception's weights; by default that in torch hub's folder, where torch-fidelity looks.
        seed: of latents and choice.

    Raises:
        MetricError: fewer than 2 samples or test images; images that do not fit together, or that are NaN or infinite;
            a file of weights that is named but missing, or damaged.
    """
    if samples < FEWEST:
        raise MetricError(f"inception-fid was asked for samples = {samples}.", f"Ask for {FEWEST} or more.")
    if find_spec("torch_fidelity") is None:
        return Score.undefined(f"torch-fidelity is not installed: {EXTRA}.")
    path = Path(weights) if weights else Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS
    reason = _why_unusable(path, named=bool(weights))
    if reason:
        return Score.undefined(reason)
    real = real_images(images, train, samples, seed)
    if len(real) < FEWEST:
        raise MetricError(f"There are only {len(real)} real test images.", f"Give {FEWEST} or more.")
    generated = generated_images(generator, latents, len(real), seed)
    value = _distance(_in_colour(real), _in_colour(generated), path)
    return Score(value, details={"images": len(real), "weights": path.name})


def _why_unusable(path: Path, *, named: bool) -> str:
    if named and not path.is_file():
        raise MetricError(f"There are no weights of Inception in {path}.", f"They are at {SOURCE}.")
    if not path.is_file():
        return f"Inception's weights are not in {path}, and nothing is downloaded: put {SOURCE} there."
    if path.name == WEIGHTS and not sha256(path).startswith(DIGEST):
        raise MetricError(f"{path} is damaged: its SHA-256 does not begin with {DIGEST}.", f"Fetch {SOURCE} again.")
    return ""


def _in_colour(images: Images) -> Tensor:
    if images.shape[1] not in (1, 3):
        raise MetricError(f"Inception was given images with {images.shape[1]} channels.", "It takes 1 or 3.")
    return torch.from_numpy(np.ascontiguousarray(np.broadcast_to(images, (len(images), 3, *images.shape[2:]))))


class _Pictures(Dataset[Tensor]):
    """Images `(n, 3, h, w)` uint8, one by one, as torch-fidelity asks for them."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int) -> Tensor:
        return self.images[place]


def _distance(real: Tensor, generated: Tensor, weights: Path) -> float:
    from torch_fidelity import calculate_metrics

    figures = calculate_metrics(
        input1=_Pictures(generated),
        input2=_Pictures(real),
        fid=True,
        cuda=torch.cuda.is_available(),
        feature_extractor_weights_path=str(weights),
        save_cpu_ram=True,  # loads in this process: images lie in memory already
        cache=False,
        verbose=False,
    )
    return max(float(figures["frechet_inception_distance"]), 0.0)
