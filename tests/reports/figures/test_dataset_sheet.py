"""A dataset's sheet shows every pixel, in its place, and is written over nothing but another sheet."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.image import imread

from disentangle_bench.datasets import DATASETS
from disentangle_bench.errors import StorageError
from disentangle_bench.reports.figures.dataset_file import refuse_target, write_dataset_sheet
from disentangle_bench.reports.figures.dataset_samples import SampleRow, Samples
from disentangle_bench.reports.figures.dataset_sheet import GAP, LEFT, TOP, cell, dataset_sheet
from disentangle_bench.reports.figures.style import write_image

RNG = np.random.default_rng(0)


def row(name="scale", images=3, shape=(1, 28, 28), values=None):
    drawn = RNG.integers(0, 256, (images, *shape), dtype=np.uint8)
    return SampleRow(name, "ordinal", drawn, tuple(map(str, range(images))) if values is None else values)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 8, 8), (122, 122)),
        ((3, 28, 28), (114, 114)),
        ((1, 64, 64), (130, 130)),
        ((1, 20, 40), (62, 122)),
        ((3, 218, 178), (220, 180)),
        ((1, 481, 321), (122, 82)),
    ],
)
def test_a_cell_is_about_as_large_whatever_the_image(shape, expected):
    assert cell(RNG.integers(0, 256, shape, dtype=np.uint8)).shape == (*expected, 3)


def test_a_cell_enlarges_by_whole_numbers_and_averages_what_is_too_large():
    image = RNG.integers(0, 256, (3, 30, 30), dtype=np.uint8)
    np.testing.assert_array_equal(cell(image)[1:-1, 1:-1][2::4, 2::4], np.moveaxis(image, 0, -1))
    checks = np.indices((480, 480)).sum(axis=0)[None] % 2 * 200
    assert np.unique(cell(checks.astype(np.uint8))[1:-1, 1:-1]).tolist() == [100]


def test_every_image_lies_where_it_should_to_the_dot(tmp_path):
    samples = Samples((row(), row("angle", 5), row("none", 2, values=())), "The others stay.")
    figure = dataset_sheet(samples, "A set")
    write_image(figure, tmp_path / "sheet.png")
    dots = np.rint(imread(tmp_path / "sheet.png")[..., :3] * 255).astype(np.uint8)
    first, second = (cell(image) for image in samples.rows[0].images[:2])
    h, w = first.shape[:2]
    np.testing.assert_array_equal(dots[TOP : TOP + h, LEFT : LEFT + w], first)
    np.testing.assert_array_equal(dots[TOP : TOP + h, LEFT + w + GAP : LEFT + 2 * w + GAP], second)
    assert (dots[TOP : TOP + h, LEFT + w : LEFT + w + GAP] == 255).all()


def test_names_values_and_what_is_held_are_told():
    long = row("shape", 2, values=("a rather long name", "x"))
    figure = dataset_sheet(Samples((row(), long), "word " * 60), r"A set of $\no$")
    figure.draw_without_rendering()
    texts = [text.get_text() for text in figure.texts]
    assert {r"A set of $\no$", "scale", "shape", "ordinal", "0", "1", "2", "a rather l…"} <= set(texts)
    held = [text for text in texts if text.startswith("word")]
    assert len(held) > 1
    assert " ".join(held).split() == ["word"] * 60


def test_a_value_of_several_neighbors_is_told_once():
    figure = dataset_sheet(Samples((row("bold", 4, values=("no", "no", "yes", "yes")),)))
    texts = [text.get_text() for text in figure.texts]
    assert (texts.count("no"), texts.count("yes")) == (1, 1)


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_a_sheet_is_written_in_every_form_with_the_same_bytes_and_over_itself(tmp_path, form):
    path = tmp_path / f"new/digits.{form}"
    digits = DATASETS.get("digits").load()
    write_dataset_sheet(digits, path)
    first = path.read_bytes()
    write_dataset_sheet(digits, path)
    assert path.read_bytes() == first
    assert {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[form] == first[: 5 if form == "svg" else 4]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_another_s_file_is_left_alone(tmp_path):
    path = tmp_path / "holiday.png"
    path.write_bytes(b"\x89PNG a beach")
    with pytest.raises(StorageError, match=r"holiday\.png exists and is not a sheet") as caught:
        write_dataset_sheet(DATASETS.get("digits").load(), path)
    assert "another --out" in caught.value.remedy
    assert path.read_bytes() == b"\x89PNG a beach"


@pytest.mark.parametrize("name", ["sheet", "sheet.jpg", "sheet.png.bak"])
def test_a_name_of_no_image_is_refused(tmp_path, name):
    with pytest.raises(StorageError, match="not the name of an image file") as caught:
        refuse_target(tmp_path / name)
    assert ".png, .svg, .pdf" in caught.value.remedy


def test_a_folder_is_refused(tmp_path):
    (tmp_path / "sheets.png").mkdir()
    with pytest.raises(StorageError, match="is a folder"):
        refuse_target(tmp_path / "sheets.png")
