"""Figures hold for 2 to 50 classes and categories: no text is cut off, none overlaps another, no name is lost."""

from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.means import information_of
from disentangle_bench.reports.figures.codes_and_factors import importance_map, information_map
from disentangle_bench.reports.figures.confusion import confusion_matrix
from disentangle_bench.reports.figures.fitting import extent, short, wrapped
from disentangle_bench.reports.figures.information import Curve, information_curves
from disentangle_bench.reports.figures.measures import measure_heat_map
from disentangle_bench.reports.figures.traversal import traversal_grid
from tests.reports.figures.layout import require_room

SIZES = [2, 3, 10, 50]
TITLE = "infogan-fashion-mnist seed 0: one-to-one accuracy 0.638 [0.629, 0.648]"


def names(count: int) -> list[str]:
    words = ("T-shirt/top", "Trouser", "Ankle boot, $5 to $9", "Bag", "wide_name_of_a_class")
    return [f"{words[number % 5]} {number}" for number in range(count)]


def shown(labels) -> list[str]:
    return [label.get_text() for label in labels]


@pytest.mark.parametrize(("classes", "categories"), [(2, 10), (2, 2), (3, 3), (10, 10), (50, 50), (50, 2), (2, 50)])
def test_confusion(classes, categories):
    counts = np.full((categories, classes), 98765)
    matching = [row if row < classes else None for row in range(categories)]
    figure = confusion_matrix(counts, [*map(str, range(categories))], names(classes), matching, title=TITLE)
    axes = figure.axes[0]
    assert shown(axes.get_xticklabels()) == names(classes)
    assert len(axes.get_yticklabels()) == categories
    assert figure.get_suptitle().replace("\n", " ") == TITLE
    require_room(figure)
    box = axes.get_window_extent()
    assert min(box.width, box.height) / figure.dpi > 1.2, "a sliver"


@pytest.mark.parametrize("count", SIZES)
def test_traversals(count):
    images = np.zeros((count, 9, 28, 28))
    about = "article that the category of c1 is matched to"
    figure = traversal_grid(images, list("abcdefghi"), rows=names(count), title=TITLE, ylabel=about, prior=(2, 6))
    assert shown(figure.axes[0].get_yticklabels()) == names(count)
    require_room(figure)
    assert max(figure.get_size_inches()) < 20
    figure = traversal_grid(images.swapaxes(0, 1), names(count), title=TITLE, xlabel=about, ylabel="draws of noise")
    assert shown(figure.axes[0].get_xticklabels()) == names(count)
    assert figure.axes[0].get_title(loc="left").replace("\n", " ") == TITLE
    require_room(figure)


@pytest.mark.parametrize("count", SIZES)
def test_measures(count):
    values = np.full((count, 6), -0.5)
    measures = ["slant", "thickness", "width", "height", "ink", "tilt"]
    figure = measure_heat_map({"generated images": values, "real test images": values}, names(count), measures)
    assert shown(figure.axes[0].get_yticklabels()) == names(count)
    require_room(figure)


@pytest.mark.parametrize("count", [1, 3, 10])
def test_information(count):
    codes = [f"c{place}" for place in range(1, count + 1)]
    means = [information_of("c1", 10), *(information_of(code, None) for code in codes[1:])]
    log = [{"step": 50, "L_I": {code: place for place, code in enumerate(codes)}}]
    figure = information_curves([Curve(f"{TITLE} {number}", log) for number in range(5)], means)
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in panels] == codes
    assert len({axes.get_ylim() for axes in panels[1:]}) <= 1, "c2 and c3 are compared on one axis"
    require_room(figure)


def test_many_codes_are_thinned_out():
    figure = measure_heat_map({"": np.zeros((300, 3))}, names(300), ["slant", "width", "ink"])
    assert 50 < len(figure.axes[0].get_yticklabels()) < 300
    require_room(figure)


class TestWrapped:
    def test_keeps_every_word(self):
        text = "a title of several words, and one_word_that_is_longer_than_any_line_could_ever_be in it"
        lines = wrapped(text, 1.5, 9).split("\n")
        assert max(extent(line, 9)[0] for line in lines) <= 1.5
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")

    def test_an_endless_name_loses_its_middle(self):
        assert short("a" * 60 + "b" * 60) == "a" * 24 + "…" + "b" * 24
        assert short("two\nlines") == "two lines"


@pytest.mark.parametrize(("codes", "factors"), [(1, 1), (10, 5), (50, 30), (2, 40)])
def test_heat_maps_of_codes_and_factors(codes, factors):
    values = np.full((codes, factors), 0.5)
    for draw in (information_map, importance_map):
        figure = draw(values, names(codes), names(factors), title=TITLE)
        assert shown(figure.axes[0].get_xticklabels()) == names(factors)
        assert shown(figure.axes[0].get_yticklabels()) == names(codes)
        assert len(figure.axes[0].texts) == (codes * factors if codes <= 25 and factors <= 25 else 0)
        require_room(figure)
