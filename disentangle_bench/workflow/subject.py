"""Somebody's encoder or generator as a subject, to be scored as a run is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from disentangle_bench.datasets import Dataset
from disentangle_bench.devices import choose_device
from disentangle_bench.errors import SettingError
from disentangle_bench.evaluation.imported.exported import exported_prior
from disentangle_bench.evaluation.imported.find import find_function
from disentangle_bench.evaluation.imported.fixed_batch import FixedBatch
from disentangle_bench.evaluation.imported.form import generated_form
from disentangle_bench.evaluation.imported.generator import ImportedGenerator
from disentangle_bench.evaluation.imported.prior import read_prior
from disentangle_bench.evaluation.model_subject import subject_of_model
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.workflow.load import load_dataset
from disentangle_bench.workflow.represent import asked_encoder

Function = Callable[[Tensor], Any] | str | Path


def subject(
    dataset: str | Dataset | None = None,
    *,
    encoder: Function | None = None,
    generator: Function | None = None,
    latents: str | None = None,
    images: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = (),
    generated: Mapping[str, Any] | None = None,
    name: str | None = None,
    rows: int | None = None,
    batch_size: int = 256,
    device: str | None = None,
    data_dir: Path | str | None = None,
) -> Subject:
    """An encoder, a generator or both, for `evaluate`: scored on the images on which a run is scored.

    An encoder that gives the posterior of the generator's codes, in their order, is also what `mutual-information` and
    `traversal-consistency` read generated images with.

    Args:
        dataset: its name or a loaded one; of a large one the same 20,000 images are drawn as for a run.
        encoder: a module or function, or its place, as of `represent`.
        generator: a torch module or any function of rows `(n, width)` float32, that gives images `(n, c, h, w)`; or its
            place, as of the encoder.
        latents: the prior of the generator's input, column by column: `gaussian*10` of a VAE;
            `uniform-noise*62,categorical:10,uniform*2` of an InfoGAN. A file of `dbench export` says it itself.
        images: how the encoder takes images; see `represent`.
        outputs: which of its outputs are codes or posterior; see `represent`.
        generated: how the generator gives images, if not in [0, 1]: `range`, such as (-1, 1) or `logits`, and `layout`.
        name: for tables; by default the encoder's, or the generator's.
        rows: evaluate so many of the images.
        batch_size: images at a time.
        device: where networks from files are put, and where images are given to a function.
        data_dir: a folder with the dataset's files.

    Raises:
        DbenchError: what cannot be found or read, or gives no codes or images.

    Example:
        A decoder whose image is as bright as the first code, and the encoder that measures it.

        >>> import torch
        >>> import disentangle_bench as db
        >>> decoder = lambda codes: torch.sigmoid(codes[:, :1, None, None]).expand(-1, 1, 8, 8)
        >>> def encoder(images):
        ...     mean = images.mean(dim=(1, 2, 3)).clamp(0.01, 0.99).logit()[:, None]
        ...     return {"mean": mean, "logvar": torch.full_like(mean, -4.0)}
        >>> made = db.subject("digits", encoder=encoder, generator=decoder, latents="gaussian", name="brightness")
        >>> score = db.evaluate(made, "traversal-consistency").scores["traversal-consistency.c1.monotonicity"]
        >>> round(score.value, 2)
        1.0
    """
    if generator is None and latents is not None:
        raise SettingError(
            "The prior of latents lacks a generator.", "Give --generator (in Python `generator`) as well."
        )
    asked, place = (None, None)
    if encoder is not None:
        asked, place = asked_encoder(encoder, images=images, outputs=outputs, device=device)
    made = None if generator is None else _asked_generator(generator, latents, generated, device)
    named = encoder if encoder is not None else generator
    by_place = isinstance(named, str | Path)
    return subject_of_model(
        name or str(named if by_place else getattr(named, "__name__", type(named).__name__)),
        load_dataset(dataset, data_dir=data_dir) if isinstance(dataset, str) else dataset,
        encoder=asked,
        generator=made,
        rows=rows,
        batch_size=batch_size,
        device=place,
    )


def _asked_generator(
    generator: Function, latents: str | None, generated: Mapping[str, Any] | None, device: str | None
) -> ImportedGenerator:
    """The generator that is asked for images, with the prior of its latents.

    Raises:
        SettingError: nothing says what that is.
    """
    found = generator
    if isinstance(found, str | Path):
        found = find_function(found, "generator", choose_device(device or "auto"))
    prior = latents or exported_prior(found.metadata if isinstance(found, FixedBatch) else {})
    if prior is None:
        raise SettingError(
            "The generator lacks the prior of its latents.",
            "Name the columns of its input with --latents (in Python `latents`), as in gaussian*10.",
        )
    return ImportedGenerator(found, read_prior(prior), generated_form(generated))
