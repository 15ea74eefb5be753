"""Any encoder's codes for images, each image read once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal

from disentangle_bench.datasets import Dataset, Images
from disentangle_bench.datasets.images import in_batches
from disentangle_bench.errors import RepresentationError
from disentangle_bench.evaluation.description import unscored
from disentangle_bench.evaluation.imported.encoder import ImportedEncoder
from disentangle_bench.evaluation.labeled_images import Labels, labeled_batches
from disentangle_bench.evaluation.reached_modules import device_of, in_evaluation_mode
from disentangle_bench.models.batches import as_floats
from disentangle_bench.representation import Representation
from disentangle_bench.representation.posterior import mean_and_log_sigma
from disentangle_bench.representation.tables import as_array, as_columns
from disentangle_bench.representation.variables import Variables

Encoder = Callable[[Tensor], Any]
"""Images `(b, c, h, w)` float32 in [0, 1] -> codes `(b, d)` or `(b,)`, as a tensor or an array; or a posterior that is
spelled out, such as `{"mean": (b, d), "logvar": (b, d)}` or a `torch.distributions.Normal`, whose mean is the codes.
"""

Posterior = dict[str, NDArray[Any]]

BATCH = 256
CHECKED = 16
"""Images that are encoded again in a smaller batch, to see whether codes depend on the others beside them."""
PRECISION = 0.02
"""By how much codes may differ for that, as a share of the largest: bfloat16 keeps somewhat less than 1 %."""
CONSTANT = 1e-6
"""Up to which spread codes are constant, as a share of the largest."""
_log = logging.getLogger(__name__)


def encode_images(
    encoder: Encoder,
    images: Images | NDArray[np.floating],
    batch_size: int = BATCH,
    device: torch.device | None = None,
) -> tuple[NDArray[Any], Posterior | None]:
    """The codes `(n, d)` of images `(n, c, h, w)`, batch by batch, in order, and the posterior of an encoder with one.

    A module, and every module that a function reaches, is asked in evaluation mode and without gradients, and left as
    it was. A few images are encoded twice, to see that codes do not depend on the batch.

    Args:
        encoder: a module or any function.
        images: uint8, or float in [0, 1].
        batch_size: images at a time.
        device: where the images are put; by default where a module's parameters are, else the CPU.

    Raises:
        RepresentationError: it gives no codes `(b, d)` for `b` images, or codes that depend on the batch.
    """
    _check_batch_size(batch_size)
    return _encode(encoder, (torch.from_numpy(rows) for rows in in_batches(images, batch_size)), device)


@torch.inference_mode()
def posterior_of(encoder: Encoder, images: Tensor) -> tuple[Tensor, ...]:
    """Mean and ln sigma `(n, 2)` of each code, as metrics ask a posterior, by an encoder that gives one."""
    with in_evaluation_mode(encoder):
        given = _spelled_out(encoder(images.to(device_of(encoder))))
    both = np.stack([values.reshape(len(images), -1) for values in mean_and_log_sigma(given)], axis=2)
    return tuple(torch.from_numpy(both).to(images).unbind(dim=1))


def _check_batch_size(batch_size: int) -> None:
    if batch_size < 1:
        raise RepresentationError(f"batch_size is {batch_size}.", "Give 1 or more.")


def _encode(
    encoder: Encoder, batches: Iterable[Tensor], device: torch.device | None
) -> tuple[NDArray[Any], Posterior | None]:
    """The codes `(n, d)`, and the posterior, mean and ln sigma `(n, d)`, of an encoder that gives one."""
    place = device or device_of(encoder)
    codes: list[NDArray[Any]] = []
    spreads: list[NDArray[np.float64]] = []
    with torch.inference_mode(), in_evaluation_mode(encoder):
        for batch in batches:
            images = as_floats(batch.to(place))
            given = _spelled_out(encoder(images))
            codes.append(_checked(given, len(images)))
            if isinstance(given, Mapping):
                spreads.append(mean_and_log_sigma(given)[1].reshape(codes[-1].shape))
            if len(codes) == 1:
                _refuse_codes_of_the_batch(encoder, images, codes[0])
    widths = sorted({batch.shape[1] for batch in codes})
    if len(widths) > 1:
        raise RepresentationError(f"The encoder gave {widths} codes an image.", "It must give as many for every batch.")
    values = np.concatenate(codes)
    _refuse_constant_codes(values)
    return values, {"mean": values, "log_sigma": np.concatenate(spreads)} if spreads else None


def _refuse_codes_of_the_batch(encoder: Encoder, images: Tensor, codes: NDArray[Any]) -> None:
    """Refuse an encoder whose codes of an image change with the images beside it, as of batch norm in training mode.

    Codes that change from one call to the next with the same images are drawn at random, and are taken.
    """
    some = min(CHECKED, len(images) // 2)
    if some < 2:
        return
    alone = _checked(encoder(images[:some]), some)
    if alone.shape[1] != codes.shape[1] or not _differ(alone, codes[:some]):
        return
    if _differ(alone, _checked(encoder(images[:some]), some)):
        _log.warning("The encoder gives other codes for the same images each time; they are taken as samples.")
        return
    raise RepresentationError(
        f"The encoder's codes of an image depend on the batch: they differ from {some} images to {len(images)}.",
        "Put its network into evaluation mode with `.eval()`, and use no statistics of the batch.",
    )


def _refuse_constant_codes(codes: NDArray[Any]) -> None:
    numbers = codes.astype(np.float64) if codes.dtype.kind in "biuf" else np.unique(codes, return_inverse=True)[1]
    spread = np.ptp(numbers, axis=0)
    if len(codes) >= CHECKED and bool((spread <= CONSTANT * np.abs(numbers).max(axis=0)).all()):
        raise RepresentationError(
            f"The encoder gives the same codes for all {len(codes):,} images.",
            "Check which images it was trained on: it is given float32 in [0, 1], unless --images (in Python `images`) "
            "says otherwise, such as range=[-1,1] or range=[0,255].",
        )


def _differ(codes: NDArray[Any], others: NDArray[Any]) -> bool:
    if codes.dtype.kind != "f" or others.dtype.kind != "f":
        return bool((codes != others).mean() > 0.1)  # an image between two categories may change sides
    scale = np.maximum(np.abs(codes), np.abs(others)).max(axis=0)
    return bool((np.abs(codes - others) > PRECISION * scale).any())


class DeclaredCodes(NamedTuple):
    """Names and kinds of codes; None for the usual ones."""

    names: Sequence[str] | None
    kinds: Sequence[str] | None


def declared_codes(
    encoder: Encoder, names: Sequence[str] | None = None, kinds: Sequence[str] | None = None
) -> DeclaredCodes:
    """What a user calls an encoder's codes, or else what the encoder's file does."""
    own = encoder.codes if isinstance(encoder, ImportedEncoder) else None
    if own is None:
        return DeclaredCodes(names, kinds)
    return DeclaredCodes(own.names if names is None else names, own.kinds if kinds is None else kinds)


def representation_of_encoder(
    encoder: Encoder,
    dataset: Dataset,
    *,
    names: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    batch_size: int = BATCH,
    device: torch.device | None = None,
) -> Representation:
    """An encoder's codes for every image of a dataset, beside its factors and its split.

    Args:
        encoder: a module or any function; see `encode_images`.
        dataset: its images are read once each.
        names: of the codes; by default `c1`, `c2`, and so on.
        kinds: of the codes; by default continuous, or categorical for whole numbers.
        batch_size: images at a time.
        device: where the images are put.
    """
    codes, posterior = encode_images(encoder, dataset.images, batch_size, device)
    own = declared_codes(encoder, names, kinds)
    found = Representation.of(
        codes, dataset.factors, dataset.train, names=own.names, kinds=own.kinds, posterior=posterior
    )
    notes = unscored(dataset.info.factors)
    for note in notes:
        _log.warning("%s", note)
    scored = [factor.name for factor in dataset.info.factors if not factor.unscored]
    return found.select(factors=scored) if notes else found


def representation_of_labeled_images(
    encoder: Encoder,
    given: Any,
    *,
    names: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    batch_size: int = BATCH,
    device: torch.device | None = None,
) -> Representation:
    """An encoder's codes for every image of a torch dataset, a DataLoader or an array, beside its labels.

    Args:
        encoder: a module or any function; see `encode_images`. It is given images as the dataset gives them, uint8 ones
            as float32 in [0, 1].
        given: see `labeled_batches`.
        names: of the codes; by default `c1`, `c2`, and so on.
        kinds: of the codes; by default continuous, or categorical for whole numbers.
        batch_size: images at a time.
        device: where the images are put.
    """
    _check_batch_size(batch_size)
    labels: list[Labels] = []

    def images() -> Iterable[Tensor]:
        for batch, columns in labeled_batches(given, batch_size):
            labels.append(columns)
            yield batch

    codes, posterior = _encode(encoder, images(), device)
    own = declared_codes(encoder, names, kinds)
    return Representation.of(codes, _factors(labels), names=own.names, kinds=own.kinds, posterior=posterior)


def _factors(labels: Sequence[Labels]) -> Variables | None:
    names = list(labels[0])
    if any(list(columns) != names for columns in labels):
        raise RepresentationError("The dataset's batches have different labels.", "Give the same for every image.")
    if not names:
        return None
    columns = {name: _joined([batch[name] for batch in labels], name) for name in names}
    table = np.empty(len(columns[names[0]]), [(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        table[name] = column
    return Variables.wrap(table, prefix="f")


def _joined(batches: Sequence[NDArray[Any]], name: str) -> NDArray[Any]:
    """One column of those of all batches, of which some may be text and others unknown throughout."""
    if len({batch.dtype.kind == "U" for batch in batches}) == 1:
        return np.concatenate(batches)
    values = np.concatenate([batch.astype(object) for batch in batches])
    return as_columns(values, f"labels {name!r}", partly=True)[:, 0]


def _spelled_out(given: Any) -> Any:
    """A Gaussian of `torch.distributions`, or a named tuple, as the dictionary that says the same."""
    if isinstance(given, Independent):
        given = given.base_dist
    if isinstance(given, Normal):
        return {"mean": given.mean, "sigma": given.stddev}
    if isinstance(given, Distribution):
        raise RepresentationError(
            f"The encoder gave a distribution {type(given).__name__}.",
            "Give a Normal, whose means are the codes, or codes, such as `lambda images: encoder(images).mean`.",
        )
    return given._asdict() if isinstance(given, tuple) and hasattr(given, "_asdict") else given


def _checked(given: Any, images: int) -> NDArray[Any]:
    given = _spelled_out(given)
    if isinstance(given, Mapping):
        given = mean_and_log_sigma(given)[0]
    if isinstance(given, tuple | list):
        raise RepresentationError(
            f"The encoder gave a {type(given).__name__} of {len(given)}.",
            "Give a function that picks the codes, such as `lambda images: encoder(images)[0]` for the means of a VAE; "
            'or the posterior, as `{"mean": mean, "logvar": logvar}` or with log_sigma, sigma or variance.',
        )
    codes = as_array(given, "codes that the encoder gave")
    codes = codes[:, None] if codes.ndim == 1 else codes
    if codes.ndim != 2 or len(codes) != images:
        raise RepresentationError(
            f"The encoder gave an array {codes.shape} for {images} images.", "Give codes (images, codes)."
        )
    return codes
