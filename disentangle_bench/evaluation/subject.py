"""What is evaluated, as the parts that metrics ask for."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.datasets import Dataset
from disentangle_bench.datasets.load import load_dataset
from disentangle_bench.errors import RepresentationError, SettingError
from disentangle_bench.evaluation.classifier import SECONDS
from disentangle_bench.evaluation.classifier_cache import is_kept, kept_classifier
from disentangle_bench.evaluation.description import describe_samples, doubts, unscored, with_class_names
from disentangle_bench.latents import Categorical, LatentSpec
from disentangle_bench.metrics.inputs import MINIMUM, drawn_mask
from disentangle_bench.models import make_model
from disentangle_bench.models.trained import TrainedModel, load_trained, posterior_parameters
from disentangle_bench.representation import Representation
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables
from disentangle_bench.run import Run
from disentangle_bench.seeds import derive_seed

_log = logging.getLogger(__name__)
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
        split_seed: of its train mask, if that was drawn; partly known factors then have splits of their own.
        making: part -> roughly how many seconds it takes to make on one core, for those that take long and for images
            of 28 x 28 gray pixels.
    """

    name: str
    parts: Mapping[str, Any]
    info: Mapping[str, Any] = field(default_factory=dict)
    samples: str = ""
    split_seed: int | None = None
    making: Mapping[str, float] = field(default_factory=dict)

    def with_parts(self, made: Mapping[str, Any]) -> Subject:
        """Put these parts in place of the subject's own; no other part is made by this."""
        makers = {name: partial(self.parts.__getitem__, name) for name in self.parts}
        return replace(self, parts=Parts(makers | {name: partial(made.__getitem__, name) for name in made}))


def subject_of_representation(
    representation: Representation, name: str, seed: int = 0, *, rows: int | None = None
) -> Subject:
    """Make a subject of codes and, where known, factors.

    Args:
        representation: without a train mask, two thirds of its rows are drawn for it.
        name: for tables.
        seed: of that draw.
        rows: evaluate so many of the rows, drawn at random but the same for every representation of as many rows; by
            default all of them.

    Raises:
        RepresentationError: so few samples that no metric can be computed. SettingError: so few rows.
    """
    samples = len(representation.codes)
    if samples < MINIMUM:
        raise RepresentationError(f"There are only {samples} samples in {name}.", f"Give {MINIMUM} or more.")
    drawn = drawn_rows(samples, rows)
    data = representation if drawn is None else representation.rows(drawn)
    parts: dict[str, Any] = {"codes": data.codes}
    if data.factors is not None:
        for doubt in doubts(data.factors):
            _log.warning("%s", doubt)
        parts["factors"] = data.factors
        parts["train"] = drawn_mask(len(data.codes), seed) if data.train is None else data.train
    if data.posterior:
        parts["posterior_parameters"] = data.posterior
    fingerprint = fingerprint_of(data.factors, parts.get("train"))
    info = {
        "kind": "representation",
        "samples": len(data.codes),
        **({} if drawn is None else {"drawn_from": samples}),
        **describe_samples(
            data.codes.names, data.codes.kinds, data.factors, parts.get("train"), widths=data.codes.widths
        ),
        "data_sha256": digest_of(data.codes, data.factors, data.train, *data.posterior.values()),
        "samples_sha256": fingerprint or None,
    }
    return Subject(name, parts, info, fingerprint, seed if data.train is None else None)


def drawn_rows(samples: int, rows: int | None) -> NDArray[np.int64] | None:
    """Draw the rows to evaluate, the same for all subjects of as many samples.

    Args:
        samples: how many there are.
        rows: how many are to be evaluated; None for all.

    Returns:
        Row numbers `(rows,)` in ascending order; None for all of them.

    Raises:
        SettingError: so few rows that no metric can be computed.
    """
    if rows is not None and rows < MINIMUM:
        raise SettingError(f"{rows} rows are too few to evaluate.", f"Give {MINIMUM} or more.")
    return None if rows is None or rows >= samples else _draw(samples, rows, "")


def _draw(samples: int, rows: int, name: str) -> NDArray[np.int64]:
    generator = np.random.default_rng(derive_seed(0, "evaluated rows", name))
    return np.sort(generator.choice(samples, size=rows, replace=False))


