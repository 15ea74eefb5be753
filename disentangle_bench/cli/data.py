"""`dbench data`: the datasets and their files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from disentangle_bench.cli.completion import names_of
from disentangle_bench.cli.help import ARGUMENTS, ARGUMENTS_AS_USED, Command, Group
from disentangle_bench.cli.kinds import LOCAL_DATASETS
from disentangle_bench.cli.kinds.datasets import loaded_sheet
from disentangle_bench.cli.options import (
    Function,
    GivenPath,
    Settings,
    data_dir_option,
    format_option,
    settings_option,
)
from disentangle_bench.cli.output import print_result, say, say_error
from disentangle_bench.cli.sheets import print_sheet
from disentangle_bench.cli.tables import print_rows, print_table
from disentangle_bench.errors import DownloadError

if TYPE_CHECKING:
    from disentangle_bench.datasets import Adapter

EXIT_SOME_FAILED = 1


def names_argument(function: Function) -> Function:
    """`NAME..`, of datasets."""
    argument = click.argument(
        "names", metavar="NAME..", nargs=-1, required=True, shell_complete=names_of("datasets"), help="Datasets."
    )
    return click.option_panel("Arguments", options=["names"], **ARGUMENTS_AS_USED)(argument(function))


@click.group(
    cls=Group,
    short_help="List, download, verify and show datasets.",
    examples=("dbench data list", "dbench data fetch mnist", "dbench data verify mnist", "dbench data show sprites"),
)
def data() -> None:
    """List the datasets, and manage the files of published ones.

    A file is looked for in DBENCH_DATA, in the cache, and then at its sources; it is used only if its SHA-256 matches.
    """


@data.command(
    cls=Command,
    name="list",
    short_help="List the datasets and the state of their files.",
    examples=("dbench data list", "dbench data list --format json"),
)
@format_option
def list_data(form: str) -> None:
    """List every dataset: images, factors, size, state of its files, whether its hashes were verified, license.

    Unverified hashes were published by others, and not computed by this project from a copy of its own.
    """
    print_rows(LOCAL_DATASETS, form)


@data.command(
    cls=Command,
    short_help="Download the files of datasets into the cache.",
    examples=(
        "dbench data fetch mnist",
        "dbench data fetch mnist --from ~/Downloads",
    ),
)
@names_argument
@click.option(
    "--from",
    "copy",
    type=GivenPath(path_type=Path),
    metavar="PATH",
    help="Copy from a file, folder or archive instead of downloading.",
)
@click.option("--optional", is_flag=True, help="Include files that only a setting needs.")
@click.pass_context
def fetch(context: click.Context, names: tuple[str, ...], copy: Path | None, optional: bool) -> None:
    """Download what is missing, verify it, and print the files' paths.

    The same command resumes an interrupted download. Exits with status 1 if a file is still missing.
    """
    from disentangle_bench.datasets import DATASETS

    adapters = {name: DATASETS.get(name) for name in names}
    results = [_fetched(name, adapter, copy, optional) for name, adapter in adapters.items()]
    if not all(results):
        context.exit(EXIT_SOME_FAILED)


def _fetched(name: str, adapter: Adapter, copy: Path | None, optional: bool) -> bool:
    """Whether all files of a dataset are available now; prints their paths and reports missing ones."""
    from disentangle_bench.datasets.files.fetch import fetch as fetch_files
    from disentangle_bench.datasets.files.fetch import take_copy

    published, sources = adapter.info.file_set, getattr(adapter, "sources", None)
    if not published.files:
        say(f"{name} is {adapter.info.origin}: there is nothing to download.")
        return True
    try:
        paths, missing = (
            take_copy(published, copy) if copy else (fetch_files(published, sources, optional=optional), ())
        )
    except DownloadError as error:
        say_error(error.problem, error.remedy)
        return False
    print_result("".join(f"{path}\n" for path in paths.values()))
    if missing:
        say(f"{name} still needs {', '.join(missing)}.")
    return not missing


@data.command(
    cls=Command,
    short_help="Verify the files of datasets.",
    examples=("dbench data verify mnist",),
)
@names_argument
@data_dir_option
@format_option
@click.pass_context
def verify(context: click.Context, names: tuple[str, ...], data_dir: Path | None, form: str) -> None:
    """Read every byte of the files again and compare with what was published.

    Exits with status 1 if a file is damaged or missing.
    """
    from disentangle_bench.datasets import DATASETS
    from disentangle_bench.datasets.files.state import verify as verify_files

    every = {name: DATASETS.get(name).info for name in names}
    for name in (name for name, info in every.items() if not info.files):
        say(f"{name} is {every[name].origin}: it has no published files.")
    files = [(name, file) for name, info in every.items() for file in verify_files(info.file_set, data_dir)]
    if files:
        rows = [(name, file.name, file.condition, str(file.path or ""), file.fault) for name, file in files]
        print_table(("Dataset", "File", "State", "Path", "Problem"), rows, 3, form)
    for file in (file for _, file in files if file.fault):
        say(f"{file.path} {file.fault}.")
    unsound = dict.fromkeys(name for name, file in files if not file.sound)
    if unsound:
        say(f"`dbench data fetch {' '.join(unsound)}` downloads what is missing, and what is damaged in the cache.")
        context.exit(EXIT_SOME_FAILED)


@data.command(
    cls=Command,
    short_help="Show factors, and draw what each of them does.",
    examples=(
        "dbench data show sprites",
        "dbench data show mnist --out mnist.svg",
        "dbench data show sprites --set colors=6 --set size=32",
    ),
)
@click.option_panel("Arguments", options=["name"], **ARGUMENTS)
@click.argument("name", metavar="NAME", shell_complete=names_of("datasets"), help="A dataset.")
@click.option(
    "--out",
    type=GivenPath(path_type=Path),
    metavar="FILE",
    help="Where the sheet goes: a .png, .svg or .pdf (default: NAME.png).",
)
@settings_option("size=32")
@data_dir_option
def show(name: str, out: Path | None, settings: Settings, data_dir: Path | None) -> None:
    """Show what is known of a dataset, and draw a sheet of samples: one row a factor, everything else fixed.

    If images have only a label, there is a row for each class; measured factors go from low to high. Missing files are
    downloaded.
    """
    from disentangle_bench.datasets import DATASETS
    from disentangle_bench.datasets.load import default_settings, load_dataset
    from disentangle_bench.reports.figures.dataset_file import refuse_target, write_dataset_sheet

    defaults, path = default_settings(DATASETS.get(name)), out or Path(f"{name}.png")
    refuse_target(path)
    dataset = load_dataset(name, data_dir, dict(settings))
    print_sheet(name, "dataset", loaded_sheet(dataset, defaults | dict(settings)))
    write_dataset_sheet(dataset, path)
    say(f"Drawn: {path}")
