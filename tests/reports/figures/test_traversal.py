"""Traversal grids show every pixel as it is, where it should be."""

import numpy as np
import pytest
from matplotlib.image import imread

from disentangle_bench.reports.figures.style import write_figure
from disentangle_bench.reports.figures.traversal import mosaic, traversal_grid


@pytest.mark.parametrize(("size", "zoom"), [(8, 14), (28, 4), (32, 3), (64, 2), (300, 1)])
def test_mosaic_enlarges_by_whole_numbers(size, zoom):
    images = np.zeros((2, 3, size, size))
    assert mosaic(images).shape == (2 * (size * zoom + 8), 3 * (size * zoom + 8))


def test_mosaic_puts_each_image_in_its_cell():
    rng = np.random.default_rng(0)
    images = rng.random((2, 3, 28, 20))
    whole = mosaic(images)
    cell = whole.shape[0] // 2, whole.shape[1] // 3
    for row in range(2):
        for column in range(3):
            part = whole[row * cell[0] : (row + 1) * cell[0], column * cell[1] : (column + 1) * cell[1]]
            assert np.array_equal(part[4:-4, 4:-4][::4, ::4], images[row, column])
            assert part[:4].min() == part[-4:].min() == part[:, :4].min() == part[:, -4:].min() == 1  # white between


def test_mosaic_of_color_and_of_bytes():
    images = np.zeros((1, 1, 8, 8, 3), dtype=np.uint8)
    images[..., 0] = 51
    whole = mosaic(images)
    assert whole.shape[2] == 3
    assert whole[10, 10].tolist() == [0.2, 0, 0]


def test_every_pixel_becomes_whole_dots_of_the_png(tmp_path):
    images = np.random.default_rng(1).random((2, 3, 28, 28))
    figure = traversal_grid(images, ["0", "1", "2"], rows=["a", "b"], title="c1", xlabel="digit", prior=(0, 1))
    png, _ = write_figure(figure, tmp_path, "c1")
    whole = mosaic(images)
    page, box = imread(png), figure.axes[0].get_position()
    left, top = round(box.x0 * page.shape[1]), round((1 - box.y1) * page.shape[0])
    drawn = page[top : top + whole.shape[0], left : left + whole.shape[1], 0]
    assert np.abs(drawn - whole).max() <= 2 / 255  # 256 grays


def test_headings():
    figure = traversal_grid(
        np.zeros((2, 3, 8, 8)), ["7", "1", "none"], rows=["a", "b"], title="c1 of x", xlabel="digit"
    )
    [axes] = figure.axes
    assert [text.get_text() for text in axes.get_xticklabels()] == ["7", "1", "none"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]
    assert axes.get_xlabel() == "digit"
    assert axes.get_title(loc="left") == "c1 of x"


def test_marks_the_prior_range_below_its_columns():
    figure = traversal_grid(np.zeros((2, 9, 8, 8)), list("abcdefghi"), prior=(2, 6))
    [axes] = figure.axes
    [line] = axes.lines
    assert 2 < line.get_xdata()[0] < 2.1
    assert 6.9 < line.get_xdata()[1] < 7
    assert [text.get_text() for text in axes.texts] == ["prior range"]
