"""A matplotlib figure as SVG within a page: text as text, no name used twice, points that say what they are."""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

from disentangle_bench.reports.figures.style import style
from disentangle_bench.reports.html.dark import dark_address, with_variables

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAMILY = re.compile(r"(font: [^;']*?px) [^;]*|font-family: [^;]*;? ?")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_DECIMALS = re.compile(r"(\d+\.\d\d)\d+")
_TEXTS = (f"{{{SVG}}}text", f"{{{SVG}}}tspan")
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
    used = {target for element in root.iter() for target in _targets(element)}
    for element in root.iter():
        _rename(element, name, used)
        _unset_font(element)
        _shorten(element)
        if "style" in element.attrib:
            element.attrib["style"] = with_variables(element.attrib["style"])
    for parent in list(root.iter()):
        for child in parent.findall(f"{{{SVG}}}image"):
            parent.insert(list(parent).index(child) + 1, _for_the_dark(child))
    for link in list(root.iter(f"{{{SVG}}}a")):
        _replace(link, marks or {})
    width = float(str(root.attrib.pop("width")).removesuffix("pt"))
    del root.attrib["height"]
    root.attrib |= {
        "class": "plot",
        "style": f"--width: {width * _POINTS_TO_PIXELS:.0f}px; stroke-linejoin: round; stroke-linecap: butt; "
        + with_variables("fill: #000000"),  # what matplotlib leaves out, as it is the default
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


def _targets(element: ElementTree.Element) -> list[str]:
    """The ids that an element refers to."""
    href = element.attrib.get(f"{{{XLINK}}}href", "")
    return [*_REFERENCE.findall(" ".join(element.attrib.values())), *([href[1:]] if href.startswith("#") else [])]


def _rename(element: ElementTree.Element, name: str, used: Container[str]) -> None:
    """Put the name before every id that is used, and before every reference to one; drop the others."""
    own = element.attrib.pop("id", None)
    if own in used:
        element.attrib["id"] = f"{name}-{own}"
    target = element.attrib.pop(f"{{{XLINK}}}href", None)
    if target is not None:
        element.attrib["href"] = f"#{name}-{target[1:]}" if target.startswith("#") else target
    for key, value in element.attrib.items():
        if "url(#" in value:
            element.attrib[key] = value.replace("url(#", f"url(#{name}-")


def _shorten(element: ElementTree.Element) -> None:
    """Leave out what nobody sees: hundredths of a point, and blanks between elements."""
    for key in ("d", "transform", "x", "y", "points", "width", "height"):
        if key in element.attrib:
            element.attrib[key] = _DECIMALS.sub(r"\1", " ".join(element.attrib[key].split()))
    element.tail = None if element.tail is None or not element.tail.strip() else element.tail
    if element.text is not None and not element.text.strip() and element.tag not in _TEXTS:
        element.text = None


def _unset_font(element: ElementTree.Element) -> None:
    """Leave the family of a text to the page."""
    if element.tag in _TEXTS and "style" in element.attrib:
        element.attrib["style"] = _FAMILY.sub(
            lambda found: "" if found[1] is None else f"font-size: {found[1].removeprefix('font: ').split()[-1]}",
            element.attrib["style"],
        )


def _for_the_dark(image: ElementTree.Element) -> ElementTree.Element:
    """Copy a heat map for the dark theme: the page shows one of the two."""
    dark = copy.copy(image)
    dark.attrib = image.attrib | {"class": "in-dark", "href": dark_address(image.attrib["href"])}
    image.attrib["class"] = "in-light"
    return dark


def _replace(link: ElementTree.Element, marks: Mapping[str, Mark]) -> None:
    """Make a link of matplotlib's lead to its place in the page, or to nothing, and say what it is."""
    mark = marks.get(link.attrib.pop("href", ""), Mark(""))
    link.attrib.pop("target", None)  # matplotlib's links open a window of their own
    if mark.href:
        link.attrib |= {"href": f"#{mark.href}", "aria-label": mark.text}
    else:
        link.tag = f"{{{SVG}}}g"
    link.attrib |= {"data-tip": mark.text, "class": "mark"}
