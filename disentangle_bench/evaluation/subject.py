"""What is evaluated, as the parts that metrics ask for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.datasets import Dataset
from disentangle_bench.datasets.load import load_for_run
from disentangle_bench.errors import RepresentationError, RunError
from disentangle_bench.evaluation.classifier import train_classifier
from disentangle_bench.latents import Categorical, LatentSpec
from disentangle_bench.metrics.inputs import MINIMUM, drawn_mask
from disentangle_bench.models import MODELS
from disentangle_bench.models.trained import TrainedModel, load_trained
from disentangle_bench.representation import Representation
from disentangle_bench.representation.variables import Variables
from disentangle_bench.run import Run
from disentangle_bench.seeds import derive_seed
from disentangle_bench.storage import sha256

LARGE, DRAWN = 100_000, 20_000
"""Beyond how many images a dataset is large, and how many of them are then drawn for an evaluation: somewhat more than
the 10,000 to train on and 5,000 to test on of disentanglement_lib's protocol.
"""


class Parts(Mapping[str, Any]):
    """Parts by name, each made when it is first asked for: a classifier takes a while to train."""

    def __init__(self, makers: Mapping[str, Callable[[], Any]]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers  # Mapping's own would make the part

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@dataclass(frozen=True)
class Subject:
    """Something to evaluate.

    Attributes:
        name: for tables.
        parts: what it can offer, named as in `metrics.metric.PARTS`.
        info: JSON-able: what it is, for `results.json`.
        samples: names the rows of its representation; subjects with equal names can be compared row by row.
    """

    name: str
    parts: Mapping[str, Any]
    info: Mapping[str, Any] = field(default_factory=dict)
    samples: str = ""


def subject_of_representation(representation: Representation, name: str, seed: int = 0) -> Subject:
    """Codes and, where known, factors as a subject. Without a train mask, two thirds of the rows are drawn for it.

    Raises:
        RepresentationError: so few samples that no metric has an answer.
    """
    if len(representation.codes) < MINIMUM:
        raise RepresentationError(
            f"There are only {len(representation.codes)} samples in {name}.", f"Give {MINIMUM} or more."
        )
    parts: dict[str, Any] = {"codes": representation.codes}
    if representation.factors is not None:
        parts["factors"] = representation.factors
        parts["train"] = representation.train
        if representation.train is None:
            parts["train"] = drawn_mask(len(representation.codes), seed)
    if representation.posterior:
        parts["posterior_parameters"] = representation.posterior
    info = {"kind": "representation", "samples": len(representation.codes)}
    return Subject(name, parts, info, _fingerprint(representation.factors, parts.get("train")))


def _fingerprint(factors: Variables | None, train: NDArray[np.bool_] | None) -> str:
    """A name for rows with these factors in this order."""
    if factors is None or train is None:
        return ""
    digest = hashlib.sha256(np.packbits(train).tobytes())
    for batch in factors.batches():
        digest.update(_canonical_bytes(batch.values))
    return digest.hexdigest()[:16]


def _canonical_bytes(values: NDArray[Any]) -> bytes:
    """The same bytes for the same values, whatever the width of their type."""
    if values.dtype.kind == "U":
        return "\0".join([*values.ravel().tolist(), ""]).encode()
    return values.astype("<f8" if values.dtype.kind == "f" else "<i8").tobytes()


def subject_of_run(run: Run, *, device: torch.device, data_dir: Path | None = None) -> Subject:
    """A finished run as a subject with all parts, its dataset's images included.

    Raises:
        RunError: its model file is damaged. DataError: its dataset cannot be had.
    """
    if not run.has_whole_model():
        raise RunError(
            f"{run.model_file} is damaged: its SHA-256 is not the one in provenance.json.",
            f"Make it again from the last checkpoint with `{run.resume_command()}`.",
        )
    recipe = run.recipe
    dataset = evaluated(load_for_run(recipe.dataset, data_dir, recipe.data))
    model = MODELS.get(recipe.model)(recipe, dataset.info.shape)
    trained = load_trained(model, run.model_file, device)
    info = {
        "kind": "run",
        "recipe": recipe.name,
        "model": recipe.model,
        "dataset": recipe.dataset,
        "samples": len(dataset.images),
        "seed": run.seed,
        "status": run.status,
        "model_sha256": sha256(run.model_file),
    }
    makers = _makers(trained, dataset)
    name = f"{recipe.name} seed {run.seed}"
    return Subject(name, Parts(makers), info, _fingerprint(known_factors(dataset), dataset.train))


def evaluated(dataset: Dataset) -> Dataset:
    """The part of a dataset on which a run is evaluated, in memory.

    It is all of it, or of a large one some rows, drawn by its name, so that they are the same for all models.
    """
    n = len(dataset.images)
    if n <= LARGE and isinstance(dataset.images, np.ndarray):
        return dataset
    if n <= LARGE:
        return dataset.some(np.arange(n))
    generator = np.random.default_rng(derive_seed(0, "evaluated rows", dataset.info.name))
    return dataset.some(np.sort(generator.choice(n, size=DRAWN, replace=False)))


def known_factors(dataset: Dataset) -> Variables | None:
    """The factors of which a run's codes are asked: those that are known, or measured ones if no others are.

    What was measured on the images is not what they were made from, and says in part the same as the others.
    """
    factors, declared = dataset.factors, dataset.info.factors
    known = [factor for factor in declared if not factor.measured]
    if factors is None or not known or len(known) == len(declared):
        return factors
    chosen = factors.select([factor.name for factor in known])
    if all(factor.size is not None for factor in known):
        return Variables(chosen.values.astype(np.int64), chosen.names, chosen.kinds)
    return chosen


def _makers(trained: TrainedModel, dataset: Dataset) -> dict[str, Callable[[], Any]]:
    reading = cache(partial(trained.read_real, torch.from_numpy(dataset.images)))
    makers: dict[str, Callable[[], Any]] = {
        "codes": lambda: represent(trained.latents, reading()),
        "posterior_parameters": lambda: posterior_parameters(trained.latents, reading()),
        "train": lambda: dataset.train,
        "images": lambda: dataset.images,
        "generator": lambda: trained.generate,
        "posterior": lambda: trained.read_generated,
        "latents": lambda: trained.latents,
    }
    factors = known_factors(dataset)
    if factors is not None:
        makers["factors"] = lambda: factors
    if dataset.info.labels is not None:
        makers["classifier"] = lambda: train_classifier(dataset, trained.device)
    return makers


def represent(latents: LatentSpec, reading: Sequence[Tensor]) -> Variables:
    """Q's estimate of each code `(n, codes)`, categories as whole numbers, from its output for each image."""
    columns = [code.estimate(raw).double().cpu().numpy() for code, raw in zip(latents.codes, reading, strict=True)]
    kinds = ["categorical" if isinstance(code, Categorical) else "continuous" for code in latents.codes]
    return Variables.wrap(np.stack(columns, axis=1), names=latents.names, kinds=kinds)


def posterior_parameters(latents: LatentSpec, reading: Sequence[Tensor]) -> dict[str, NDArray[np.float64]]:
    """Code name -> logits `(n, k)` of a categorical code, mean and ln sigma `(n, 2)` of a continuous one."""
    found = {}
    for code, raw in zip(latents.codes, reading, strict=True):
        if isinstance(code, Categorical):
            parameters = raw
        else:
            parameters = torch.stack([code.estimate(raw), code.log_sigma(raw)], dim=1)
        found[code.name] = parameters.double().cpu().numpy()
    return found
