"""A matplotlib figure as SVG within a page: text as text, no name used twice, points that say what they are."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from xml.etree import ElementTree

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

from disentangle_bench.reports.figures.style import style

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAMILY = re.compile(r"(font: [^;']*?px) [^;]*|font-family: [^;]*;? ?")
_POINTS_TO_PIXELS = 96 / 72
ElementTree.register_namespace("", SVG)


@dataclass(frozen=True)
class Mark:
    """What a point of a figure says when it is pointed at, and the place in the page that it leads to, if any.

    A figure names its marks by URLs, as matplotlib draws links: `artist.set_urls(["mark:0", "mark:1"])`.
    """

    text: str
    href: str = ""


def inline_svg(figure: Figure, name: str, label: str, marks: Mapping[str, Mark] | None = None) -> Markup:
    """Write a figure as an element of a page.

    Args:
        figure: what is written; its background becomes transparent.
        name: an anchor; all names within the figure begin with it, since two figures may share a page.
        label: what the figure shows, for those who do not see it.
        marks: URL of a link -> what is there instead.
    """
    root = ElementTree.fromstring(_written(figure))  # our own figure, not a file from elsewhere
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):  # a style would hold for the whole page
                parent.remove(child)
    for element in root.iter():
        _rename(element, name)
        _unset_font(element)
    for link in list(root.iter(f"{{{SVG}}}a")):
        _replace(link, marks or {})
    width = float(str(root.attrib.pop("width")).removesuffix("pt"))
    del root.attrib["height"]
    root.attrib |= {
        "class": "plot",
        "style": f"--width: {width * _POINTS_TO_PIXELS:.0f}px; stroke-linejoin: round; stroke-linecap: butt",
        "aria-label": label,
        "role": "group" if marks else "img",
    }
    root.attrib.pop("version", None)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _written(figure: Figure) -> str:
    for axes in figure.axes:
        axes.patch.set_visible(False)
    written = io.BytesIO()
    with style(), mpl.rc_context({"svg.fonttype": "none"}):
        engine = figure.get_layout_engine()
        if engine is not None:  # else the figure would be laid out and drawn twice
            engine.execute(figure)
            figure.set_layout_engine("none")
        figure.savefig(written, format="svg", facecolor="none", metadata={"Date": None, "Creator": None})
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", written.getvalue().decode("utf-8", errors="replace"))


def _rename(element: ElementTree.Element, name: str) -> None:
    """Put the name before every id, and before every reference to one."""
    if "id" in element.attrib:
        element.attrib["id"] = f"{name}-{element.attrib['id']}"
    target = element.attrib.pop(f"{{{XLINK}}}href", None)
    if target is not None:
        own = target.startswith("#") and element.tag != f"{{{SVG}}}a"
        element.attrib["href"] = f"#{name}-{target[1:]}" if own else target
    for key in ("clip-path", "fill", "style"):
        if "url(#" in element.attrib.get(key, ""):
            element.attrib[key] = element.attrib[key].replace("url(#", f"url(#{name}-")


def _unset_font(element: ElementTree.Element) -> None:
    """Leave the family of a text to the page."""
    if element.tag in (f"{{{SVG}}}text", f"{{{SVG}}}tspan") and "style" in element.attrib:
        element.attrib["style"] = _FAMILY.sub(lambda found: _size(cast(str | None, found[1])), element.attrib["style"])


def _size(font: str | None) -> str:
    return "" if font is None else f"font-size: {font.removeprefix('font: ').split()[-1]}"


def _replace(link: ElementTree.Element, marks: Mapping[str, Mark]) -> None:
    """Make a link of matplotlib's lead to its place in the page, or to nothing, and say what it is."""
    mark = marks.get(link.attrib.pop("href", ""), Mark(""))
    if mark.href:
        link.attrib |= {"href": f"#{mark.href}", "aria-label": mark.text}
    else:
        link.tag = f"{{{SVG}}}g"
    link.attrib |= {"data-tip": mark.text, "class": "mark"}
