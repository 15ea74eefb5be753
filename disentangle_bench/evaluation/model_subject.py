"""An encoder, a generator or both, and the images of a dataset, as a subject: what a run offers, of any model."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from disentangle_bench.datasets import Dataset
from disentangle_bench.errors import RepresentationError
from disentangle_bench.evaluation.classifier_cache import kept_classifier
from disentangle_bench.evaluation.description import describe_samples, unscored, with_class_names
from disentangle_bench.evaluation.digests import digest_of, fingerprint_of
from disentangle_bench.evaluation.encoder import Encoder, declared_codes, encode_images, posterior_of
from disentangle_bench.evaluation.evaluated import evaluated, known_factors
from disentangle_bench.evaluation.imported.generator import ImportedGenerator
from disentangle_bench.evaluation.results import MODEL
from disentangle_bench.evaluation.subject import Parts, Subject
from disentangle_bench.metrics.generator.sampling import draw_latents
from disentangle_bench.representation import Representation

_log = logging.getLogger(__name__)
TRIED = 16
"""Latents for which a generator is tried before anything is computed."""


def subject_of_model(
    name: str,
    dataset: Dataset | None,
    *,
    encoder: Encoder | None = None,
    generator: ImportedGenerator | None = None,
    rows: int | None = None,
    batch_size: int = 256,
    device: torch.device | None = None,
) -> Subject:
    """Make a subject of an encoder, a generator or both.

    An encoder that gives the posterior of as many codes as the generator has, all of them continuous, is also the
    posterior that `mutual-information` and `traversal-consistency` ask about generated images.

    Args:
        name: for tables.
        dataset: whose images are encoded, the same ones as of a run; None if there is no encoder.
        encoder: images -> codes or a posterior; see `evaluation.encoder`.
        generator: with its prior.
        rows: evaluate so many of the images that are evaluated by default.
        batch_size: images at a time.
        device: where the encoder is given images; by default where its parameters are.

    Raises:
        RepresentationError: neither of them, an encoder without a dataset, or codes or images that cannot be scored.
    """
    if (encoder is None and generator is None) or (encoder is not None and dataset is None):
        raise RepresentationError("There is nothing to score.", "Give an encoder and a dataset, or a generator.")
    parts: dict[str, Any] = {}
    info: dict[str, Any] = {"kind": MODEL}
    digests: list[Any] = []
    if generator is not None:
        parts |= {"generator": generator, "latents": generator.prior.latents}
        digests.append(_tried(generator, dataset))
    if dataset is None:
        return Subject(name, Parts(_given(parts)), {**info, "model_sha256": digest_of(*digests)})
    data, usual = evaluated(dataset, rows)
    for note in unscored(data.info.factors):
        _log.warning("%s", note)
    factors = known_factors(data)
    parts |= {"train": data.train, "images": data.images}
    parts |= {} if factors is None else {"factors": factors}
    described = describe_samples((), (), factors, data.train)
    if encoder is not None:
        codes, posterior = encode_images(encoder, data.images, batch_size, device)
        own = declared_codes(encoder)
        found = Representation.of(codes, factors, data.train, names=own.names, kinds=own.kinds, posterior=posterior)
        parts["codes"] = found.codes
        digests += [found.codes, *found.posterior.values()]
        described = describe_samples(found.codes.names, found.codes.kinds, factors, data.train)
        if found.posterior:
            parts["posterior_parameters"] = found.posterior
        latents = () if generator is None else generator.prior.latents.codes
        fit = len(latents) == len(found.codes.names) and all(code.kind == "continuous" for code in latents)
        if found.posterior and fit:
            parts["posterior"] = partial(posterior_of, encoder)
    makers = _given(parts)
    if data.info.labels is not None:
        place = torch.device("cpu") if generator is None else generator.device
        makers["classifier"] = partial(kept_classifier, data, place)
    info |= {
        "dataset": data.info.name,
        "samples": len(data.images),
        **({} if len(data.images) == usual else {"drawn_from": usual}),
        **with_class_names(described, data.info.factors),
        "model_sha256": digest_of(*digests),
        "data_sha256": digest_of(np.asarray(data.images), factors, data.train),
        "samples_sha256": fingerprint_of(factors, data.train) or None,
    }
    return Subject(name, Parts(makers), info, fingerprint_of(factors, data.train))


def _given(parts: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    return {name: partial(parts.__getitem__, name) for name in parts}


def _tried(generator: ImportedGenerator, dataset: Dataset | None) -> Any:
    """Some images of a generator, which are not all the same and have the shape of the dataset's."""
    images = generator(draw_latents(generator.prior.latents, TRIED, 0, "trial")).cpu().numpy()
    shape = images.shape[1:]
    if dataset is not None and shape != dataset.images.shape[1:]:
        raise RepresentationError(
            f"The generator gave images {shape}, and those of {dataset.info.name} are {dataset.images.shape[1:]}.",
            "Name the dataset that it was trained on, with its settings, or leave the dataset out.",
        )
    if float(np.ptp(images, axis=0).max()) <= 1e-6:
        raise RepresentationError(
            f"The generator gives the same image for {TRIED} draws of its latents.",
            "Check --latents, and --generated range=..: what lies beyond the range becomes black or white.",
        )
    return images
