"""Anchors, forms, figures and shades of the page."""

from __future__ import annotations

import csv
import io
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from disentangle_bench.reports.html import ReportContent
from disentangle_bench.reports.html.anchors import anchors
from disentangle_bench.reports.html.forms import Forms
from disentangle_bench.reports.html.score_cells import score_table, share_of
from disentangle_bench.reports.html.seed_strips import seed_strips
from disentangle_bench.reports.html.svg import Mark, inline_svg
from disentangle_bench.reports.html.what_ran import machines, what_ran

PLACES = [f"run-{number}" for number in range(6)]


def test_anchors_are_plain_and_differ() -> None:
    made = anchors("run", ["a b", "a/b", "a-b 2", "", "<ü>", "a b"])
    assert made == ["run-a-b", "run-a-b--2", "run-a-b-2", "run", "run--2", "run-a-b--3"]


def test_a_table_in_three_forms() -> None:
    forms = Forms.of("t", ["name", "n_1"], [["a|b", 0.123456], ["c,d", None]], left=["name"])
    assert list(csv.reader(io.StringIO(forms.csv))) == [["name", "n_1"], ["a|b", "0.123456"], ["c,d", ""]]
    assert "| a\\|b | 0.1235 |" in forms.markdown
    assert "n\\_1" in forms.latex
    assert "\\toprule" in forms.latex


@pytest.mark.parametrize(
    ("value", "levels", "share"),
    [
        (0.5, (0.0, 1.0), 0.5),
        (0.45, (0.0, 0.9), 0.5),
        (10.0, (40.0, 0.0), 0.75),  # lower is better: the ceiling is below
        (-1.0, (0.0, 1.0), 0.0),
        (2.0, (0.0, 1.0), 1.0),
        (None, (0.0, 1.0), None),
        (0.5, None, None),
    ],
)
def test_shares_between_chance_and_ceiling(
    value: float | None, levels: tuple[float, float] | None, share: float | None
) -> None:
    assert share_of(value, levels) == share


def test_cells_are_shaded_between_the_levels_of_their_own_data(content: ReportContent) -> None:
    first, second = score_table(content).rows
    assert first.cells[0].share == pytest.approx(0.55 / 0.9)
    assert second.cells[0].share == pytest.approx(0.2 / 0.9)
    assert first.cells[1].share is None  # no run has levels of that score
    assert not first.cells[0].complete


def test_an_inline_figure_shares_no_name_with_another() -> None:
    def drawn(name: str) -> set[str]:
        figure = Figure()
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1])
        axes.set_title("<b>&\x01", parse_math=False)
        root = ElementTree.fromstring(inline_svg(figure, name, "a & b"))
        assert root.attrib["aria-label"] == "a & b"
        assert not any(element.tag.endswith("style") for element in root.iter())
        assert any(element.text == "<b>&\N{REPLACEMENT CHARACTER}" for element in root.iter())
        assert "id" in " ".join(key for element in root.iter() for key in element.attrib)
        return {element.attrib["id"] for element in root.iter() if "id" in element.attrib}

    one, other = drawn("a"), drawn("b")
    assert one
    assert not one & other


def test_references_within_a_figure_lead_to_what_is_in_it() -> None:
    figure = Figure()
    axes = figure.subplots()
    axes.scatter([0, 1], [0, 1]).set_urls(["mark:0", "mark:1"])
    text = str(inline_svg(figure, "f", "label", {"mark:0": Mark("first", "run-1"), "mark:1": Mark("second")}))
    root = ElementTree.fromstring(text)
    ids = {element.attrib["id"] for element in root.iter() if "id" in element.attrib}
    links = [element.attrib["href"] for element in root.iter() if "href" in element.attrib]
    assert "#run-1" in links
    assert {link[1:] for link in links} - {"run-1"} <= ids
    clips = {value[5:-1] for element in root.iter() if (value := element.attrib.get("clip-path"))}
    assert clips <= ids
    assert [element.attrib["data-tip"] for element in root.iter() if "data-tip" in element.attrib] == [
        "first",
        "second",
    ]


def test_every_seed_is_a_point_that_leads_to_its_run(content: ReportContent) -> None:
    strip, _ = seed_strips(content, PLACES)
    root = ElementTree.fromstring(strip.svg)
    links = [element.attrib["href"] for element in root.iter() if element.tag.endswith("}a")]
    assert sorted(links) == ["#run-0", "#run-1", "#run-2", "#run-3", "#run-5"]  # run 4 has no value
    assert ",".join(("infogan", "2", "failed", "")) in strip.csv.splitlines()


def test_troubles_and_machines(content: ReportContent) -> None:
    what = what_ran(content, PLACES)
    assert [(run.entry, run.seed, cell.state) for run, cell in what.troubles] == [
        ("gan-with-q", 1, "collapsed"), ("infogan", 2, "failed"),
    ]  # fmt: skip
    assert what.machines["Training began"] == ["2026-01-01 10 to 2026-01-03 10"]
    assert what.entries[0].time == "3 min"
    assert what.gate_forms.csv.splitlines()[1].endswith(",-0.15")


def test_machines_that_differ_are_counted(content: ReportContent) -> None:
    first, second = ({"processor": name, "processors": 2} for name in ("AMD EPYC", "Xeon"))
    odd = [run.provenance | (second | {"python": "3.13"} if run.seed == 2 else first) for run in content.runs]
    runs = [type(run)(**{**vars(run), "provenance": of}) for run, of in zip(content.runs, odd, strict=True)]
    assert machines(runs)["Python"] == ["3.12 (4 cells)", "3.13 (2 cells)"]
    assert machines(runs)["Machine"] == ["AMD EPYC, 2 processors (4 cells)", "Xeon, 2 processors (2 cells)"]