def fingerprint_of(factors: Variables | None, train: NDArray[np.bool_] | None) -> str:
    """A name for rows with these factors in this order, whether whole numbers are stored as integers or as floats."""
    if factors is None or train is None:
        return ""
    digest = hashlib.sha256(np.packbits(train).tobytes())
    for batch in factors.batches():
        values = batch.values
        whole = values.dtype.kind == "f" and bool(((values == np.rint(values)) & (np.abs(values) < 2**53)).all())
        digest.update(_canonical_bytes(values.astype(np.int64) if whole else values))
    return digest.hexdigest()[:16]


def digest_of(*parts: Variables | NDArray[Any] | None) -> str:
    """Compute the SHA-256 of variables and arrays: of values, shapes, names and kinds, not of the width of a type."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Variables):
            digest.update(repr((len(part), part.names, part.kinds, *part.widths)).encode())
            for batch in part.batches():
                digest.update(_canonical_bytes(batch.values))
        elif part is not None:
            values = np.asarray(part)
            digest.update(repr(values.shape).encode())
            digest.update(np.ascontiguousarray(values).data if values.dtype == np.uint8 else _canonical_bytes(values))
        digest.update(b";")
    return digest.hexdigest()


def _canonical_bytes(values: NDArray[Any]) -> bytes:
    """The same bytes for the same values, whatever the width of their type."""
    if values.dtype.kind == "U":
        return "\0".join([*values.ravel().tolist(), ""]).encode()
    return values.astype("<f8" if values.dtype.kind == "f" else "<i8").tobytes()


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
    whole = evaluated(load_dataset(recipe.dataset.name, data_dir, recipe.dataset.settings))
    drawn = drawn_rows(len(whole.images), rows)
    dataset = whole if drawn is None else whole.some(drawn)
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
        "samples": len(dataset.images),
        **({} if drawn is None else {"drawn_from": len(whole.images)}),
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


def evaluated(dataset: Dataset) -> Dataset:
    """Read the part of a dataset on which a run is evaluated by default into memory.

    It is all of it, or of a large one some rows, drawn by its name, so that they are the same for all models.
    """
    n = len(dataset.images)
    if n <= LARGE and isinstance(dataset.images, np.ndarray):
        return dataset
    if n <= LARGE:
        return dataset.some(np.arange(n))
    return dataset.some(_draw(n, DRAWN, dataset.info.name))


def known_factors(dataset: Dataset) -> Variables | None:
    """The factors of which a run's codes are asked: those that are known, or measured ones if no others are.

    What was measured on the images is not what they were made from, and says in part the same as the others. Factors
    that a dataset declares `unscored` are left out.
    """
    factors, declared = dataset.factors, dataset.info.factors
    known = [factor for factor in declared if not factor.measured and not factor.unscored]
    if factors is None or not known or len(known) == len(declared):
        return factors
    chosen = factors.select([factor.name for factor in known])
    if all(factor.size is not None for factor in known) and chosen.known.all():
        return Variables(chosen.values.astype(np.int64), chosen.names, chosen.kinds)
    return chosen


def _makers(trained: TrainedModel, dataset: Dataset) -> dict[str, Callable[[], Any]]:
    reading = cache(partial(trained.encode, torch.from_numpy(dataset.images)))
    makers: dict[str, Callable[[], Any]] = {
        "train": lambda: dataset.train,
        "images": lambda: dataset.images,
        "latents": lambda: trained.latents,
    }
    if "encoder" in trained.offers:
        makers["codes"] = lambda: represent(trained.latents, reading())
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


def represent(latents: LatentSpec, reading: Sequence[Tensor]) -> Variables:
    """Q's estimate of each code `(n, codes)`, categories as whole numbers, from its output for each image."""
    columns = [code.estimate(raw).double().cpu().numpy() for code, raw in zip(latents.codes, reading, strict=True)]
    return Variables.wrap(np.stack(columns, axis=1), names=latents.names, kinds=kinds_of(latents))


def kinds_of(latents: LatentSpec) -> list[Kind]:
    """The kind of each code's estimate."""
    return ["categorical" if isinstance(code, Categorical) else "continuous" for code in latents.codes]
