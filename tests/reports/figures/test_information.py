"""Information curves draw what the log says."""

import math

import pytest

from disentangle_bench.means import Mean, information_of
from disentangle_bench.reports.figures.information import Curve, information_curves
from disentangle_bench.reports.figures.style import CYCLE, write_figure

C1, C2 = information_of("c1", 10), information_of("c2", None)


def make_curve(group: str, *values: float) -> Curve:
    entries = [
        {"step": 50 * place, "L_I": {"c1": value, "c2": value / 4}} for place, value in enumerate(values, start=1)
    ]
    return Curve(group, entries)


def test_points_leave_out_what_is_no_number():
    entries = [{"step": 1, "L_I": {"c1": 0.5}}, {"step": 2, "L_I": {"c1": math.nan}}, {"step": 3, "L_I": {"c1": None}}]
    curve = Curve("a", [*entries, {"step": 4}, {"step": 5, "L_I": {"c1": 0.7}}])
    assert curve.points(C1) == ([1, 5], [0.5, 0.7])
    assert curve.points(information_of("c9", None)) == ([], [])


def test_a_panel_per_code_with_every_run_and_the_ceiling():
    figure = information_curves([make_curve("infogan", 1, 2), make_curve("baseline", 0.1, 0.0)], [C1, C2, C1, C2])
    first, second = figure.axes
    drawn = [line for line in first.lines if len(line.get_xdata()) == 2 and line.get_xdata()[0] == 50]
    assert [(list(line.get_xdata()), list(line.get_ydata())) for line in drawn] == [
        ([50, 100], [1, 2]),
        ([50, 100], [0.1, 0.0]),
    ]
    assert [text.get_text() for text in first.texts] == ["H(c1) = ln 10 = 2.303"]
    assert any(line.get_ydata()[0] == pytest.approx(math.log(10)) for line in first.lines)
    assert len(second.texts) == 0
    assert first.get_ylabel() == "$L_I$ (nats)"


def test_seeds_of_a_group_share_a_color_and_a_place_in_the_legend():
    curves = [make_curve("a", 1, 2), make_curve("b", 0, 0), make_curve("a", 2, 2)]
    figure = information_curves(curves, [information_of("c1", None)])
    colors = [line.get_color() for line in figure.axes[0].lines[1:]]
    assert colors == [CYCLE[0], CYCLE[1], CYCLE[0]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]


def test_more_groups_than_colors():
    figure = information_curves(
        [make_curve(f"run {number}", 1, 2) for number in range(9)], [information_of("c1", None)]
    )
    assert len(figure.legends[0].get_texts()) == 9


def test_one_point_can_be_seen():
    figure = information_curves([make_curve("a", 1.5)], [information_of("c1", None)])
    assert figure.axes[0].lines[1].get_marker() == "o"


def test_bounds_that_differ_between_runs_are_all_drawn():
    figure = information_curves([make_curve("a", 1, 2), make_curve("b", 1, 2)], [C1, information_of("c1", 4), C1])
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["H(c1) = ln 10 = 2.303", "H(c1) = ln 4 = 1.386"]


def test_another_models_means_are_drawn_alike():
    figure = information_curves([Curve("vae", [{"step": 50, "KL": {"c1": 0.5}}])], [Mean("c1", "KL", unit="nats")])
    assert figure.axes[0].get_ylabel() == "$KL$ (nats)"
    assert list(figure.axes[0].lines[1].get_ydata()) == [0.5]


def test_a_panel_of_another_group_names_it():
    curve = Curve("a", [{"step": 50, "L_I": {"c1": 2.0}, "agreement": {"c1": 1.0}}])
    figure = information_curves([curve], [C1, Mean("c1", "agreement", unit="nats")])
    assert [axes.get_title("left") for axes in figure.axes] == ["c1", "agreement of c1"]


def test_early_depths_do_not_flatten_the_rest(tmp_path):
    figure = information_curves([make_curve("a", -40.0, 1, 2)], [information_of("c1", None)])
    assert figure.axes[0].get_ylim()[0] == pytest.approx(-0.55)
    assert len(write_figure(figure, tmp_path, "information")) == 2
