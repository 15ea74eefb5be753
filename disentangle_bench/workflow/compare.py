"""Compare evaluated runs with the first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from disentangle_bench.evaluation.comparison import Comparison, compare_results, read_subject, runs_in
from disentangle_bench.run import Run


def compare(
    *runs: Run | Path | str, metrics: Sequence[str] | None = None, figures: Path | str | None = None
) -> Comparison:
    """Compare evaluated runs with the first, score by score: difference, interval and verdict.

    Args:
        runs: two or more runs, run folders, folders of `seed-N` runs, or `results.json` files; the others differ from
            the first.
        metrics: compare these; by default all that were evaluated.
        figures: also draw the figures of the comparison into this folder.

    Raises:
        DbenchError: not a run, not evaluated, fewer than two, or a metric that none of them has.
    """
    paths = [run.path if isinstance(run, Run) else Path(run) for run in runs]
    compared = compare_results([read_subject(path) for path in paths], metrics=metrics)
    if figures is not None:
        from disentangle_bench.reports.figures import write_comparison_figures

        folders = [path for path in paths if path.is_dir()]
        write_comparison_figures([run for folder in folders for run in runs_in(folder)], Path(figures))
    return compared
