"""The figures of a published suite: what its runs reported over training, and traversals of each entry's first run."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from disentangle_bench.evaluation.results import Results
from disentangle_bench.run import Run
from disentangle_bench.storage import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = 64
"""In the file of a figure, which is less than half as large with so few."""


def write_information(runs: Mapping[str, Sequence[Run]], folder: Path) -> None:
    """Write `information.png`: what updates reported about each code, the seeds of an entry in one color.

    Args:
        runs: entry -> its runs.
        folder: where to.
    """
    from disentangle_bench.reports.figures.information import Curve, group_name, information_curves

    curves = []
    for entry, of in runs.items():
        group = group_name(entry, [run.seed for run in of])
        curves += [Curve(group, log) for run in of if (log := run.log())]
    means = [mean for of in runs.values() for run in of for mean in run.means() if mean.group]
    if curves and means:
        _write(information_curves(curves, means), folder / "information.png")


def write_traversals(entry: str, run: Run, folder: Path) -> None:
    """Write `ENTRY-seed-N-CODE.png` for every code of a trained generator.

    Args:
        entry: which the files are named after.
        run: with its model and its results.
        folder: where to.
    """
    import torch

    from disentangle_bench.models import make_model
    from disentangle_bench.models.trained import load_trained
    from disentangle_bench.reports.figures.matching import matching_of
    from disentangle_bench.reports.figures.traversal_images import Traversals

    shape = run.image_shape()
    if shape is None:
        return
    trained = load_trained(make_model(run.recipe, shape), run.model_file, torch.device("cpu"))
    if "generator" not in trained.offers:
        return
    matching = matching_of(Results.load(run.results_file))
    grids = Traversals(trained.generate, trained.latents, matching, f"{entry}, seed {run.seed}")
    for index, code in enumerate(trained.latents.names):
        _write(grids.figure(index), folder / f"{entry}-seed-{run.seed}-{code}.png")


def _write(figure: Figure, path: Path) -> None:
    from PIL import Image

    from disentangle_bench.reports.figures.style import DOTS, style

    drawn, small = io.BytesIO(), io.BytesIO()
    with style():
        figure.savefig(drawn, format="png", dpi=DOTS)
    few = Image.open(drawn).convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    few.save(small, "PNG", optimize=True)
    write_bytes(path, small.getvalue())
