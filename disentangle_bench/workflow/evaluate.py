"""Score a run, or codes of any origin; only what has a network imports PyTorch, which takes a second or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from disentangle_bench.allocation import kept_memory
from disentangle_bench.errors import RepresentationError, SettingError
from disentangle_bench.evaluation.choices import CHOICES, choices_made
from disentangle_bench.evaluation.plan import plan
from disentangle_bench.evaluation.progress import OnProgress
from disentangle_bench.evaluation.representation_subject import subject_of_representation
from disentangle_bench.evaluation.results import Results, refuse_newer_results
from disentangle_bench.evaluation.score import score_subject
from disentangle_bench.evaluation.store import FileStore
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.representation import Representation, open_representation
from disentangle_bench.run import Run
from disentangle_bench.storage import usable_path, user_cache
from disentangle_bench.workflow.drawing import Drawing
from disentangle_bench.workflow.groups import REPRESENTATION_FILES
from disentangle_bench.workflow.stored import require_no_choice


def evaluate(
    subject: Run | Representation | Subject | Path | str,
    metrics: Sequence[str] | str | None = None,
    *,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    common: bool = False,
    select: Mapping[str, Any] | None = None,
    seed: int = 0,
    rows: int | None = None,
    device: str = "auto",
    data_dir: Path | str | None = None,
    bootstrap: int | None = None,
    levels: bool = True,
    out: Path | str | None = None,
    again: bool = False,
    figures: bool | Path | str = True,
    figure_formats: Sequence[str] = ("png", "pdf"),
    on_progress: OnProgress | None = None,
) -> Results:
    """Score a run, a representation, the folder or file of one, or an encoder and a generator.

    Each metric is kept as soon as it is done: in the folder of a run, or in the file `out`. The same call, after it was
    interrupted or with more metrics, computes only what is missing. A metric that raises an exception has no value,
    and the exception for a reason; the other metrics are not affected.

    Args:
        subject: a run or its folder; a representation or its `.npz` or `.h5` file; or what `disentangle_bench.subject`
            makes of an encoder and a generator.
        metrics: their names or one name, or `all`; by default the widely used ones (`MetricInfo.default`), of a run
            those of them that are not slow.
        settings: metric name -> its settings.
        common: the settings are those of several subjects: those of metrics that are not computed of this one are left
            aside, and a metric that they do not suit has no value.
        select: of a representation or its file, which codes and factors, and how they count, as arguments of
            `Representation.select`.
        seed: of everything random in the evaluation.
        rows: evaluate only so many of the samples, the same for all metrics and all models of a dataset.
        device: `auto`, `cpu`, `cuda` or `mps`.
        data_dir: a folder with the dataset's files.
        bootstrap: resamples of the rows for the intervals of resamplable metrics; 0 for no intervals; by default 100,
            and none for slow metrics, beyond 200,000 rows, and beyond 20,000 where something is fitted.
        levels: simulate the chance and the ceiling of resamplable metrics.
        out: a JSON file to keep the scores in; those of a run are then not kept in its folder, nor are figures drawn.
        again: compute what is kept already, too.
        figures: draw figures into this folder, of any subject; True draws those of a run into its own folder, unless
            those that are there show these scores.
        figure_formats: of each figure: `png`, `pdf`, `svg`.
        on_progress: called with each event of the evaluation, such as `print`; see `evaluation.progress`.

    Returns:
        All scores that are kept of the subject; `failed` names the metrics that raised an exception.

    Raises:
        DbenchError: not a run or a representation, an unknown metric, a setting it does not take, or a file that holds
            scores of another subject.
        EvaluationInterrupted: Ctrl-C; its `results` are those of the metrics that were done.
        UnkeptScoresError: scores could not be written, or figures not be drawn; its `results` are all scores.
    """
    report = on_progress or (lambda _event: None)
    user_cache()  # an invalid DBENCH_CACHE is no metric's failure
    evaluation = _Evaluation(
        {"metrics": metrics, "settings": settings or {}, "common": common},
        {"seed": seed, "bootstrap": bootstrap, "levels": levels},
        None if out is None else usable_path(out, "out"),
        again,
        Drawing.of(figures, figure_formats, report),
        report,
    )
    found = _found(subject)
    if not isinstance(found, Run):
        name = "representation" if isinstance(subject, Representation) else Path(str(subject)).name
        return evaluation.of_codes(_subject_of(found, name, select or {}, seed=seed, rows=rows))
    require_no_choice(found, select or {})
    if out is None:
        refuse_newer_results(found.results_file)  # before anything is computed that could not be kept
    folder = None if data_dir is None else Path(data_dir)
    return evaluation.of_run(found, _subject_of_run(found, device, folder, rows))


@dataclass(frozen=True)
class _Evaluation:
    """What to compute, where to keep it, and what to draw of it.

    Attributes:
        asked: which metrics, with which settings.
        options: seed, resamples and levels.
        file: keeps the scores; without one, those of a run are kept in its folder.
        again: compute what is kept already, too.
    """

    asked: Mapping[str, Any]
    options: Mapping[str, Any]
    file: Path | None
    again: bool
    drawing: Drawing
    report: OnProgress

    def of_codes(self, subject: Subject) -> Results:
        """Score codes, or an encoder and a generator."""
        results = self._scores(subject, self._store(subject))
        self.drawing.into_folder(results, subject)
        return results

    def of_run(self, run: Run, subject: Subject) -> Results:
        """Encode the images of a run, once, and score it."""
        from disentangle_bench.evaluation.encode import encoded

        store = self._store(subject, run)
        plan(subject, **self.asked, options=self.options)  # what is wrong shows before images are encoded for a while
        with kept_memory():
            subject = encoded(run, subject, keep=self.file is None, again=self.again, on_progress=self.report)
            results = self._scores(subject, store)
        if self.file is None:
            self.drawing.of_run(results, subject, run)
        self.drawing.into_folder(results, subject, run)
        return results

    def _store(self, subject: Subject, run: Run | None = None) -> FileStore | None:
        """Where the scores are kept, if anywhere; they can be added to it."""
        if self.file is not None:
            store = FileStore.of_file(self.file, subject, self.options["seed"])
        elif run is not None:
            store = FileStore.of_run(run, subject, self.options["seed"])
        else:
            return None
        store.check(again=self.again)
        return store

    def _scores(self, subject: Subject, store: FileStore | None) -> Results:
        how = {**self.asked, **self.options}
        return score_subject(subject, **how, store=store, again=self.again, on_progress=self.report)


def _found(subject: Run | Representation | Subject | Path | str) -> Run | Representation | Subject:
    if isinstance(subject, Run | Representation | Subject):
        return subject
    if not isinstance(subject, Path | str):
        raise RepresentationError(
            f"The subject is of the type {type(subject).__name__}, which is neither a path nor codes with factors.",
            "Give `Representation.of(codes, factors)`, a run, or the path of a run folder or of a file of codes.",
        )
    return _opened(usable_path(subject, "The subject"))


def _opened(path: Path) -> Run | Representation:
    if path.suffix.lower() in REPRESENTATION_FILES:
        return open_representation(path)
    if path.is_file() or (path.suffix and not path.exists()):
        raise RepresentationError(
            f"{path} is neither a run folder nor a file of codes: the name of one ends with .npz, .h5 or .hdf5.",
            "NumPy writes such a file: numpy.savez('codes.npz', codes=codes, factors=factors).",
        )
    return Run.open(path)


def _subject_of_run(run: Run, device: str, data_dir: Path | None, rows: int | None) -> Subject:
    from disentangle_bench.devices import choose_device
    from disentangle_bench.evaluation.run_subject import subject_of_run

    return subject_of_run(run, device=choose_device(device), data_dir=data_dir, rows=rows)


def _subject_of(
    found: Representation | Subject, name: str, select: Mapping[str, Any], *, seed: int, rows: int | None
) -> Subject:
    """What is evaluated, of the chosen codes, factors and rows; one that is made already is taken as it is."""
    if isinstance(found, Subject):
        if select or rows:
            raise SettingError(
                f"Neither rows nor codes and factors can be chosen of {found.name}: it is made already.",
                "`disentangle_bench.subject` takes rows; `represent` gives codes, of which some can be chosen.",
            )
        return found
    choices = choices_made(found, select)
    made = subject_of_representation(found.select(**select) if select else found, name, seed, rows=rows)
    return replace(made, info={**made.info, CHOICES: choices}) if choices else made
