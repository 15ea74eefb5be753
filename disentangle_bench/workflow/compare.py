"""Compare runs, files of codes and files of scores with the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from disentangle_bench.evaluation.comparison import Comparison, compare_results
from disentangle_bench.evaluation.comparison.compare import require_several
from disentangle_bench.evaluation.progress import Noted, OnProgress
from disentangle_bench.evaluation.results import ALL, Results
from disentangle_bench.run import OK, Run
from disentangle_bench.workflow.groups import SCORES, Group, group_at, group_of_glob, is_codes, seed_in
from disentangle_bench.workflow.stored import require_as_asked, require_no_choice


def compare(
    *subjects: Run | Path | str,
    groups: Mapping[str, str] | None = None,
    metrics: Sequence[str] | None = None,
    figures: Path | str | None = None,
    figure_formats: Sequence[str] = ("png", "pdf"),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    select: Mapping[str, Any] | None = None,
    seed: int = 0,
    rows: int | None = None,
    bootstrap: int | None = None,
    levels: bool = True,
    device: str = "auto",
    data_dir: Path | str | None = None,
    on_progress: OnProgress | None = None,
) -> Comparison:
    """Compare runs or files with the first, score by score: difference, interval and verdict.

    What has no scores yet is scored as by `evaluate`, whose arguments are the last eight: scores of runs are kept in
    their folders, those of files are not kept. Scores that are there already have to be as these ask. Several runs or
    files of one method are compared over their seeds.

    Args:
        subjects: runs, run folders, `.npz` or `.h5` files, `.json` files of scores, or folders with the `seed-N` runs
            or the files of one method. The others differ from the first.
        groups: name -> pattern of the paths of one method's runs or files, such as `"vae/*.npz"`; after `subjects`.
        metrics: compare these metrics, or single scores such as `dci.completeness`; by default all headlines that there
            are. `all` computes every metric for which a subject has the parts, and compares all headlines.
        figures: also draw the figures of the comparison into this folder.
        figure_formats: of each figure: `png`, `pdf`, `svg`.
        settings: metric name -> its settings.
        select: of every file of codes, which codes and factors, and how they count; see `Representation.select`.
        seed: of everything random in an evaluation.
        rows: evaluate only so many of the samples.
        bootstrap: resamples for intervals.
        levels: simulate chance and ceiling.
        device: `auto`, `cpu`, `cuda` or `mps`.
        data_dir: a folder with the dataset's files.
        on_progress: called with each event of the evaluations, such as `print`.

    Raises:
        DbenchError: neither a run nor a file of codes or scores, fewer than two subjects, an unknown metric, or scores
            that are there and were made with other settings, rows, codes or factors than are asked for.
    """
    report = on_progress or (lambda _event: None)
    paths = [subject.path if isinstance(subject, Run) else Path(subject) for subject in subjects]
    found = [*map(group_at, paths), *(group_of_glob(name, pattern) for name, pattern in (groups or {}).items())]
    require_several(len(found))
    if settings:
        from disentangle_bench.evaluation.names import metric_of  # takes seconds to import, and may not be needed
        from disentangle_bench.evaluation.plan import checked_settings

        checked_settings(settings, settings if metrics is None or ALL in metrics else set(map(metric_of, metrics)))
    options = {
        "settings": settings or {},
        "select": select or {},
        "seed": seed,
        "rows": rows,
        "bootstrap": bootstrap,
        "levels": levels,
        "device": device,
        "data_dir": data_dir,
        "figures": False,
        "on_progress": report,
    }
    for missing in (path for of in found for path in of.paths if not path.exists()):
        _results_at(missing, metrics, options, alone=True)  # says that it is not there, before others are scored
    results = [[_results_at(path, metrics, options, alone=len(of.paths) == 1) for path in of.paths] for of in found]
    files = [path for group in found for path in group.paths if is_codes(path)]
    if files:
        report(Noted(f"Scores of files are computed anew each time; `dbench eval {files[0]} --out FILE` keeps them."))
    named = None if metrics is None or ALL in metrics else metrics
    compared = compare_results(results, names=_names(found, results), metrics=named)
    compared.failed = [f"{name} of {of.name}" for group in results for of in group for name in of.failed]
    if figures is not None:
        from disentangle_bench.reports.figures import write_comparison_figures

        runs = [Run(path) for group in found for path in group.paths if path.is_dir()]
        if not write_comparison_figures(runs, Path(figures), forms=figure_formats):
            report(Noted(f"Nothing is drawn in {figures}: that takes the log of a run, and there is none."))
    return compared


def _results_at(path: Path, metrics: Sequence[str] | None, options: Mapping[str, Any], *, alone: bool) -> Results:
    """Read scores, or compute those that there are none of; one of several runs may lack a model, and has none."""
    if path.suffix.lower() == SCORES:
        results = _as_asked(_scores_in(path), path, options)
    elif is_codes(path):
        results = _evaluated(path, metrics, options)
    else:
        run = Run.open(path, finished=alone)
        if not alone and not run.model_file.is_file() and run.status != OK:
            name = f"{run.recipe.name} seed {run.seed}"
            subject = {"name": name, "kind": "run", "recipe": run.recipe.name, "seed": run.seed, "status": run.status}
            return Results(subject=subject, scores={})
        return _of_run(Run.open(path), metrics, options)
    if results.subject.get("seed") is None:
        results.subject["seed"] = seed_in(path)
    return results


def _scores_in(path: Path) -> Results:
    """Read a file of scores; beside that of a run are its samples."""
    run = Run(path.parent)
    if path == run.results_file and run.provenance_file.is_file():
        return Results.of_run(run)
    results = Results.load(path)
    results.warn_of_lost_samples(path, "`dbench eval SUBJECT --out FILE` keeps them in the file")
    return results


def _of_run(run: Run, metrics: Sequence[str] | None, options: Mapping[str, Any]) -> Results:
    """Read the scores of a run; those that are asked for and missing are computed and kept."""
    require_no_choice(run, options["select"])
    if not run.results_file.is_file():
        return _evaluated(run.path, metrics, options)
    results = _as_asked(Results.of_run(run), run.path, options)
    missing = [name for name in metrics or () if name not in results.scores and name not in results.by_metric()]
    return _evaluated(run.path, missing, options) if missing else results


def _as_asked(results: Results, path: Path, options: Mapping[str, Any]) -> Results:
    require_as_asked(results, path, **{name: options[name] for name in ("settings", "select", "rows", "seed")})
    return results


def _evaluated(path: Path, names: Sequence[str] | None, options: Mapping[str, Any]) -> Results:
    from disentangle_bench.evaluation.names import metric_of  # takes seconds to import, and may not be needed
    from disentangle_bench.evaluation.score import EvaluationInterrupted
    from disentangle_bench.workflow.evaluate import evaluate

    metrics = None if names is None else list(dict.fromkeys(n if n == ALL else metric_of(n) for n in names))
    settings = options["settings"]
    if metrics is not None and ALL not in metrics and not is_codes(path):  # of a run, the others have scores already
        settings = {name: of for name, of in settings.items() if name in metrics}
    try:
        return evaluate(path, metrics, **{**options, "settings": settings})
    except EvaluationInterrupted:
        raise KeyboardInterrupt(
            "Interrupted; scores of runs are kept, those of files only by `dbench eval FILE --out SCORES.json`."
        ) from None


def _names(groups: Sequence[Group], results: Sequence[Sequence[Results]]) -> list[str | None]:
    """What to call the groups that have a name, and those single files whose scores bear the same one."""
    single = [of[0].name for of in results if len(of) == 1]
    return [
        group.name or (str(group.paths[0]) if len(of) == 1 and single.count(of[0].name) > 1 else None)
        for group, of in zip(groups, results, strict=True)
    ]
