"""Figures are written whole, in both forms, and to the same bytes each time."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from disentangle_bench.errors import StorageError
from disentangle_bench.reports.figures.style import FORMS, new_figure, style, write_figure


def draw() -> Figure:
    with style():
        figure = new_figure(2, 1.5)
        axes = figure.add_subplot()
        axes.imshow(np.eye(3))
        axes.plot([0, 1], [1, 0])
        axes.set_title("$L_I$ (nats)")
    return figure


def test_writes_both_forms(tmp_path):
    paths = write_figure(draw(), tmp_path / "new", "name")
    assert [path.name for path in paths] == ["name.png", "name.pdf"]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    assert paths[1].read_bytes().startswith(b"%PDF")
    assert sorted(paths) == sorted((tmp_path / "new").iterdir())


def test_the_same_numbers_give_the_same_bytes(tmp_path):
    first, second = (write_figure(draw(), tmp_path / name, "name", FORMS) for name in ("a", "b"))
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_neither_dates_nor_versions_are_in_them(tmp_path):
    png, svg, pdf = write_figure(draw(), tmp_path, "name", FORMS)
    assert "dc:date" not in svg.read_text()
    assert mpl.__version__ not in svg.read_text()
    assert b"Matplotlib" not in png.read_bytes() + pdf.read_bytes()
    assert b"CreationDate" not in pdf.read_bytes()


def test_settings_of_others_are_left_alone(tmp_path):
    before = dict(mpl.rcParams)
    write_figure(draw(), tmp_path, "name")
    assert dict(mpl.rcParams) == before


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "figures").touch()
    with pytest.raises(StorageError, match="figures"):
        write_figure(draw(), tmp_path / "figures", "name")
