"""Score a run, or codes of any origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from disentangle_bench.allocation import kept_memory
from disentangle_bench.devices import choose_device
from disentangle_bench.errors import DbenchError, RepresentationError, SettingError, with_place
from disentangle_bench.evaluation.choices import CHOICES, choices_made
from disentangle_bench.evaluation.encode import encoded
from disentangle_bench.evaluation.plan import plan
from disentangle_bench.evaluation.progress import Noted, OnProgress, Working
from disentangle_bench.evaluation.representation_subject import subject_of_representation
from disentangle_bench.evaluation.results import Results, refuse_newer_results
from disentangle_bench.evaluation.run_subject import subject_of_run
from disentangle_bench.evaluation.score import EvaluationInterrupted, UnkeptScoresError, score_subject
from disentangle_bench.evaluation.store import FileStore
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.reports.drawn import are_drawn, note_drawn
from disentangle_bench.representation import Representation, open_representation
from disentangle_bench.run import Run
from disentangle_bench.storage import (
    locked,
    remove_all_leftovers,
    remove_leftovers,
    require_writable,
    usable_path,
    user_cache,
)
from disentangle_bench.workflow.groups import REPRESENTATION_FILES
from disentangle_bench.workflow.stored import require_no_choice


class UndrawnFiguresError(UnkeptScoresError):
    """Scores were computed, and not every figure could be drawn."""

    @classmethod
    def of(cls, error: Exception, results: Results) -> UndrawnFiguresError:
        """Name the fault, and hand over the results."""
        problem, remedy = (error.problem, error.remedy) if isinstance(error, DbenchError) else (with_place(error), "")
        undrawn = cls(f"Not every figure is drawn. {problem}", remedy)
        undrawn.results = results
        return undrawn


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
        bootstrap: resamples of the rows for the intervals of observational metrics; 0 for no intervals; by default 100,
            and none for slow metrics, beyond 200,000 rows, and beyond 20,000 where something is fitted.
        levels: simulate the chance and the ceiling of observational metrics.
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
    score = partial(
        score_subject,
        metrics=metrics,
        settings=settings,
        common=common,
        seed=seed,
        bootstrap=bootstrap,
        levels=levels,
        again=again,
        on_progress=report,
    )
    user_cache()  # an invalid DBENCH_CACHE is no metric's failure
    file = None if out is None else usable_path(out, "out")
    if not isinstance(figures, bool):
        place = usable_path(figures, "figures").absolute()  # made only once there is something to draw
        require_writable(next(path for path in (place, *place.parents) if path.exists()) / "figure")
    draw = partial(_draw_figures, forms=figure_formats, report=report)
    if not isinstance(subject, Run | Representation | Subject | Path | str):
        raise RepresentationError(
            f"The subject is of the type {type(subject).__name__}, which is neither a path nor codes with factors.",
            "Give `Representation.of(codes, factors)`, a run, or the path of a run folder or of a file of codes.",
        )
    found = (
        subject if isinstance(subject, Run | Representation | Subject) else _opened(usable_path(subject, "The subject"))
    )
    if not isinstance(found, Run):
        name = "representation" if isinstance(subject, Representation) else Path(str(subject)).name
        made = _subject_of(found, name, select or {}, seed=seed, rows=rows)
        store = None if file is None else FileStore.of_file(file, made, seed)
        if store is not None:
            store.check(again=again)
        results = score(made, store=store)
        if not isinstance(figures, bool):
            draw(results, made, Path(figures))
        return results
    require_no_choice(found, select or {})
    if file is None:
        refuse_newer_results(found.results_file)  # before anything is computed that could not be kept
    folder = None if data_dir is None else Path(data_dir)
    made = subject_of_run(found, device=choose_device(device), data_dir=folder, rows=rows)
    store = FileStore.of_run(found, made, seed) if file is None else FileStore.of_file(file, made, seed)
    store.check(again=again)
    # What is wrong shows before the images are encoded, which takes a while.
    plan(made, metrics, settings or {}, {"seed": seed, "bootstrap": bootstrap, "levels": levels}, common=common)
    with kept_memory():
        made = encoded(found, made, keep=file is None, again=again, on_progress=report)
        results = score(made, store=store)
    if file is None:
        with locked(found.path / ".figures.lock"):  # of several evaluations one draws
            _keep_traversals(results, made, found, report)
            if figures is True and not are_drawn(found, results, figure_formats):
                note_drawn(found, results, draw(results, made, found.figures, found))
    if not isinstance(figures, bool):
        draw(results, made, Path(figures), found)
    return results


def _opened(path: Path) -> Run | Representation:
    if path.suffix.lower() in REPRESENTATION_FILES:
        return open_representation(path)
    if path.is_file() or (path.suffix and not path.exists()):
        raise RepresentationError(
            f"{path} is neither a run folder nor a file of codes: the name of one ends with .npz, .h5 or .hdf5.",
            "NumPy writes such a file: numpy.savez('codes.npz', codes=codes, factors=factors).",
        )
    return Run.open(path)


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


def _keep_traversals(results: Results, subject: Subject, run: Run, report: OnProgress) -> None:
    """Keep the images that the report shows; a generator of a plug-in that raises an exception costs no scores."""
    from disentangle_bench.reports.figures.traversal_images import keep_traversals

    try:
        remove_leftovers(run.traversals_file)
        keep_traversals(run.traversals_file, subject, results)
    except DbenchError as error:  # such as a full disk
        raise UndrawnFiguresError.of(error, results) from error
    except Exception as error:  # noqa: BLE001 - whatever another's generator does
        report(Noted(f"No traversals are kept: {type(error).__name__}: {error}."))


def _draw_figures(
    results: Results,
    subject: Subject,
    folder: Path,
    run: Run | None = None,
    *,
    forms: Sequence[str],
    report: OnProgress,
) -> list[Path]:
    """Draw all that can be drawn, and say what was, unless it is in the folder of the run."""
    from disentangle_bench.reports.figures import write_figures

    report(Working("Drawing figures"))
    own = run is not None and folder == run.figures
    try:
        if own:
            remove_all_leftovers(folder)
        paths = write_figures(results, subject, folder, run=run, forms=forms)
    except KeyboardInterrupt:
        kept = f"all scores are kept in {run.results_file}" if run is not None else "all scores are computed"
        raise EvaluationInterrupted(f"Interrupted; {kept}, but not every figure is drawn.", results) from None
    except Exception as error:  # a full disk, or whatever another's generator raises
        raise UndrawnFiguresError.of(error, results) from error
    if not own:
        names = ", ".join(dict.fromkeys(path.stem for path in paths))
        needs = "codes and factors that vary, or those of a run"
        report(Noted(f"Drawn in {folder}: {names}." if paths else f"Nothing to draw: figures need {needs}."))
        if "importances" not in names and "factors" in subject.parts:
            report(Noted("The heat map of importances needs the scores of dci, or of a variant: `--metrics dci`."))
    return paths
