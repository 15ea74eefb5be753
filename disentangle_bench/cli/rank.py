"""`dbench rank`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from disentangle_bench.cli.help import ARGUMENTS_AS_USED, Command
from disentangle_bench.cli.options import (
    GivenPath,
    Settings,
    by_metric,
    format_option,
    metrics_option,
    seed_option,
    settings_option,
)
from disentangle_bench.cli.output import import_printing, print_report
from disentangle_bench.cli.progress import watch

if TYPE_CHECKING:
    from disentangle_bench.reports.tables import Form


@click.command(
    cls=Command,
    short_help="Rank models without labels.",
    examples=(
        "dbench rank runs/infogan-mnist    # all its seeds",
        "dbench rank a.npz b.npz c.npz d.npz e.npz",
        "dbench rank runs/infogan-mnist --metrics udr/spearman --format csv",
    ),
)
@click.option_panel("Arguments", options=["models"], **ARGUMENTS_AS_USED)
@click.argument(
    "models",
    nargs=-1,
    type=GivenPath(path_type=Path),
    metavar="A B C ..",
    required=True,
    help="Evaluated run folders, .npz or .h5 files with codes, or folders of seed-N runs or of such files, all for the "
    "same samples.",
)
@metrics_option("Only these (default: every metric that compares several models).")
@settings_option("udr/lasso.alpha=0.2")
@seed_option
@format_option
def rank(models: tuple[Path, ...], metrics: tuple[str, ...] | None, settings: Settings, seed: int, form: Form) -> None:
    """Rank models without labels: models whose codes agree with the others' come first.

    Give three or more models, better five, trained with different seeds or settings.
    """
    from disentangle_bench import rank as rank_models

    import_printing()
    with watch() as on_progress:
        ranking = rank_models(
            *models, metrics=metrics, settings=by_metric(settings), seed=seed, on_progress=on_progress
        )
    print_report(ranking, form)
