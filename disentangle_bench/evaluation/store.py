"""Where the scores of an evaluation are kept, metric by metric."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from disentangle_bench.errors import NewerSchemaError, RunError, SettingError
from disentangle_bench.evaluation.results import Results
from disentangle_bench.evaluation.samples import Samples, load_samples, save_samples
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.metrics import METRICS
from disentangle_bench.provenance import provenance
from disentangle_bench.run import PATIENCE, Run
from disentangle_bench.storage import locked, remove_leftovers, require_writable, storage_errors

_log = logging.getLogger(__name__)


class Store(Protocol):
    """Keeps the scores of one subject."""

    @property
    def place(self) -> str:
        """What keeps the scores, for messages; empty if they are lost with the process."""
        ...

    def read(self) -> Results | None:
        """Read the scores that are kept by now."""
        ...

    def add(self, results: Results) -> None:
        """Keep more scores; those of a metric replace all earlier ones of that metric.

        Raises:
            StorageError: they cannot be written. RunError: another process does not let go of the lock.
        """
        ...


@dataclass
class MemoryStore:
    """Keeps scores as long as the process lives."""

    results: Results | None = None
    place: str = ""

    def read(self) -> Results | None:
        """Return what was added."""
        return self.results

    def add(self, results: Results) -> None:
        """Keep more scores."""
        self.results = results if self.results is None else merged(self.results, results)


@dataclass
class FileStore:
    """Keeps scores in a JSON file that several processes may add to.

    What cannot be written is tried again with whatever is added next, and is part of what is read.

    Attributes:
        blank: results of the subject without scores.
        file: the JSON file.
        lock: to be held while the file is replaced.
        samples_file: an HDF5 file for the samples; by default they are in the JSON file.
        replaces_damaged: a file that cannot be read is replaced, instead of refused.
    """

    blank: Results
    file: Path
    lock: Callable[[], AbstractContextManager[None]]
    samples_file: Path | None = None
    replaces_damaged: bool = False
    _unkept: Results | None = field(default=None, init=False)
    _reported: bool = field(default=False, init=False)

    @classmethod
    def of_run(cls, run: Run, subject: Subject, seed: int = 0) -> FileStore:
        """Keep scores in a run folder."""
        return cls(
            blank_results(subject, seed),
            run.results_file,
            partial(run.held, patience=PATIENCE),
            run.samples_file,
            replaces_damaged=True,
        )

    @classmethod
    def of_file(cls, file: Path, subject: Subject, seed: int = 0) -> FileStore:
        """Keep scores in a file of the user's choice.

        Raises:
            SettingError: its name does not end with .json.
        """
        if file.suffix.lower() != ".json":
            raise SettingError(f"Scores cannot be kept in {file}: they are JSON.", "Give --out a name ending in .json.")
        return cls(
            blank_results(subject, seed), file, partial(locked, file.with_name(f".{file.name}.lock"), patience=PATIENCE)
        )

    @property
    def place(self) -> str:
        """The file."""
        return str(self.file)

    def read(self) -> Results | None:
        """Read the scores of this subject that are kept by now, and those that could not be written."""
        kept = self._on_disk()
        if kept is None or _difference(kept, self.blank):
            return self._unkept
        return kept if self._unkept is None else merged(kept, self._unkept)

    def check(self, *, again: bool = False) -> None:
        """Make sure that scores of the subject can be added to what is kept.

        Args:
            again: scores of another subject may be replaced.

        Raises:
            RunError: the scores that are kept are of another model or of other data, or the file does not hold scores.
            NewerSchemaError: they are of a newer schema. StorageError: no permission, or hardly any space.
        """
        with self.lock():
            require_writable(self.file)
            kept = self._on_disk()
        if not again and kept is not None and (difference := _difference(kept, self.blank)):
            raise RunError(
                f"{self.file} holds scores of {difference}.",
                "--again replaces them; --out FILE keeps the new ones elsewhere.",
            )

    def add(self, results: Results) -> None:
        """Keep more scores; those of another subject are replaced."""
        self._unkept = results if self._unkept is None else merged(self._unkept, results)
        with self.lock():
            kept = self._on_disk()
            before = self.blank if kept is None or _difference(kept, self.blank) else kept
            whole = merged(before, self._unkept)
            whole.scores = {  # what has lost its samples is still known to have had some
                name: entry.model_copy(update={"sampled": entry.sampled or name in whole.samples})
                for name, entry in whole.scores.items()
            }
            remove_leftovers(self.file)
            if self.samples_file is not None and (whole.samples or self.samples_file.exists()):
                remove_leftovers(self.samples_file)
                save_samples(self.samples_file, whole.samples)
            whole.save(self.file, samples=self.samples_file is None)
        self._unkept = None

    def _on_disk(self) -> Results | None:
        """The results in the file, without the scores of metrics whose samples are of another evaluation."""
        if not self.file.exists():
            return None
        try:
            with storage_errors(self.file, "read"):
                results = Results.load(self.file)
        except NewerSchemaError:
            raise
        except RunError as error:
            if not self.replaces_damaged:
                raise
            self._report(f"The earlier scores could not be read and are replaced. {error.problem}")
            return None
        if self.samples_file is None:
            return results
        samples = {name: of for name, of in self._samples_on_disk().items() if name in results.scores}
        torn = {
            results.scores[name].metric
            for name, of in samples.items()
            if not of.have_the_mean(results.scores[name].value)
        }
        results.scores = {name: entry for name, entry in results.scores.items() if entry.metric not in torn}
        results.samples = {name: of for name, of in samples.items() if name in results.scores}
        return results

    def _samples_on_disk(self) -> dict[str, Samples]:
        if self.samples_file is None or not self.samples_file.is_file():
            return {}
        try:
            return load_samples(self.samples_file)
        except RunError as error:
            self._report(f"Scores cannot be compared sample by sample until --again. {error.problem}")
            return {}

    def _report(self, text: str) -> None:
        if not self._reported:
            _log.warning("%s", text)
            self._reported = True


def blank_results(subject: Subject, seed: int = 0) -> Results:
    """Make results of a subject that has no scores yet."""
    made_by = {**provenance(), "seed": seed}
    return Results(subject={"name": subject.name, **subject.info}, scores={}, provenance=made_by, samples={})


def merged(before: Results, results: Results) -> Results:
    """Join scores of one subject; those of a metric in `results` replace all earlier ones of that metric.

    Args:
        before: earlier scores.
        results: later ones; subject and provenance are theirs.

    Returns:
        The scores in the order in which metrics are listed.
    """
    replaced = {entry.metric for entry in results.scores.values()}
    kept = {name: entry for name, entry in before.scores.items() if entry.metric not in replaced}
    order = {name: place for place, name in enumerate(METRICS)}
    scores = sorted({**kept, **results.scores}.items(), key=lambda item: order.get(item[1].metric, len(order)))
    whole = results.model_copy(update={"scores": dict(scores)})
    whole.samples = {name: of for name, of in before.samples.items() if name in kept} | results.samples
    whole.replicates = {name: of for name, of in before.replicates.items() if name in kept} | results.replicates
    return whole


def _difference(kept: Results, new: Results) -> str:
    """In what two subjects differ that keeps their scores apart; of earlier schemas only as much as is known."""
    then, now = kept.subject, new.subject
    if then.get("model_sha256") != now.get("model_sha256"):
        return "another model"
    if then.get("samples") != now.get("samples"):
        return f"{then.get('samples')} samples, not of {now.get('samples')}"
    if then.get("data_sha256", now.get("data_sha256")) != now.get("data_sha256"):
        return "other data"
    return ""
