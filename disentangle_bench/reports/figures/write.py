"""Draw and write every figure of a run, or of several runs together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from disentangle_bench.evaluation.results import Results
from disentangle_bench.measures import MEASURES
from disentangle_bench.reports.figures.codes_and_factors import figures_of
from disentangle_bench.reports.figures.confusion import confusion_matrix
from disentangle_bench.reports.figures.information import Curve, group_name, information_curves
from disentangle_bench.reports.figures.matching import matching_of
from disentangle_bench.reports.figures.measures import measure_heat_map
from disentangle_bench.reports.figures.style import USUAL_FORMS, write_figure
from disentangle_bench.reports.numbers import decimals_for, say, say_interval
from disentangle_bench.run import Run

if TYPE_CHECKING:  # torch takes seconds to import; the figures of a comparison do without
    from disentangle_bench.evaluation.subject import Subject


def write_figures(
    results: Results, subject: Subject, folder: Path, *, run: Run | None = None, forms: Sequence[str] = USUAL_FORMS
) -> list[Path]:
    """Write all figures of a subject that its parts and scores allow, and of a run those of its log.

    `traversal-CODE` for every code of a generator, `reconstructions` of an autoencoder, `confusion` and `measures`;
    `mutual-information` and `dci-importances` of codes and factors, and such as `dci-lightgbm-importances` of each
    variant; `information`, what a run's updates reported of each code.

    Returns:
        The files written.

    Raises:
        StorageError: no space, no permission.
    """
    paths = []
    if "generator" in subject.parts and "latents" in subject.parts:
        from disentangle_bench.reports.figures.reconstructions import reconstruction_figure
        from disentangle_bench.reports.figures.traversal_images import Traversals

        spec = subject.parts["latents"]
        grids = Traversals(subject.parts["generator"], spec, matching_of(results), subject.name)
        for index, code in enumerate(spec.names):
            paths += write_figure(grids.figure(index), folder, f"traversal-{code}", forms)
        reconstructions = reconstruction_figure(results, subject)
        if reconstructions is not None:
            paths += write_figure(reconstructions, folder, "reconstructions", forms)
    drawn = {
        "information": information_figure([] if run is None else [run]),
        "confusion": confusion_figure(results),
        "measures": measures_figure(results),
        **figures_of(results, subject.parts),
    }
    for name, figure in drawn.items():
        if figure is not None:
            paths += write_figure(figure, folder, name, forms)
    return paths


def write_comparison_figures(runs: Sequence[Run], folder: Path, *, forms: Sequence[str] = USUAL_FORMS) -> list[Path]:
    """Write `information`: what updates reported of each code, all runs together, the seeds of a recipe in one color.

    Returns:
        The files written; none if no run has a log.

    Raises:
        StorageError: no space, no permission.
    """
    figure = information_figure(runs)
    return [] if figure is None else write_figure(figure, folder, "information", forms)


def information_figure(runs: Sequence[Run]) -> Figure | None:
    """Draw what updates reported of each code, all runs together; None if no run has a log of it."""
    logs = {run.path: run.log() for run in runs}
    seeds: dict[str, list[int]] = {}
    for run in runs:
        seeds.setdefault(run.recipe.name, []).append(run.seed)
    groups = {recipe: group_name(recipe, of) for recipe, of in seeds.items()}
    curves = [Curve(groups[run.recipe.name], logs[run.path]) for run in runs if logs[run.path]]
    means = [mean for run in runs for mean in run.means() if mean.group]
    return information_curves(curves, means) if curves and means else None


def confusion_figure(results: Results) -> Figure | None:
    """Draw the confusion matrix of the code that was matched to classes; None if none was."""
    matching = matching_of(results)
    if matching is None:
        return None
    entry = matching.entry
    decimals = decimals_for(entry.low, entry.high)
    said = f"{say(entry.value, decimals)} {say_interval(entry.low, entry.high, decimals)}".strip()
    return confusion_matrix(
        matching.confusion,
        matching.categories,
        matching.classes,
        matching.places,
        title=f"{results.name}: one-to-one accuracy {said}",
        code=matching.code,
        factor=matching.factor,
    )


def measures_figure(results: Results) -> Figure | None:
    """Draw how each code goes with each measure of generated and of real images."""
    scores = results.by_metric().get("image-measures", {}).values()
    of_codes = {(entry.code, entry.component): entry for entry in scores if entry.code is not None}
    values = {key: entry.value for key, entry in of_codes.items() if entry.value is not None}
    if not of_codes:
        return None
    codes = list(dict.fromkeys(code for code, _ in of_codes))
    measures = [measure for measure in MEASURES if any(component == measure for _, component in of_codes)]
    panels = {"generated images": measures, "real test images": [f"{measure}.real" for measure in measures]}
    grids = {
        title: np.array([[values.get((code, component), math.nan) for component in components] for code in codes])
        for title, components in panels.items()
        if any(component in components for _, component in of_codes)
    }
    categorical = {code for (code, _), entry in of_codes.items() if entry.details.get("association") == "eta squared"}
    return measure_heat_map(grids, codes, measures, categorical=categorical, title=results.name)
