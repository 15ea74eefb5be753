"""The figures of one run, from its log, its scores and its codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from disentangle_bench.errors import DbenchError
from disentangle_bench.evaluation.results import Results
from disentangle_bench.reports.figures.category_mass import category_mass, mass_of
from disentangle_bench.reports.figures.codes_and_factors import importances_of, information_map, information_shares
from disentangle_bench.reports.figures.hinton import hinton_diagram
from disentangle_bench.reports.figures.matching import matching_of
from disentangle_bench.reports.figures.write import confusion_figure, information_figure, measures_figure
from disentangle_bench.reports.html.picture import Picture, picture
from disentangle_bench.representation import Representation
from disentangle_bench.run import Run

T = TypeVar("T")


@dataclass(frozen=True)
class Drawn:
    """What the figures of a run are drawn from.

    Attributes:
        place: the anchor of the run.
        run: its folder.
        baseline: that of the baseline at the same seed, if there is one.
        results: its scores, if it has any.
        representation: its codes and factors, if they are kept.
    """

    place: str
    run: Run
    baseline: Run | None
    results: Results | None
    representation: Representation | None

    @classmethod
    def of(cls, place: str, folder: Path, baseline: Path | None) -> Drawn:
        """Read what there is in a folder; what is damaged is as if it were not there."""
        run = Run(folder)
        results = _there(Results.load, run.results_file)
        representation = _there(Representation.load, run.representation_file)
        return cls(place, run, None if baseline is None else Run(baseline), results, representation)


def _there(load: Callable[[Path], T], path: Path) -> T | None:
    try:
        return load(path)
    except DbenchError:
        return None


def run_figures(drawn: Drawn) -> Iterator[Picture]:
    """Draw each figure for which there is something to show."""
    scored = {} if drawn.results is None else importances_of(drawn.results)
    importances = [partial(_importances, metric=metric, details=of) for metric, of in scored.items()]
    drawings: list[Callable[[Drawn], Picture | None]] = [_information, _confusion, _mass, *importances]
    for draw in (*drawings, _shares, _measures):
        made = draw(drawn)
        if made is not None:
            yield made


def _information(drawn: Drawn) -> Picture | None:
    """`L_I` over training beside that of the baseline, with the entropy of each categorical code."""
    runs = [run for run in (drawn.run, drawn.baseline) if run is not None and run.log_file.is_file()]
    try:
        figure = information_figure(runs)
        means = [mean for mean in drawn.run.means() if mean.group] if figure is not None else []
        rows = [
            (run.recipe.name, entry.get("step"), *(mean.of(entry) for mean in means))
            for run in runs
            for entry in run.log()
        ]
    except DbenchError:  # a damaged line of a log
        return None
    if figure is None:
        return None
    groups = ", ".join(dict.fromkeys(mean.group for mean in means))
    beside = " beside the baseline's" if len(runs) > 1 else ""
    caption = f"{groups} of each code over training{beside}; dashed, the entropy that bounds it"
    headings = ("recipe", "step", *(mean.key for mean in means))
    return picture(figure, f"{drawn.place}-information", caption, headings, rows, wide=True)


def _confusion(drawn: Drawn) -> Picture | None:
    matching = None if drawn.results is None else matching_of(drawn.results)
    figure = None if drawn.results is None else confusion_figure(drawn.results)
    if figure is None or matching is None:
        return None
    rows = [
        (category, "" if place is None else matching.classes[place], name, int(count))
        for category, place, counts in zip(matching.categories, matching.places, matching.confusion, strict=True)
        for name, count in zip(matching.classes, counts, strict=True)
    ]
    caption = f"Categories of {matching.code} by {matching.factor}, on test images"
    headings = ("category", "matched to", matching.factor, "images")
    return picture(figure, f"{drawn.place}-confusion", caption, headings, rows)


def _mass(drawn: Drawn) -> Picture | None:
    """The merge lamp: Q's mass of each category on the training images, without labels."""
    if drawn.representation is None or drawn.results is None:
        return None
    matching = matching_of(drawn.results)
    kinds = {str(code.get("name")): code.get("kind") for code in drawn.results.subject.get("codes", ())}
    code = matching.code if matching else next((name for name, kind in kinds.items() if kind == "categorical"), "")
    logits = drawn.representation.posterior.get(code)
    if logits is None or kinds.get(code) != "categorical":
        return None
    train = drawn.representation.train
    mass = mass_of(np.asarray(logits) if train is None else np.asarray(logits)[train])
    order = [(category, "") for category in range(len(mass))]
    if matching is not None:
        order = matching.sorted_categories(len(mass))
    names = [f"{category}\n({of})" if of else str(category) for category, of in order]
    xlabel = f"category of {code}" + (f" ({matching.factor} that it is matched to)" if matching else "")
    shares = [float(mass[category]) for category, _ in order]
    figure = category_mass(shares, names, title=f"Q's mass on training images, by category of {code}", xlabel=xlabel)
    caption = (
        f"Mass of each category of {code}: dashed, an even share. Above 1.5 of it a category may hold two classes, "
        "below half of it, a part of one"
    )
    rows = [(category, of, share) for (category, of), share in zip(order, shares, strict=True)]
    return picture(figure, f"{drawn.place}-mass", caption, ("category", "matched to", "share"), rows)


