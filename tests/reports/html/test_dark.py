"""What the dark theme makes of plots: every color has a counterpart, and text stays legible on heat maps."""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from disentangle_bench.reports.figures.agreement import agreement_map
from disentangle_bench.reports.figures.category_mass import category_mass
from disentangle_bench.reports.figures.hinton import hinton_diagram
from disentangle_bench.reports.figures.style import CYCLE, INK, new_figure, style
from disentangle_bench.reports.html.dark import COUNTERPARTS, in_the_dark
from disentangle_bench.reports.html.svg import inline_svg


def luminance(colors):
    values = np.asarray(colors) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    """By WCAG 2.2."""
    first, second = luminance(one) + 0.05, luminance(other) + 0.05
    return np.maximum(first, second) / np.minimum(first, second)


def rgb(color):
    return np.array(list(bytes.fromhex(color[1:])))


def curves():
    with style():
        figure = new_figure(3, 2)
        axes = figure.subplots()
        for color in CYCLE:
            axes.plot([0, 1], [0, 1], "o-", color=color)
    return figure


@pytest.mark.parametrize(
    "draw",
    [
        curves,
        lambda: agreement_map(np.eye(3), list("abc"), list("abc")),
        lambda: category_mass([0.7, 0.2, 0.1], list("abc"), title="t"),
        lambda: hinton_diagram(np.eye(3), list("abc"), list("abc")),
    ],
)
def test_every_color_of_a_plot_follows_the_theme(draw):
    text = inline_svg(draw(), "a", "b")
    colors = re.findall(r"(?:fill|stroke): ([^;\"]+)", text)
    assert colors
    bare = {of for of in colors if of != "none" and not re.fullmatch(r"var\(--plot-(\w{6}), #\1\)", of)}
    assert bare == set()
    assert "filter" not in text


def test_lines_and_texts_stand_out_from_the_dark_page():
    for light, dark in COUNTERPARTS.items():
        if light not in ("#ffffff", "#d9d9d9"):  # the page itself, and grids
            assert contrast(rgb(dark), rgb("#141518")) > 4.5


@pytest.mark.parametrize("name", ["Blues", "Greens", "RdBu_r"])
def test_a_heat_maps_texts_are_legible_in_both_themes(name):
    """The texts are black or white, whichever stands out in the light theme, and their counterparts."""
    light = (mpl.colormaps[name](np.linspace(0, 1, 256))[:, :3] * 255).round().astype(np.uint8)
    dark = in_the_dark(light)
    black = contrast(light, rgb(INK)) > contrast(light, rgb("#ffffff"))
    on_light = np.where(black, contrast(light, rgb(INK)), contrast(light, rgb("#ffffff")))
    on_dark = np.where(black, contrast(dark, rgb(COUNTERPARTS[INK])), contrast(dark, rgb("#141518")))
    assert on_light.min() > 4
    assert on_dark.min() > 3.3


def test_lightness_is_turned_round_and_hue_stays():
    [white, black, blue, red] = in_the_dark(np.array([[255] * 3, [0] * 3, [8, 48, 107], [103, 0, 31]], np.uint8))
    np.testing.assert_allclose(white, rgb("#141518"), atol=4)
    np.testing.assert_allclose(black, rgb("#e9e9e7"), atol=4)
    assert blue.argmax() == 2
    assert blue.min() > 100
    assert red.argmax() == 0
    assert red.min() > 100


def test_a_heat_map_is_there_for_each_theme():
    root = ElementTree.fromstring(inline_svg(agreement_map(np.eye(2), list("ab"), list("ab")), "a", "b"))
    images = [element for element in root.iter() if element.tag.endswith("}image")]
    assert [element.attrib["class"] for element in images] == ["in-light", "in-dark"] * 2  # cells and color bar
    read = []
    for element in images[:2]:
        with Image.open(io.BytesIO(base64.b64decode(element.attrib["href"].partition(",")[2]))) as image:
            read.append(np.asarray(image.convert("RGB"), np.uint8))
    assert read[0].shape == read[1].shape
    np.testing.assert_array_equal(in_the_dark(read[0].reshape(-1, 3)), read[1].reshape(-1, 3))
