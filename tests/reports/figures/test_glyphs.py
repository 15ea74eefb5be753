"""Names in any script: by a font that has the letters, or spelled out; never as empty boxes, and without warnings."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from disentangle_bench.reports.figures import fitting, glyphs
from disentangle_bench.reports.figures.fitting import extent, label_rows, wrapped
from disentangle_bench.reports.figures.glyphs import families, legible, needs_fallbacks
from disentangle_bench.reports.figures.style import FORMS, new_figure, style, write_figure

CAT = "\N{CJK UNIFIED IDEOGRAPH-732B}"


def clear() -> None:
    for cached in (families, legible, extent, fitting._text, glyphs._letters):
        cached.cache_clear()


@pytest.fixture(autouse=True)
def no_fallbacks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As on a machine with Matplotlib's own fonts alone."""
    monkeypatch.setattr(glyphs, "FALLBACKS", ("Of This Test",))
    clear()
    yield
    clear()


@pytest.fixture
def fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A font whose only letter is a filled square as wide as it is high."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 1000), (1000, 1000), (1000, 0)):
        pen.lineTo(corner)
    pen.closePath()
    square = pen.glyph()
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef", "cat"])
    builder.setupCharacterMap({ord(CAT): "cat"})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "cat": square})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "cat": (1000, 0)})
    builder.setupHorizontalHeader(ascent=1000, descent=0)
    builder.setupNameTable({"familyName": "Of This Test", "styleName": "Regular", "psName": "OfThisTest"})
    builder.setupOS2(sTypoAscender=1000)
    builder.setupPost()
    builder.save(tmp_path / "font.ttf")
    monkeypatch.setattr(fontManager, "ttflist", [*fontManager.ttflist])
    fontManager.addfont(tmp_path / "font.ttf")
    clear()


def drawn(name: str) -> Figure:
    with style():
        figure = new_figure(3, 2)
        axes = figure.add_subplot()
        axes.imshow(np.eye(2))
        label_rows(axes, [0, 1], [name, "dog"], 0.5)
        axes.set_title(name, parse_math=False)
    return figure


@pytest.mark.parametrize("text", ["", "dog", "café", "Größe", "кот", "γάτα", "חתול", "a\nb", "$x_1$"])
def test_what_the_usual_font_has_stays(text: str) -> None:
    assert legible(text) == text
    assert not needs_fallbacks(legible(text))


def test_what_no_font_has_is_spelled() -> None:
    assert families() == ("DejaVu Sans",)
    assert legible(f"{CAT} or dog") == r"\u732b or dog"
    assert wrapped(f"{CAT} dog", 5) == r"\u732b dog"
    assert extent(CAT) == extent(r"\u732b")


@pytest.mark.parametrize(("text", "spelled"), [("a\x1b[1m", r"a\x1b[1m"), ("\ud800", r"\ud800"), ("a\tb", r"a\tb")])
def test_so_is_what_is_no_letter(text: str, spelled: str) -> None:
    assert legible(text) == spelled


def test_it_is_spelled_in_every_form_without_a_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, svg, _ = write_figure(drawn(CAT), tmp_path, "spelled", FORMS)
    assert r"\u732b" in svg.read_text()  # a comment beside the outlines


@pytest.mark.usefixtures("fallback")
def test_an_installed_fallback_is_used(tmp_path: Path) -> None:
    assert families() == ("DejaVu Sans", "Of This Test")
    assert legible(f"{CAT} or dog") == f"{CAT} or dog"
    assert needs_fallbacks(CAT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths = write_figure(drawn(CAT), tmp_path, "drawn", FORMS)
    assert [path.suffix for path in paths] == [".png", ".svg", ".pdf"]
    svg, pdf = paths[1].read_text(), paths[2].read_bytes()
    assert CAT in svg
    assert r"\u732b" not in svg
    assert b"/Type3" in pdf
    assert b"/Type0" not in pdf


def test_type_42_is_kept_where_it_suffices(tmp_path: Path) -> None:
    pdf = write_figure(drawn("кот"), tmp_path, "drawn", ("pdf",))[0].read_bytes()
    assert b"/Type0" in pdf
