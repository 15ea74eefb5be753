"""The Frechet Inception Distance, computed by torch-fidelity where it is installed and has Inception's weights."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.utils.data import Dataset

from disentangle_bench.errors import MetricError, StorageError
from disentangle_bench.latents import LatentSpec
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.metric import Generator, Score, Scores, metric
from disentangle_bench.metrics.samples.features import Images, generated_images, real_images
from disentangle_bench.storage import sha256

EXTRA = "pip install 'disentangle-bench[fid]'"
WEIGHTS = "weights-inception-2015-12-05-6726825d.pth"
DIGEST = "6726825d"  # the first digits of the file's SHA-256
SOURCE = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{WEIGHTS}"
FEWEST = 2


@metric(
    "inception-fid",
    version=1,
    bounds=(0, None),
    better="lower",
    source="arXiv:1706.08500, eq. 6, with Inception v3 of 2015-12-05 as in torch-fidelity",
    slow=True,
    seconds=600,
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
    """Frechet Inception Distance (FID): high when generated images differ from real ones in Inception's features.

    The distance that papers report, computed by torch-fidelity: images keep their own size, gray ones get three equal
    channels, and they are resized as in the original code. It is defined where the extra `fid` is installed and the
    file of weights is present; nothing is downloaded.

        FID = |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))     with means m and covariances C of Inception's features

    Does not see: what Inception, which was trained on photographs, ignores; for digits the distance in a classifier's
    features says more. Nor does it see copies of training images, which score perfectly.

    It is biased upwards by roughly a constant over the number of images, so only values for the same number are
    comparable; most papers use 50,000. torch-fidelity gives no interval.

    Args:
        generator: latents -> images `(n, c, h, w)`, float in [0, 1].
        latents: the priors.
        images: real ones, `(n, c, h, w)` with 1 or 3 channels, uint8 or float in [0, 1].
        train: `(n,)` bool, the training split, which is left out.
        samples: the most real images to use, and as many generated ones.
        weights: file with Inception's weights; by default the one in torch hub's folder, where torch-fidelity looks.
        seed: of latents and choice of images.

    Returns:
        The distance, in squared units of the features; lower is better. Undefined without torch-fidelity or the
        weights.

    Raises:
        DbenchError: fewer than 2 samples or test images; images that do not fit together, or that are NaN or infinite;
            a file of weights that is named but missing, or damaged.

    References:
        Heusel et al. (2017), arXiv:1706.08500, eq. 6, with Inception v3 of 2015-12-05 as in torch-fidelity.

    Example:
        Weights that are named have to be there.

        >>> import numpy as np, torch
        >>> from disentangle_bench.latents import LatentSpec, Uniform
        >>> from disentangle_bench.metrics import inception_fid
        >>> generator = lambda drawn: torch.ones(len(drawn), 1, 8, 8)
        >>> latents, images = LatentSpec(0, (Uniform(),)), np.ones((4, 1, 8, 8))
        >>> inception_fid(generator, latents, images, weights="missing.pth")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        disentangle_bench.errors.StorageError: There are no weights of Inception in missing.pth.
        They are at https://github.com/toshas/torch-fidelity/...
    """
    require_at_least(FEWEST, samples=samples)
    path = Path(weights) if weights else Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS
    if weights and not path.is_file():
        raise StorageError(f"There are no weights of Inception in {path}.", f"They are at {SOURCE}.")
    if find_spec("torch_fidelity") is None:
        return Score.undefined(f"torch-fidelity is not installed: {EXTRA}.")
    if not path.is_file():
        return Score.undefined(f"Inception's weights are not in {path}; download {SOURCE} and put it there.")
    if path.name == WEIGHTS and not sha256(path).startswith(DIGEST):
        raise StorageError(f"{path} is damaged: its SHA-256 does not begin with {DIGEST}.", f"Download {SOURCE} again.")
    real = real_images(images, train, samples, seed)
    if len(real) < FEWEST:
        raise MetricError(f"There are only {len(real)} real test images.", f"Give {FEWEST} or more.")
    generated = generated_images(generator, latents, len(real), seed)
    value = _distance(_in_color(real), _in_color(generated), path)
    return Score(value, details={"images": len(real), "weights": path.name})


def _in_color(images: Images) -> Tensor:
    if images.shape[1] not in (1, 3):
        raise MetricError(f"Inception was given images with {images.shape[1]} channels.", "It takes 1 or 3.")
    return torch.from_numpy(np.ascontiguousarray(np.broadcast_to(images, (len(images), 3, *images.shape[2:]))))


class _ImageDataset(Dataset[Tensor]):
    """Images `(n, 3, h, w)` uint8, one by one, as torch-fidelity requires."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int) -> Tensor:
        return self.images[place]


def _distance(real: Tensor, generated: Tensor, weights: Path) -> float:
    from torch_fidelity import calculate_metrics

    distances = calculate_metrics(
        input1=_ImageDataset(generated),
        input2=_ImageDataset(real),
        fid=True,
        cuda=torch.cuda.is_available(),
        feature_extractor_weights_path=str(weights),
        save_cpu_ram=True,  # loads in this process: the images are in memory already
        cache=False,
        verbose=False,
    )
    return max(float(distances["frechet_inception_distance"]), 0.0)
