"""Models ranked without labels, by how far the others bear each of them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import scipy

from disentangle_bench.errors import MetricError, RepresentationError, RunError
from disentangle_bench.evaluation.plan import Settings
from disentangle_bench.evaluation.progress import OnProgress
from disentangle_bench.evaluation.ranking import ADVISED, FEWEST, Place, RankedModel, Ranking
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.evaluation.score import score_subject
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.representation import Representation
from disentangle_bench.run import Run, runs_in


def read_models(paths: Iterable[Path]) -> dict[str, Representation]:
    """Model name -> its representation, from files, evaluated runs and folders of `seed-*` runs.

    Raises:
        RunError: a folder that holds no run, a run that has not been evaluated, or one model given twice.
        RepresentationError: a file that is none.
    """
    files = [file for path in paths for file in _files_at(path)]
    names = [str(file.parent if file.name == Run(file.parent).representation_file.name else file) for file in files]
    for name in names:
        if names.count(name) > 1:
            raise RunError(f"{name} is given twice.", "Give each model once: a copy would bear out its original.")
    return {name: Representation.load(file) for name, file in zip(names, files, strict=True)}


def _files_at(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if path.suffix.lower() in (".npz", ".h5", ".hdf5"):
        raise RepresentationError(f"There is no file {path}.", "Give an .npz or .h5 file with 'codes' in it.")
    runs = runs_in(path)
    for run in runs:
        if not run.representation_file.is_file():
            raise RunError(f"{run.path} has no {run.representation_file.name}.", f"`dbench eval {run.path}` makes it.")
    return [run.representation_file for run in runs]


def rank_models(
    models: Mapping[str, Representation],
    metrics: Sequence[str] | None = None,
    *,
    settings: Settings | None = None,
    seed: int = 0,
    on_progress: OnProgress = lambda _event: None,
) -> Ranking:
    """Rank models by the codes that each has for the same samples.

    Args:
        models: name -> representation; 3 or more.
        metrics: those to rank by; by default all that ask for the codes of several models.
        settings: metric name -> its settings.
        seed: of everything random.
        on_progress: called with each event, such as `print`.

    Raises:
        RepresentationError: fewer than 3 models, or codes for different samples.
        DbenchError: a metric or a setting that there is not.
    """
    if len(models) < FEWEST:
        raise RepresentationError(
            f"There are {len(models)} models to rank.",
            f"Give {FEWEST} or more, better {ADVISED}: of two that differ, who is to say which is the odd one?",
        )
    unchecked = _require_same_samples(models)
    subject = Subject(f"{len(models)} models", {"representations": {name: of.codes for name, of in models.items()}})
    results = score_subject(subject, metrics, settings=settings, seed=seed, on_progress=on_progress)
    for entry in results.scores.values():
        if entry.error:
            raise MetricError(f"The models cannot be ranked by {entry.metric!r}: {entry.reason}", "Leave it out.")
    return _ranking(results, models, unchecked)


def _require_same_samples(models: Mapping[str, Representation]) -> list[str]:
    """Raise unless the models have as many rows with the same factors; the names of those that have no factors."""
    lengths = {name: len(model.codes) for name, model in models.items()}
    known = [(name, model.factors.values) for name, model in models.items() if model.factors is not None]
    for first, second in pairwise(lengths):
        if lengths[first] != lengths[second]:
            _refuse(first, second, f"{lengths[first]} and {lengths[second]} of them")
    for (first, before), (second, after) in pairwise(known):
        if before.shape != after.shape:
            _refuse(first, second, f"with {before.shape[1]} and {after.shape[1]} factors")
        numbers = before.dtype.kind != "U" and after.dtype.kind != "U"
        different = before != after if numbers else before.astype(str) != after.astype(str)
        unlike = np.flatnonzero(different.any(axis=1))
        if len(unlike):
            _refuse(first, second, f"their factors differ in {len(unlike)} of {len(before)}, first in row {unlike[0]}")
    return [name for name, model in models.items() if model.factors is None]


def _refuse(first: str, second: str, how: str) -> None:
    raise RepresentationError(
        f"{first} and {second} have codes for different samples: {how}.", "Encode the same samples in the same order."
    )


def _ranking(results: Results, models: Mapping[str, Representation], unchecked: list[str]) -> Ranking:
    places = {
        criterion: _places([scores[f"{criterion}.{name}"] for name in models])
        for criterion, scores in results.by_metric().items()
    }
    criteria = list(places)
    ranked = []
    for name, of_model in zip(models, zip(*places.values(), strict=True), strict=True):
        ranks = [place.rank for place in of_model if place.rank is not None]
        mean_rank = float(np.mean(ranks)) if ranks else None
        ranked.append(RankedModel(name=name, mean_rank=mean_rank, places=list(of_model)))
    ranked.sort(key=lambda model: (model.mean_rank is None, model.mean_rank))
    samples = len(next(iter(models.values())).codes)
    return Ranking(criteria=criteria, models=ranked, samples=samples, unchecked=unchecked)


def _places(entries: list[ScoreEntry]) -> list[Place]:
    sign = -1 if entries[0].better == "higher" else 1
    known = [sign * entry.value for entry in entries if entry.value is not None]
    ranks = iter(scipy.stats.rankdata(known, method="min").tolist())
    return [
        Place(score=entry.value, rank=None if entry.value is None else int(next(ranks)), reason=entry.reason)
        for entry in entries
    ]
