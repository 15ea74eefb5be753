"""Score a run, or codes of any origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from disentangle_bench.devices import choose_device
from disentangle_bench.errors import RepresentationError
from disentangle_bench.evaluation.evaluate import keep_results, score_subject
from disentangle_bench.evaluation.results import Results, refuse_newer_results
from disentangle_bench.evaluation.subject import Subject, subject_of_representation, subject_of_run
from disentangle_bench.representation import Representation, open_representation
from disentangle_bench.run import Run

REPRESENTATION_FILES = (".npz", ".h5", ".hdf5")


def evaluate(
    subject: Run | Representation | Path | str,
    metrics: Sequence[str] | str | None = None,
    *,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
    device: str = "auto",
    data_dir: Path | str | None = None,
    bootstrap: int | None = None,
    levels: bool = True,
    figures: bool = True,
    on_progress: Callable[[str], None] | None = None,
) -> Results:
    """Score a run, a representation, or the folder or file of one. A run keeps its scores and figures.

    Args:
        subject: a run or its folder; a representation or its `.npz` or `.h5` file.
        metrics: their names or one name, or `all`; by default the widely used ones (`MetricInfo.default`), of a run
            those of them that are not slow.
        settings: metric name -> its settings.
        seed: of everything random in the evaluation.
        device: `auto`, `cpu`, `cuda` or `mps`.
        data_dir: a folder with the dataset's files.
        bootstrap: resamples of the rows for the intervals of observational metrics; 0 for no intervals; by default 100,
            and none for slow metrics, beyond 200,000 rows, and beyond 20,000 where something is fitted.
        levels: simulate the chance and the ceiling of observational metrics.
        figures: also draw the figures of a run.
        on_progress: called with one line as each metric's turn comes, and before what takes long.

    Raises:
        DbenchError: not a run or a representation, an unknown metric, a setting it does not take.
    """
    ask = partial(
        score_subject,
        metrics=metrics,
        settings=settings,
        seed=seed,
        bootstrap=bootstrap,
        levels=levels,
        on_progress=on_progress,
    )
    if isinstance(subject, Representation):
        return ask(subject_of_representation(subject, "representation", seed))
    if isinstance(subject, Run):
        return _evaluate_run(subject, ask, device, None if data_dir is None else Path(data_dir), figures)
    path = Path(subject)
    if path.suffix.lower() in REPRESENTATION_FILES:
        return ask(subject_of_representation(open_representation(path), path.name, seed))
    if path.is_file() or (path.suffix and not path.exists()):
        raise RepresentationError(
            f"{path} is neither a run folder nor a file of codes: the name of one ends with .npz, .h5 or .hdf5.",
            "NumPy writes such a file: numpy.savez('codes.npz', codes=codes, factors=factors).",
        )
    return _evaluate_run(Run.open(path), ask, device, None if data_dir is None else Path(data_dir), figures)


def _evaluate_run(
    run: Run, ask: Callable[[Subject], Results], device: str, data_dir: Path | None, figures: bool
) -> Results:
    refuse_newer_results(run.results_file)  # before anything is scored that could not be kept
    subject = subject_of_run(run, device=choose_device(device), data_dir=data_dir)
    results = keep_results(run, subject, ask(subject))
    if figures:
        from disentangle_bench.reports.figures import write_figures

        try:
            write_figures(run, results, subject, run.figures)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"Interrupted; {run.results_file} is kept, not every figure is.") from None
    return results
