"""The confusion matrix puts matched classes on the diagonal and says how many there are."""

import numpy as np

from disentangle_bench.reports.figures.confusion import confusion_matrix
from disentangle_bench.reports.figures.style import write_figure

COUNTS = np.array([[0, 1, 30], [1500, 0, 2], [3, 4, 0], [0, 20, 0]])


def draw():
    return confusion_matrix(COUNTS, ["0", "1", "2", "3"], ["a", "b", "c"], [2, 0, None, 1], title="x", factor="letter")


def test_rows_are_sorted_by_matched_class_and_the_unmatched_last():
    axes = draw().axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["1", "3", "0", "2"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["a", "b", "c"]


def test_counts_stand_in_their_cells():
    texts = {tuple(map(int, text.get_position())): text.get_text() for text in draw().axes[0].texts}
    assert texts == {(0, 0): "1,500", (2, 0): "2", (1, 1): "20", (1, 2): "1", (2, 2): "30", (0, 3): "3", (1, 3): "4"}


def test_color_is_the_share_of_the_class():
    shares = np.asarray(draw().axes[0].images[0].get_array())
    assert np.allclose(shares[:, 0], [1500 / 1503, 0, 0, 3 / 1503])
    assert np.allclose(shares.sum(axis=0), 1)


def test_matched_cells_are_framed():
    corners = [(patch.get_x() + 0.5, patch.get_y() + 0.5) for patch in draw().axes[0].patches]
    assert sorted(corners) == [(0, 0), (1, 1), (2, 2)]


def test_a_class_without_test_images_is_no_division_by_zero(tmp_path):
    figure = confusion_matrix(np.array([[5, 0]]), ["0"], ["a", "b"], [0])
    assert np.asarray(figure.axes[0].images[0].get_array()).tolist() == [[1, 0]]
    assert len(write_figure(figure, tmp_path, "confusion")) == 2
