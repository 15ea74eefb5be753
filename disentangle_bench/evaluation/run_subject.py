"""A finished run as a subject: what its model offers, beside its dataset."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from disentangle_bench.datasets import Dataset
from disentangle_bench.datasets.load import load_dataset
from disentangle_bench.evaluation.classifier import SECONDS
from disentangle_bench.evaluation.classifier_cache import is_kept, kept_classifier
from disentangle_bench.evaluation.description import describe_samples, unscored, with_class_names
from disentangle_bench.evaluation.digests import digest_of, fingerprint_of
from disentangle_bench.evaluation.evaluated import evaluated, known_factors
from disentangle_bench.evaluation.subject import Parts, Subject
from disentangle_bench.latents import Categorical, LatentSpec
from disentangle_bench.models import make_model
from disentangle_bench.models.trained import TrainedModel, load_trained, posterior_parameters
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables
from disentangle_bench.run import Run

_log = logging.getLogger(__name__)


def subject_of_run(run: Run, *, device: torch.device, data_dir: Path | None = None, rows: int | None = None) -> Subject:
    """Make a subject with all parts of a finished run, its dataset's images included.

    Args:
        run: finished.
        device: where the networks are put.
        data_dir: a folder with the dataset's files.
        rows: evaluate so many of the images that are evaluated by default, see `evaluated`.

    Raises:
        RunError: its model file is damaged. DataError: its dataset is not available. SettingError: too few rows.
    """
    digest = run.whole_model_digest()
    recipe = run.recipe
    loaded = load_dataset(recipe.dataset.name, data_dir, recipe.dataset.settings)
    dataset, usual = evaluated(loaded, rows)
    for note in unscored(dataset.info.factors):
        _log.warning("%s", note)
    trained = load_trained(make_model(recipe, dataset.info.shape), run.model_file, device)
    fingerprint = fingerprint_of(known_factors(dataset), dataset.train)
    described = describe_samples(
        trained.latents.names, kinds_of(trained.latents), known_factors(dataset), dataset.train
    )
    info = {
        "kind": "run",
        "recipe": recipe.name,
        "model": recipe.model.name,
        "dataset": recipe.dataset.name,
        **({"correlated": [str(each) for each in loaded.correlations]} if loaded.correlations else {}),
        "samples": len(dataset.images),
        **({} if len(dataset.images) == usual else {"drawn_from": usual}),
        **with_class_names(described, dataset.info.factors),
        "seed": run.seed,
        "status": run.status,
        "remark": run.remark,
        "model_sha256": digest,
        "data_sha256": digest_of(np.asarray(dataset.images), known_factors(dataset), dataset.train),
        "samples_sha256": fingerprint or None,
    }
    making = {} if dataset.info.labels is None or is_kept(dataset, device) else {"classifier": SECONDS}
    name = f"{recipe.name} seed {run.seed}"
    return Subject(name, Parts(_makers(trained, dataset)), info, fingerprint, making=making)


def _makers(trained: TrainedModel, dataset: Dataset) -> dict[str, Callable[[], Any]]:
    reading = cache(partial(trained.encode, torch.from_numpy(dataset.images)))
    makers: dict[str, Callable[[], Any]] = {
        "train": lambda: dataset.train,
        "images": lambda: dataset.images,
        "latents": lambda: trained.latents,
    }
    if "encoder" in trained.offers:
        makers["codes"] = lambda: estimates(trained.latents, reading())
    if "encoder" in trained.offers and not trained.deterministic:
        makers["posterior_parameters"] = lambda: posterior_parameters(trained.latents, reading())
    if "generator" in trained.offers:
        makers["generator"] = lambda: trained.generate
    if "posterior" in trained.offers:
        makers["posterior"] = lambda: trained.posterior
    factors = known_factors(dataset)
    if factors is not None:
        makers["factors"] = lambda: factors
    if dataset.info.labels is not None:
        makers["classifier"] = lambda: kept_classifier(dataset, trained.device)
    return makers


def estimates(latents: LatentSpec, reading: Sequence[Tensor]) -> Variables:
    """Q's estimate of each code `(n, codes)`, categories as whole numbers, from its output for each image."""
    columns = [code.estimate(raw).double().cpu().numpy() for code, raw in zip(latents.codes, reading, strict=True)]
    return Variables.wrap(np.stack(columns, axis=1), names=latents.names, kinds=kinds_of(latents))


def kinds_of(latents: LatentSpec) -> list[Kind]:
    """The kind of each code's estimate."""
    return ["categorical" if isinstance(code, Categorical) else "continuous" for code in latents.codes]