def _importances(drawn: Drawn, metric: str, details: Mapping[str, Any]) -> Picture:
    """Those of DCI, or of one of its variants."""
    codes, factors = (list(map(str, details[key])) for key in ("codes", "factors"))
    values = np.asarray(details["importances"], dtype=np.float64)
    said, name = ("DCI", "importances") if metric == "dci" else (metric, f"{metric.replace('/', '-')}-importances")
    figure = hinton_diagram(values, codes, factors, title=f"Importances of {said}", xlabel="factor", ylabel="code")
    caption = f"How important each code is to predict each factor ({said}): areas are in proportion to importances"
    rows = _entries(values, codes, factors)
    return picture(figure, f"{drawn.place}-{name}", caption, ("code", "factor", "importance"), rows)


def _shares(drawn: Drawn) -> Picture | None:
    found = drawn.representation
    if drawn.results is None or found is None or found.factors is None:
        return None
    try:
        details = information_shares(drawn.results, found.codes, found.factors)
    except DbenchError:  # such as NaN among the factors of which no score is
        return None
    if "shares" not in details:
        return None
    codes, factors = (list(map(str, details[key])) for key in ("codes", "factors"))
    values = np.asarray(details["shares"], dtype=np.float64)
    figure = information_map(values, codes, factors, title="Mutual information")
    caption = "Mutual information of codes and factors, as a share of the factor's entropy"
    rows = _entries(values, codes, factors)
    return picture(figure, f"{drawn.place}-mutual-information", caption, ("code", "factor", "share"), rows)


def _entries(values: np.ndarray, codes: Sequence[str], factors: Sequence[str]) -> list[tuple[str, str, float]]:
    """One record for each entry of a matrix."""
    return [(codes[row], factors[column], float(value)) for (row, column), value in np.ndenumerate(values)]


def _measures(drawn: Drawn) -> Picture | None:
    figure = None if drawn.results is None else measures_figure(drawn.results)
    if figure is None or drawn.results is None:
        return None
    scores = drawn.results.by_metric()["image-measures"].values()
    rows = [
        (
            entry.code,
            entry.component.removesuffix(".real"),
            "real" if entry.component.endswith(".real") else "generated",
            entry.value,
        )
        for entry in scores
        if entry.code is not None
    ]
    caption = "How each code goes with slant, thickness, width, height and ink of the images"
    headings = ("code", "measure", "images", "association")
    return picture(figure, f"{drawn.place}-measures", caption, headings, rows, wide=True)
