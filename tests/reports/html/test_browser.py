"""The page in a browser: from disk, without a network, at three widths, in both themes, by eye, keyboard and axe."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from disentangle_bench.reports.html import ReportContent, render
from tests.reports.html.conftest import HOSTILE, make_content, make_run_folder

pytestmark = pytest.mark.slow
WIDTHS = (360, 768, 1440)
OWN = ("file:", "data:", "blob:")

EMPTY = """() => [...document.querySelectorAll("section, td, th, figcaption, summary, h2, h3, dd, li, .card p")]
    .filter((of) => !of.textContent.trim()).map((of) => of.outerHTML.slice(0, 200))"""
UNDRAWN = """() => [...document.querySelectorAll("figure svg")]
    .filter((of) => !of.children.length || of.getBoundingClientRect().width < 100)
    .map((of) => of.outerHTML.slice(0, 200))"""
OVERFLOWING = """() => [...document.body.querySelectorAll("*")]
    .filter((of) => !of.closest(".scroll, .drawing, pre, .unseen, a.skip, svg, [popover]"))
    .filter((of) => of.getBoundingClientRect().right > innerWidth + 1 || of.getBoundingClientRect().left < -1)
    .map((of) => of.outerHTML.slice(0, 200))"""


def drawn(content: ReportContent, folder: Path) -> ReportContent:
    """The same, with everything that can be drawn of the runs at seed 0, and with a published value."""
    recipes = dict(zip(content.entries, ("infogan-digits", "gan-with-q-digits"), strict=True))
    places = {of: make_run_folder(folder / recipe, recipe).path for of, recipe in recipes.items()}
    runs = tuple(replace(run, folder=places[run.entry]) if run.seed == 0 else run for run in content.runs)
    score = content.table.columns[0].score
    entries = {
        name: replace(of, settings={"weight": float(place)}, model="m", published={score: 0.9})
        for place, (name, of) in enumerate(content.entries.items())
    }
    return replace(content, runs=runs, entries=entries)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page")
    (folder / "report.html").write_text(render(drawn(make_content(), folder)), encoding="utf-8")
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def hostile_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("hostile")
    text = render(drawn(make_content(HOSTILE, f"mig{HOSTILE}"), folder))
    (folder / "report.html").write_text(text, encoding="utf-8")
    return (folder / "report.html").as_uri()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    contexts = []

    def opened(address: str, width: int = 1440, theme: str = "light") -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, offline=True, bypass_csp=False
        )
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("console", lambda message: page.faults.append(message.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("request", lambda of: of.url.startswith(OWN) or page.faults.append(of.url))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_fails_overflows_or_is_empty(open_page: Any, address: str, width: int, theme: str) -> None:
    page = open_page(address, width, theme)
    page.evaluate('document.querySelectorAll("details").forEach((of) => { of.open = true; })')
    assert page.faults == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(EMPTY) == []
    assert page.evaluate(UNDRAWN) == []
    verdicts = page.locator(".verdict").all()
    assert [of.inner_text() for of in verdicts] == ["FAIL", "PASS", "SKIP"]
    assert all(of.bounding_box()["x"] > 0 for of in verdicts)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (theme == "dark")
    ink = {"light": "rgb(26, 26, 26)", "dark": "rgb(233, 233, 231)"}[theme]
    assert page.locator("#seeds svg.plot text").first.evaluate("of => getComputedStyle(of).fill") == ink
    maps = page.locator("#run-infogan-seed-0-confusion image")
    assert [of.get_attribute("class") for of in maps.all() if of.is_visible()] == [f"in-{theme}"] * 2
    assert page.evaluate(
        '[...document.querySelectorAll("image")].every((of) => getComputedStyle(of).filter === "none")'
    )


@pytest.mark.parametrize("width", [WIDTHS[0], WIDTHS[-1]])
def test_names_that_are_markup_do_nothing_and_fit(open_page: Any, hostile_address: str, width: int) -> None:
    page = open_page(hostile_address, width)
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.evaluate('document.querySelectorAll("details").forEach((of) => { of.open = true; })')
    assert page.faults == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("img").count() == 0


@pytest.mark.parametrize(("width", "theme"), [(WIDTHS[0], "light"), (WIDTHS[-1], "light"), (WIDTHS[-1], "dark")])
def test_axe_finds_no_violation(open_page: Any, address: str, axe: str, width: int, theme: str) -> None:
    page = open_page(address, width, theme)
    page.evaluate('document.querySelectorAll("details").forEach((of) => { of.open = true; })')
    page.evaluate(axe)
    found = page.evaluate("async () => (await axe.run()).violations")
    assert [(of["id"], [node["html"][:150] for node in of["nodes"]][:3]) for of in found] == []
    page.locator(".card-opener").first.click()
    found = page.evaluate('async () => (await axe.run(".card:popover-open")).violations')
    assert [(of["id"], [node["html"][:150] for node in of["nodes"]][:3]) for of in found] == []


def test_a_column_sorts_both_ways_with_missing_values_last(open_page: Any, address: str) -> None:
    page = open_page(address)
    names = page.locator("#score-table tbody th")
    button = page.get_by_role("button", name="Sort by mig", exact=True)
    assert [text.split()[0] for text in names.all_inner_texts()] == ["infogan", "gan-with-q"]
    button.click()
    assert page.locator('th[aria-sort="descending"]').count() == 1
    assert [text.split()[0] for text in names.all_inner_texts()] == ["infogan", "gan-with-q"]
    button.click()
    assert [text.split()[0] for text in names.all_inner_texts()] == ["gan-with-q", "infogan"]
    page.get_by_role("button", name="Sort by entry").click()
    assert [text.split()[0] for text in names.all_inner_texts()] == ["gan-with-q", "infogan"]


def test_runs_are_filtered_by_what_is_typed(open_page: Any, address: str) -> None:
    page = open_page(address)
    page.get_by_label("Show runs that contain").fill("COLLAPSED")
    shown = page.locator("details.run:visible summary").all_inner_texts()
    assert [text.split(",")[0] for text in shown] == ["gan-with-q"]


def test_a_point_says_what_it_is_and_leads_to_its_run(open_page: Any, address: str) -> None:
    page = open_page(address)
    point = page.locator('#seeds a.mark[href="#run-infogan-seed-0"]').first
    point.hover()
    assert "infogan, seed 0: 0.5" in page.locator("#tip").inner_text()
    point.click()
    page.locator("#run-infogan-seed-0[open] figure").first.wait_for(state="visible")


def test_a_heading_opens_its_card(open_page: Any, address: str) -> None:
    page = open_page(address)
    page.get_by_role("button", name="mig", exact=True).click()
    card = page.locator(".card:visible")
    assert "Codes without a factor." in card.inner_text()
    page.keyboard.press("Escape")
    assert page.locator(".card:visible").count() == 0


def test_figures_and_tables_are_saved_as_files(open_page: Any, address: str, tmp_path: Path) -> None:
    page = open_page(f"{address}#run-infogan-seed-0")

    def save(button: Any) -> Path:
        with page.expect_download() as waiting:
            button.click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    figure = page.locator("#run-infogan-seed-0-confusion")
    drawing = save(figure.get_by_role("button", name="SVG"))
    assert ElementTree.parse(drawing).getroot().tag.endswith("svg")
    assert "var(" not in drawing.read_text()
    assert "in-dark" not in drawing.read_text()
    with Image.open(save(figure.get_by_role("button", name="PNG"))) as picture:
        assert picture.format == "PNG"
        assert picture.getpixel((0, 0))[:3] == (255, 255, 255)
        assert len(set(picture.convert("L").getdata())) > 10
    assert "category,matched to,digit,images" in save(figure.get_by_role("button", name="CSV")).read_text()
    pixels = save(page.locator("#run-infogan-seed-0-traversal-c2").get_by_role("button", name="CSV"))
    rows = list(csv.reader(io.StringIO(pixels.read_text())))
    assert (len(rows), len(rows[0])) == (1 + 3 * 4, 2 + 64)
    assert 0 < float(rows[5][10]) < 255
    table = page.locator("#scores")
    assert save(table.get_by_role("button", name="LaTeX")).read_text().count(r"\toprule") == 1
    assert save(table.get_by_role("button", name="Markdown")).read_text().startswith("- demo")
    assert save(table.get_by_role("button", name="CSV")).read_text().startswith("entry,seed,state,score")
    assert page.faults == []


def test_it_prints_without_what_only_a_screen_needs(open_page: Any, address: str, tmp_path: Path) -> None:
    page = open_page(address)
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("#score-table").is_visible()
    page.pdf(path=tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").stat().st_size > 10_000
