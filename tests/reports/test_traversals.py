"""Traversals that are kept beside a run's scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.reports.html.sprites import sprite
from disentangle_bench.reports.html.traversal_picture import grid_of
from disentangle_bench.reports.traversals import Traversal, load_traversals, save_traversals, shown_in


def make_traversal(shape: tuple[int, ...] = (3, 2, 4, 5)) -> Traversal:
    images = np.random.default_rng(0).random(shape)
    return Traversal("c1", images, ["0", "1"], ["a", "b", "c"], "digit", "rows", (0, 1))


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    path, made = tmp_path / "t.npz", make_traversal()
    save_traversals(path, [made], "digest")
    (read,) = load_traversals(path)
    assert read == made
    assert np.array_equal(read.images, made.pixels())
    assert shown_in(path) == "digest"


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04", b"no archive"])
def test_what_is_missing_or_damaged_is_as_if_there_were_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "t.npz"
    if content is not None:
        path.write_bytes(content)
    assert load_traversals(path) == []
    assert shown_in(path) == ""


def test_a_sprite_is_lossless_where_there_is_room_and_smaller_where_there_is_not() -> None:
    pixels = make_traversal((10, 9, 28, 28)).pixels()
    whole = sprite(pixels, 10**6)
    assert whole is not None
    assert (whole.lossless, whole.rows) == (True, 10)
    less = sprite(pixels, whole.size - 1)
    assert less is not None
    assert not less.lossless
    assert less.size < whole.size
    assert sprite(pixels, 100) is None


def test_a_grid_has_a_place_for_every_heading() -> None:
    grid = grid_of(make_traversal(), 3)
    assert [name for _, name in grid.columns] == ["0", "1"]
    assert [name for _, name in grid.rows] == ["a", "b", "c"]
    assert grid.down / 3 / (grid.across / 2) == pytest.approx(4 / 5)  # images keep their shape
    assert grid.prior is not None
    assert grid.left < grid.prior[0] < grid.prior[1] < grid.left + grid.across < grid.width
