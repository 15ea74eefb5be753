"""Publish evaluated runs: `python -m benchmarks.publish runs/infogan-mnist runs/gan-with-q-mnist`.

Give run folders, or folders of seeds. Every seed that was trained belongs here, collapsed ones too. Writes
`RECIPE.json` for each recipe, the figures of each dataset, and the README with the table.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.published import Published, PublishedRun
from benchmarks.table import RESULTS, read_all, render
from disentangle_bench.errors import DbenchError
from disentangle_bench.means import information_of
from disentangle_bench.reports.figures.information import Curve, group_name, information_curves
from disentangle_bench.reports.figures.style import write_figure
from disentangle_bench.run import Run, runs_in
from disentangle_bench.storage import write_text

PAGE = """\
# Published results

`make benchmark-table` prints this page from the files beside it: one `RECIPE.json` a recipe, with every seed that was
trained, collapsed ones too. The commands that make them are those that their runs were trained with.

"""


def publish(folders: Sequence[Path], into: Path = RESULTS, *, replace: bool = False) -> list[Path]:
    """Publish runs, and draw figures and page anew from all that is published.

    Args:
        folders: run folders, or folders of `seed-N` runs.
        into: where to.
        replace: whether seeds that were published and are not among the runs may go.

    Returns:
        The files of the recipes.

    Raises:
        RunError: a run that is not one, has not ended or has not been evaluated; settings or seeds that do not go
            together; a seed that would be lost. StorageError: no space, no permission.
    """
    runs: dict[str, list[Run]] = defaultdict(list)
    for run in (run for folder in folders for run in runs_in(folder)):
        runs[run.recipe.name].append(run)
    published = [Published.of(of_recipe) for of_recipe in runs.values()]
    written = [recipe.save(into, replace=replace) for recipe in published]
    datasets = read_all(into)
    for dataset, recipes in datasets.items():
        draw(recipes, into / "figures" / dataset)
    write_text(into / "README.md", PAGE + render(datasets, into / "figures"))
    return written


def draw(recipes: Sequence[Published], folder: Path) -> None:
    """Write `information`: `L_I` over training of every run, the seeds of a recipe in one color."""
    curves = []
    for recipe in recipes:
        group = group_name(recipe.name, [run.seed for run in recipe.runs])
        curves += [Curve(group, _entries(run)) for run in recipe.runs]
    codes = [code for recipe in recipes for code in recipe.codes.items()]
    means = [information_of(name, code.categories) for name, code in codes]
    write_figure(information_curves(curves, means), folder, "information", ("svg", "png"))


def _entries(run: PublishedRun) -> list[dict[str, Any]]:
    """The run's log as the figure reads it."""
    return [
        {"step": step, "L_I": {code: information.values[place] for code, information in run.L_I.items()}}
        for place, step in enumerate(run.logged_steps)
    ]


@click.command(help=__doc__)
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), default=RESULTS, show_default="benchmarks/results")
@click.option("--replace", is_flag=True, help="Published seeds that are not among these runs may go.")
def main(folders: tuple[Path, ...], into: Path, *, replace: bool) -> None:
    try:
        written = publish(folders, into, replace=replace)
    except DbenchError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    click.echo("\n".join(map(str, written)))


if __name__ == "__main__":
    main()
