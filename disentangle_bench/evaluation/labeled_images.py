"""Images and labels as PyTorch users have them: a dataset, a `DataLoader`, or an array of images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset, default_collate, default_convert
from torch.utils.data import Dataset as TorchDataset

from disentangle_bench.errors import RepresentationError
from disentangle_bench.representation.tables import as_array, as_columns

IMAGE_KEYS = ("image", "images", "img", "pixel_values", "x")
LABEL = "label"
_FORMS = "Give (image, label) or a dictionary with 'image', where an image is a tensor (c, h, w)."

Labels = dict[str, NDArray[Any]]


def labeled_batches(given: Any, batch_size: int) -> Iterator[tuple[Tensor, Labels]]:
    """Yield images `(b, c, h, w)` as they are given, and the columns `(b,)` of their labels by name.

    Labels that are masked, None or NaN are unknown.

    Args:
        given: a torch dataset or DataLoader of images, (image, label, ..) or dictionaries; or images `(n, c, h, w)`.
        batch_size: images at a time, where the DataLoader does not say.

    Raises:
        RepresentationError: something else.
    """
    empty = True
    for batch in _batches(given, batch_size):
        images, labels = _parts(batch)
        if images.dim() != 4 or len(images) == 0:
            raise RepresentationError(f"The dataset gave a batch of images {tuple(images.shape)}.", _FORMS)
        if images.is_floating_point() and not bool(images.isfinite().all()):
            raise RepresentationError("The dataset gave images with NaN or infinite values.", "Repair them.")
        empty = False
        columns = dict(chain.from_iterable(_columns(name, values, len(images)) for name, values in labels.items()))
        yield images, columns
    if empty:
        raise RepresentationError("The dataset gave no images.", "Give some.")


def _batches(given: Any, batch_size: int) -> Iterable[Any]:
    if isinstance(given, DataLoader):
        return _with_masks(given)
    if isinstance(given, Tensor | np.ndarray):
        given = TensorDataset(torch.as_tensor(as_array(given, "images") if np.ma.isMaskedArray(given) else given))
    is_dataset = isinstance(given, TorchDataset) or (hasattr(given, "__getitem__") and hasattr(given, "__len__"))
    if not is_dataset or isinstance(given, str | bytes | Mapping) or hasattr(given, "iloc"):
        raise RepresentationError(
            f"{type(given).__name__} is not a dataset.",
            "Give a dataset's name, a loaded one, a torch Dataset or DataLoader, or an array of images (n, c, h, w).",
        )
    if hasattr(given, "__len__") and len(given) == 0:
        return []
    return _collated(DataLoader(given, batch_size=batch_size, collate_fn=collated))


def _with_masks(loader: DataLoader[Any]) -> Iterable[Any]:
    """The batches of the user's loader, where torch's own collation, which drops masks, does not make them."""
    own = {default_collate: collated, default_convert: _as_given}.get(loader.collate_fn)
    if own is None:
        return loader
    loader = copy(loader)
    loader.collate_fn = own
    loader._iterator = None  # of workers that persist, which are the user's
    return _collated(loader)


def _as_given(batch: Any) -> Any:
    return batch


def collated(items: Sequence[Any]) -> Any:
    """Put items into a batch as torch does, with masks, and texts and numbers that are masked or None as a list."""
    first = items[0]
    if isinstance(first, Mapping):
        return {key: collated([item[key] for item in items]) for key in first}
    if isinstance(first, list | tuple) and {len(item) for item in items} == {len(first)}:
        return [collated(parts) for parts in zip(*items, strict=True)]
    if any(map(np.ma.isMaskedArray, items)) and np.ndim(first) > 0:
        return np.ma.stack(items)
    if any(item is None or item is np.ma.masked or isinstance(item, str) for item in items):
        return [None if item is np.ma.masked else item for item in items]
    return default_collate(list(items))


def _collated(loader: DataLoader[Any]) -> Iterator[Any]:
    try:
        yield from loader
    except (TypeError, ValueError, RuntimeError, KeyError) as error:  # no tensor, another shape, no such key
        lines = str(error).strip().splitlines()
        said = lines[-1 if lines[0].startswith("Caught ") else 0]  # a worker's traceback lies in between
        raise RepresentationError(f"The dataset's items cannot be put into batches: {said}", _FORMS) from error


def _parts(batch: Any) -> tuple[Tensor, dict[str, Any]]:
    """The images of a batch, and its labels by name."""
    if isinstance(batch, Mapping):
        key = next((key for key in IMAGE_KEYS if key in batch), None)
        if key is None:
            raise RepresentationError(f"The dataset gave the parts {', '.join(map(str, batch))}.", _FORMS)
        images, labels = batch[key], {str(name): values for name, values in batch.items() if name != key}
    elif isinstance(batch, list | tuple) and batch:
        images, *others = batch
        names = [LABEL] if len(others) == 1 else [f"{LABEL}{number}" for number in range(1, len(others) + 1)]
        labels = dict(zip(names, others, strict=True))
        if len(others) == 1 and isinstance(others[0], Mapping):
            labels = {str(name): values for name, values in others[0].items()}
    else:
        images, labels = batch, {}
    if np.ma.isMaskedArray(images):
        images = as_array(images, "images")
    if not isinstance(images, Tensor | np.ndarray):
        raise RepresentationError(f"The dataset gave {type(images).__name__} for images.", _FORMS)
    return torch.as_tensor(images), labels


def _columns(name: str, values: Any, n: int) -> Iterator[tuple[str, NDArray[Any]]]:
    """The columns of one label: one `(n,)`, or one for each entry of vectors `(n, k)`."""
    remedy = "Give a number, a text or a vector for each image."
    try:
        array = as_columns(values, f"labels {name!r}", partly=True)
    except RepresentationError as error:
        raise RepresentationError(error.problem, remedy) from error
    if len(array) != n:
        raise RepresentationError(f"The dataset gave {len(array)} labels {name!r} for {n} images.", remedy)
    if array.shape[1] == 1:
        yield name, array.reshape(-1)
    else:
        yield from ((f"{name}{place}", column) for place, column in enumerate(array.T, start=1))
