"""`dbench report`: find out what is to be reported, and write the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from disentangle_bench.errors import SettingError
from disentangle_bench.reports.html import ReportContent, render
from disentangle_bench.run import Run, seed_folders
from disentangle_bench.storage import write_text
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.find import suite_names
from disentangle_bench.suites.folder import SuiteFolder
from disentangle_bench.suites.report import content_of_runs, content_of_suite

PAGE = ".html"


def write_report(
    subjects: Sequence[str],
    out: Path,
    *,
    seeds: tuple[int, ...] | None = None,
    settings: Mapping[str, Any] | None = None,
    results: Path | None = None,
    accepted: Path | None = None,
    data_dir: Path | None = None,
) -> ReportContent:
    """Write the report of a suite or of runs.

    Args:
        subjects: the name or the file of a suite, the folder of its results, or the folders of runs.
        out: the HTML file.
        seeds: other seeds than the suite's.
        settings: of a suite by name or file, as it was run.
        results: the folder of its results; by default `runs/bench/NAME`.
        accepted: accepted results that its gates compare with.
        data_dir: a folder with the files of datasets of the user's own.

    Returns:
        What the report is made of.

    Raises:
        DbenchError: neither a suite nor a run, options that do not apply, or a file that cannot be written.
    """
    if out.suffix.lower() != PAGE:
        raise SettingError(f"A report cannot be written to {out}: it is HTML.", f"Give a name ending in {PAGE}.")
    bench = _bench_of(subjects, seeds, settings or {}, results, data_dir)
    if bench is not None:
        content = content_of_suite(bench, accepted)
    else:
        given = {"--seeds": seeds, "--set": settings, "--results": results, "--accepted": accepted}
        for option, value in given.items():
            if value:
                raise SettingError(
                    f"{option} belongs to a suite, and {subjects[0]} is not one.", f"Leave {option} out."
                )
        folders = [folder for subject in map(Path, subjects) for folder in seed_folders(subject) or [subject]]
        content = content_of_runs([Run.open(folder, finished=False) for folder in folders])
    write_text(out, render(content))
    return content


def _bench_of(
    subjects: Sequence[str],
    seeds: tuple[int, ...] | None,
    settings: Mapping[str, Any],
    results: Path | None,
    data_dir: Path | None,
) -> Bench | None:
    """Open the suite that is to be reported; None if runs are."""
    are_suites = [_is_suite(subject) for subject in subjects]
    if not any(are_suites):
        return None
    if len(subjects) > 1:
        raise SettingError(
            f"{subjects[are_suites.index(True)]} is a suite, and a report is of one suite or of runs.",
            "Give it alone.",
        )
    folder = Path(subjects[0])
    if not SuiteFolder(folder).description.is_file():
        return Bench.open(subjects[0], seeds=seeds, settings=settings, out=results, data_dir=data_dir)
    if settings or results is not None:
        raise SettingError(f"{folder} holds a record of the settings of its results.", "Leave --set and --results out.")
    suite = SuiteFolder(folder).suite()
    return Bench(suite if seeds is None else suite.with_seeds(seeds), SuiteFolder(folder), data_dir=data_dir)


def _is_suite(subject: str) -> bool:
    path = Path(subject)
    if path.is_dir():
        return SuiteFolder(path).description.is_file()
    return subject.endswith(".toml") or subject in suite_names()
