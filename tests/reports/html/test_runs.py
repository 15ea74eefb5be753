"""The section of runs: what is drawn of which, and from what."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from disentangle_bench.reports.html import ReportContent, RunFacts, render
from disentangle_bench.reports.html.run_figures import Drawn, run_figures
from disentangle_bench.reports.html.runs import MOST_DRAWN, MOST_OF_MANY, chosen_to_draw
from tests.reports.html.conftest import make_run_folder
from tests.reports.html.reading import Page


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))[1:]


def test_a_run_shows_all_that_is_stored_of_it(tmp_path: Path) -> None:
    run, baseline = make_run_folder(tmp_path / "a"), make_run_folder(tmp_path / "b", "gan-with-q-digits")
    made = {picture.name: picture for picture in run_figures(Drawn.of("r", run.path, baseline.path))}
    assert set(made) == {
        "r-information", "r-confusion", "r-mass", "r-importances", "r-mutual-information", "r-measures",
    }  # fmt: skip
    assert {row[0] for row in rows_of(made["r-information"].csv)} == {"infogan-digits", "gan-with-q-digits"}
    assert "H(c1) = ln 10" in made["r-information"].svg
    assert ["0", "1", "1", "9"] in rows_of(made["r-confusion"].csv)
    assert rows_of(made["r-importances"].csv) == [
        ["c1", "digit", "0.8"],
        ["c2", "digit", "0.2"],
        ["c3", "digit", "0.0"],
    ]
    shares = {row[0]: float(row[2]) for row in rows_of(made["r-mutual-information"].csv)}
    assert shares["c1"] == pytest.approx(1.0)  # c1 is the digit
    assert len(rows_of(made["r-measures"].csv)) == 12


def test_importances_of_a_variant_of_dci_are_drawn_beside_its_own(tmp_path: Path) -> None:
    drawn = Drawn.of("r", make_run_folder(tmp_path / "a").path, None)
    assert drawn.results is not None
    of_dci = drawn.results.scores["dci.disentanglement"]
    details = {**of_dci.details, "importances": [[3.0], [1.0], [0.0]]}
    drawn.results.scores["dci/forest.disentanglement"] = of_dci.model_copy(
        update={"metric": "dci/forest", "details": details}
    )
    made = {picture.name: picture for picture in run_figures(drawn) if "importances" in picture.name}
    assert list(made) == ["r-importances", "r-dci-forest-importances"]
    assert [row[2] for row in rows_of(made["r-dci-forest-importances"].csv)] == ["3.0", "1.0", "0.0"]
    assert "(dci/forest)" in made["r-dci-forest-importances"].caption


def test_the_mass_is_that_of_the_training_images(tmp_path: Path) -> None:
    run = make_run_folder(tmp_path / "a")
    drawn = Drawn.of("r", run.path, None)
    (mass,) = (picture for picture in run_figures(drawn) if picture.name == "r-mass")
    assert drawn.representation is not None
    logits, train = np.asarray(drawn.representation.posterior["c1"]), drawn.representation.train
    odds = np.exp(logits if train is None else logits[train])
    expected = (odds / odds.sum(axis=1, keepdims=True)).mean(axis=0)
    assert {int(row[0]): float(row[2]) for row in rows_of(mass.csv)} == pytest.approx(dict(enumerate(expected)))
    assert [row[1] for row in rows_of(mass.csv)] == ["0", "1", "none"]  # in the order of the digits


def test_a_run_without_anything_has_no_figure(tmp_path: Path) -> None:
    assert list(run_figures(Drawn.of("r", tmp_path, None))) == []


def test_traversals_are_images_with_headings(drawn_content: ReportContent) -> None:
    page = Page(render(drawn_content))
    svgs = [of for of in page.all("svg") if of.get("class") == "traversal"]
    assert [(of["data-columns"], of["data-rows"]) for of in svgs] == [("3", "3"), ("4", "3")] * 2
    assert all(str(of["href"]).startswith("data:image/png;base64,") for of in page.all("image") if of.get("class"))
    assert page.text.count("prior range") == 2


def test_every_figure_is_well_formed(drawn_content: ReportContent) -> None:
    text = render(drawn_content)
    page = Page(text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    for part in text.split("<svg ")[1:]:
        ElementTree.fromstring(f"<svg {part.partition('</svg>')[0]}</svg>")


def test_what_is_missing_is_said(content: ReportContent) -> None:
    page = render(content)
    assert "It has no scores: dbench eval of its folder computes them." in Page(page).text
    assert "<code>dbench eval</code>" in page


def make_runs(entries: int, seeds: int) -> list[RunFacts]:
    of = {"mig": {"value": 0.5}}
    return [
        RunFacts(f"e{entry}", seed, "done", "", "", Path(), of) for seed in range(seeds) for entry in range(entries)
    ]


def test_up_to_fifty_runs_are_drawn_and_of_more_the_first_seeds() -> None:
    assert len(chosen_to_draw(make_runs(5, 10))) == MOST_DRAWN
    many = make_runs(20, 50)
    chosen = [many[place] for place in chosen_to_draw(many)]
    assert len(chosen) == MOST_OF_MANY
    assert {run.seed for run in chosen} == {0}
    assert len({run.entry for run in chosen}) == MOST_OF_MANY
    waiting = [replace(run, scores={}) for run in make_runs(2, 1)]
    assert chosen_to_draw(waiting) == []


def test_a_page_of_many_runs_says_which_are_drawn(content: ReportContent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("disentangle_bench.reports.html.runs.MOST_DRAWN", 1)
    text = " ".join(Page(render(content)).text.split())
    assert "2 of 6 runs have their figures here" in text
