"""Encode a dataset with any encoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from disentangle_bench.datasets import Dataset
from disentangle_bench.devices import choose_device
from disentangle_bench.evaluation.encoder import representation_of_encoder, representation_of_labeled_images
from disentangle_bench.evaluation.imported.encoder import ImportedEncoder
from disentangle_bench.evaluation.imported.find import find_function
from disentangle_bench.evaluation.imported.form import image_form
from disentangle_bench.representation import Representation
from disentangle_bench.workflow.load import load_dataset


def represent(
    encoder: Callable[[Tensor], Any] | str | Path,
    dataset: str | Dataset | Any,
    *,
    images: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = (),
    names: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    batch_size: int = 256,
    device: str | None = None,
    data_dir: Path | str | None = None,
) -> Representation:
    """The codes that any encoder gives for a dataset, beside its factors: `evaluate` and `rank` take it from there.

    Each image is encoded once, whichever metrics are computed afterwards; a few are encoded twice, as a check.

    Args:
        encoder: a torch module or any function of images `(b, c, h, w)`, float32 in [0, 1], that gives codes `(b, d)`,
            or a posterior that is spelled out, such as `{"mean": (b, d), "logvar": (b, d)}`, whose means are the codes.
            Or its place: `package.module:name`, or a file of TorchScript, of `torch.export` or of ONNX.
            A module, and every module that a function closes over, names or is bound to, is asked in evaluation mode
            and left as it was.
        dataset: its name, a loaded one, a torch Dataset or DataLoader, or images `(n, c, h, w)`. Items of a torch
            dataset are images, (image, label, ..) or dictionaries with `image`; their labels become factors, named
            `label` (of several `label1`, `label2`, ..) or by the dictionary's keys.
        images: how the encoder takes images, if not as above: `range`, `channels`, `size`, `mean`, `std`, `layout`; see
            `evaluation.imported.form.ImageForm`.
        outputs: which of the encoder's outputs are the codes or their posterior, by name or place, such as
            `["mean=0", "logvar=1"]` or `["codes=z"]`.
        names: of the codes; by default `c1`, `c2`, and so on.
        kinds: of the codes; by default continuous, or categorical for whole numbers.
        batch_size: images at a time.
        device: `auto`, `cpu`, `cuda` or `mps`: where the images are put; by default where a module's parameters are.
        data_dir: a folder with the dataset's files, if it is given by name.

    Raises:
        DbenchError: an unknown dataset, or an encoder that gives no codes `(b, d)`, or codes of an image that depend on
            the images beside it.
    """
    loaded = load_dataset(dataset, data_dir=data_dir) if isinstance(dataset, str) else dataset
    encode = representation_of_encoder if isinstance(loaded, Dataset) else representation_of_labeled_images
    asked, place = asked_encoder(encoder, images=images, outputs=outputs, device=device)
    return encode(
        asked,
        loaded,
        names=names,
        kinds=kinds,
        batch_size=batch_size,
        device=place,
    )


def asked_encoder(
    encoder: Callable[[Tensor], Any] | str | Path,
    *,
    images: Mapping[str, Any] | None,
    outputs: Sequence[str],
    device: str | None,
) -> tuple[Callable[[Tensor], Any], torch.device | None]:
    """The function that is asked for codes, and where it is given images; None for where its parameters are."""
    if isinstance(encoder, str | Path):
        found = find_function(encoder, "encoder", choose_device(device or "auto"))
        return ImportedEncoder(found, image_form(images), outputs), None
    place = None if device is None else choose_device(device)
    return ImportedEncoder(encoder, image_form(images), outputs) if images or outputs else encoder, place
