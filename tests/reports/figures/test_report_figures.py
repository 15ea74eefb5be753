"""The figures that only the report has: strips of seeds, Hinton diagrams, the mass of categories."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from disentangle_bench.reports.figures.category_mass import category_mass, mass_of
from disentangle_bench.reports.figures.hinton import hinton_diagram
from disentangle_bench.reports.figures.seed_strip import ODD_POINT, Seed, StripRow, seed_strip


def test_areas_of_a_hinton_diagram_are_in_proportion_to_values() -> None:
    values = np.array([[1.0, 0.25, 0.0], [0.5, np.nan, 0.04]])
    axes = hinton_diagram(values, ["c1", "c2"], ["a", "b", "c"]).axes[0]
    squares = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    areas = {
        (round(of.get_y() + of.get_height() / 2), round(of.get_x() + of.get_width() / 2)): of.get_width()
        * of.get_height()
        for of in squares
    }
    assert set(areas) == {(0, 0), (0, 1), (1, 0), (1, 2)}
    for place, area in areas.items():
        assert area / areas[0, 0] == pytest.approx(values[place])


def test_masses_are_those_of_the_softmax() -> None:
    odds = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    assert mass_of(np.log(odds) + 500) == pytest.approx([0.4, 0.5, 0.1])


def test_merged_and_empty_categories_stand_out() -> None:
    axes = category_mass([0.2, 0.3, 0.3, 0.18, 0.02], list("abcde")).axes[0]
    bars = axes.patches
    assert [bar.get_height() for bar in bars] == [0.2, 0.3, 0.3, 0.18, 0.02]
    assert bars[4].get_facecolor() != bars[0].get_facecolor()
    merged = category_mass([0.2] + [0.1] * 7 + [0.05] * 2, list("abcdefghij")).axes[0].patches
    assert merged[0].get_facecolor() != merged[1].get_facecolor()


def test_a_strip_has_every_seed_and_the_levels() -> None:
    rows = [
        StripRow("one", [Seed(0.1), Seed(0.2, collapsed=True, url="mark:1")], 0.15, 0.05, 0.25),
        StripRow("none", []),
    ]
    axes = seed_strip(rows, "mig", chance=(0.0, 0.02), ceiling=(1.0,)).axes[0]
    sound, odd = axes.collections
    assert sound.get_offsets().tolist() == [[0.1, 0.0]]
    assert odd.get_offsets().tolist() == [[0.2, 0.0]]
    assert odd.get_urls() == ["mark:1"]
    assert axes.get_ylim() == (1.5, -0.5)
    assert {text.get_text() for text in axes.texts} == {"chance", "ceiling"}
    assert ODD_POINT
