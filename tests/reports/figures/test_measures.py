"""The heat map of codes and measures says every value and which of them are missing."""

import numpy as np

from disentangle_bench.reports.figures.measures import measure_heat_map
from disentangle_bench.reports.figures.style import write_figure

VALUES = np.array([[0.62, 0.3], [-0.914, np.nan]])


def test_says_every_value(tmp_path):
    figure = measure_heat_map(
        {"generated": VALUES, "real": VALUES / 2}, ["c1", "c2"], ["slant", "width"], categorical={"c1"}, title="x"
    )
    generated, real = figure.axes[:2]
    assert [text.get_text() for text in generated.texts] == ["0.62", "0.30", "\N{MINUS SIGN}0.91", "n/a"]
    assert [text.get_text() for text in real.texts] == ["0.31", "0.15", "\N{MINUS SIGN}0.46", "n/a"]
    assert [text.get_text() for text in generated.get_xticklabels()] == ["slant", "width"]
    assert [text.get_text() for text in generated.get_yticklabels()] == ["c1, η²", "c2"]
    assert (generated.get_title(loc="left"), real.get_title(loc="left")) == ("generated", "real")
    assert len(write_figure(figure, tmp_path, "measures")) == 2


def test_the_scale_is_the_whole_range_whatever_the_values():
    [image] = measure_heat_map({"generated": VALUES / 10}, ["c2", "c3"], ["slant", "width"]).axes[0].images
    assert image.get_clim() == (-1, 1)


def test_nothing_is_not_given_a_sign():
    figure = measure_heat_map({"generated": np.array([[-0.001]])}, ["c2"], ["ink"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["+0.00"]
