"""Figures of anybody's decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import disentangle_bench as db
from disentangle_bench.errors import DbenchError
from tests.reports.figures.layout import require_room

MINUS = "\N{MINUS SIGN}"


def brightness(codes: torch.Tensor) -> torch.Tensor:
    """Images as bright as the first code, brought into [0, 1]; pixels of the other codes in the first row."""
    images = (codes[:, :1, None] / 4 + 0.5).expand(-1, 6, 6).clone()
    images[:, 0, : codes.shape[1]] = codes / 4 + 0.5
    return images


def cells(figure, rows: int, columns: int) -> np.ndarray:
    """The images of a grid, `(rows, columns, h, w)`, enlarged."""
    whole = np.asarray(figure.axes[0].images[0].get_array())
    height, width = whole.shape[0] // rows, whole.shape[1] // columns
    return whole.reshape(rows, height, columns, width).swapaxes(1, 2)[:, :, 4:-4, 4:-4]


def texts(labels) -> list[str]:
    return [label.get_text() for label in labels]


class TestTraversal:
    def test_each_row_moves_one_code_and_holds_the_others(self):
        figure = db.figures.traversal(brightness, [0.5, -0.5, 1.0], steps=3, title="x")
        shown = cells(figure, 3, 3)
        zoom = shown.shape[2] // 6
        codes = shown[:, :, 0, : 3 * zoom : zoom] * 4 - 2
        assert np.allclose(codes[0], [[-2, -0.5, 1], [0, -0.5, 1], [2, -0.5, 1]])
        assert np.allclose(codes[1], [[0.5, -2, 1], [0.5, 0, 1], [0.5, 2, 1]])
        assert texts(figure.axes[0].get_xticklabels()) == [f"{MINUS}2", "0", "2"]
        assert texts(figure.axes[0].get_yticklabels()) == ["c1", "c2", "c3"]
        require_room(figure)

    def test_ranges_that_differ_are_named(self):
        figure = db.figures.traversal(brightness, 2, ranges=[(-1, 1), (0, 2)], steps=5, names=["size", "hue"])
        assert texts(figure.axes[0].get_yticklabels()) == [f"size, {MINUS}1 to 1", "hue, 0 to 2"]
        assert set(texts(figure.axes[0].get_xticklabels())) == {""}
        require_room(figure)

    @pytest.mark.parametrize("codes", [1, 50])
    def test_any_number_of_codes(self, codes):
        figure = db.figures.traversal(lambda c: torch.zeros(len(c), 3, 32, 32), codes, title="a title of some length")
        assert len(figure.axes[0].get_yticklabels()) == codes
        require_room(figure)

    def test_a_module_is_left_as_it_was(self):
        decoder = nn.Sequential(nn.Linear(2, 16), nn.BatchNorm1d(16), nn.Sigmoid(), nn.Unflatten(1, (1, 4, 4)))
        mean = decoder[1].running_mean.clone()
        db.figures.traversal(decoder, 2)
        assert decoder.training
        assert torch.equal(decoder[1].running_mean, mean)

    def test_is_written_where_a_path_says(self, tmp_path: Path):
        figure = db.figures.traversal(brightness, 2, path=tmp_path / "traversal.pdf")
        assert (tmp_path / "traversal.pdf").read_bytes().startswith(b"%PDF")
        assert len(figure.axes) == 1

    @pytest.mark.parametrize(
        ("decoder", "settings", "message"),
        [
            (brightness, {"codes": 0}, r"have the shape \(0,\)"),
            (brightness, {"codes": np.zeros((2, 2))}, r"have the shape \(2, 2\)"),
            (brightness, {"ranges": [(0, 1)] * 3}, "for each of the 2 codes"),
            (brightness, {"names": ["a"]}, "1 names for 2 codes"),
            (brightness, {"steps": 1}, "does not move"),
            (brightness, {"path": "x.txt"}, "is not the name of an image file"),
            (lambda codes: codes, {}, r"gave an array \(18, 2\)"),
            (lambda codes: torch.zeros(1, 1, 4, 4), {}, "for 18 rows of codes"),
            (lambda codes: brightness(codes) * 2 - 1, {}, r"values from -1 to 1\.[\s\S]*/ 2"),
            (lambda codes: brightness(codes) * torch.nan, {}, "from nan to nan"),
            (
                lambda codes: np.ma.masked_less(brightness(codes).numpy(), 0.5),
                {},
                "images that the decoder gave are mask",
            ),
            (brightness, {"codes": np.ma.array([0.0, 1.0], mask=[0, 1])}, "1 of 2 values of the codes are masked"),
        ],
    )
    def test_refuses_what_it_cannot_draw(self, decoder, settings, message):
        with pytest.raises(DbenchError, match=message):
            db.figures.traversal(decoder, **{"codes": 2} | settings)

    def test_bytes_and_colors(self):
        color = torch.tensor([255, 0, 51], dtype=torch.uint8)[None, :, None, None]
        figure = db.figures.traversal(lambda codes: color.expand(len(codes), 3, 4, 4), 1)
        assert np.asarray(figure.axes[0].images[0].get_array())[20, 20].tolist() == [1, 0, 0.2]
