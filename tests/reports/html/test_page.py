"""The page as a whole: what is in it, and that names from files stay names."""

from __future__ import annotations

import re

from disentangle_bench.reports.html import ReportContent, render
from tests.reports.html.conftest import HOSTILE
from tests.reports.html.reading import Page


def test_a_page_is_well_formed_and_its_links_lead_somewhere(content: ReportContent) -> None:
    page = Page(render(content))
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    targets = [str(link["href"]) for link in page.all("a")]
    assert {target[1:] for target in targets} <= set(page.ids)
    assert all(target.startswith("#") for target in targets)


def test_a_page_needs_nothing_beside_itself(content: ReportContent) -> None:
    text = render(content)
    page = Page(text)
    given = [value for _, attributes in page.elements for key, value in attributes.items() if key in ("src", "href")]
    assert all(str(value).startswith(("#", "data:")) for value in given)
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org)", text)


def test_names_from_files_are_never_markup(hostile_content: ReportContent) -> None:
    text = render(hostile_content)
    page = Page(text)
    assert page.open == []
    assert page.all("img") == []
    assert len(page.all("script")) == 1
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)
    assert "\x1b" not in text
    assert HOSTILE.replace("\x1b", "\N{REPLACEMENT CHARACTER}") in page.text


def test_what_failed_and_collapsed_is_in_plain_sight(content: ReportContent) -> None:
    text = Page(render(content)).text
    assert "2 of 6 cells failed or collapsed" in text
    assert "infogan, seed 2" in text
    assert "D's loss under 1e-3" in text
    assert "worst 0.500, n = 2 of 3" in text


def test_gates_show_their_margins(content: ReportContent) -> None:
    text = Page(render(content)).text
    assert "infogan, mig at least 0.7" in text
    assert "\N{MINUS SIGN}0.15" in text


def test_a_column_has_a_card(content: ReportContent) -> None:
    text = " ".join(Page(render(content)).text.split())
    assert "Mutual Information Gap." in text
    assert "Codes without a factor." in text
    assert "mig, version 1; num_bins = 20" in text
    assert "This metric is not installed here" in text  # the other one has no documentation


def test_the_same_content_gives_the_same_bytes(content: ReportContent) -> None:
    assert render(content) == render(content)
