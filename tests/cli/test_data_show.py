"""`dbench data show`: what is known of a dataset, and a sheet of its samples."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.image import imread


def test_facts_and_factors_are_printed_and_the_sheet_is_drawn(dbench, tmp_path):
    outcome = dbench("data", "show", "sprites")
    assert (outcome.code, outcome.err) == (0, "Drawn: sprites.png\n")
    assert "737,280 of 1 x 64 x 64" in outcome.out
    assert "663,552 train, 73,728 test" in outcome.out
    factors = outcome.out.partition("Factors\n")[2].partition("\n\n")[0]
    assert [line.split(maxsplit=1) for line in factors.splitlines()] == [
        ["color", "categorical, 1 class: white"],
        ["shape", "categorical, 3 classes: square, ellipse, heart"],
        ["scale", "ordinal, 6 classes: 0.5, 0.6, 0.7, 0.8, 0.9, 1"],
        ["orientation", "cyclic, 40 classes: 0 to 6.28"],
        ["posX", "ordinal, 32 classes: 0 to 1"],
        ["posY", "ordinal, 32 classes: 0 to 1"],
    ]
    assert imread(tmp_path / "sprites.png").shape[2] == 4


def test_settings_change_what_is_shown(dbench, tmp_path):
    outcome = dbench(
        "data", "show", "sprites", "--set", "size=16", "--set", "colors=3", "--set", 'shapes=["heart"]',
        "--set", "positions=2", "--out", "small.svg",
    )  # fmt: skip
    assert outcome.code == 0
    assert "2,880 of 3 x 16 x 16" in outcome.out
    assert 'shapes        = ["heart"]' in outcome.out
    assert (tmp_path / "small.svg").read_text().startswith("<?xml")
    assert not (tmp_path / "sprites.png").exists()


def test_a_sheet_replaces_a_sheet_but_nothing_else(dbench, tmp_path):
    assert dbench("data", "show", "digits").code == 0
    assert dbench("data", "show", "digits").code == 0
    (tmp_path / "digits.png").write_bytes(b"mine")
    outcome = dbench("data", "show", "digits")
    assert (outcome.code, outcome.out) == (2, "")
    assert "digits.png exists and is not a sheet of a dataset." in outcome.err
    assert (tmp_path / "digits.png").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dgits"], "no dataset named 'dgits'"),
        (["digits", "--out", "digits.jpg"], ".png, .svg, .pdf"),
        (["sprites", "--set", "sise=32"], "no setting of the dataset 'sprites' named 'sise'"),
        (["sprites", "--set", "size=huge"], "should be a valid integer"),
        (["sprites", "--set", "size=4"], "from 8 to 1024"),
        (["digits", "--set", "size=4"], "The dataset 'digits' takes no settings, and 'size' was given.\nLeave it out."),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_shown_is_reported_before_anything_is_printed(dbench, tmp_path, words, said):
    outcome = dbench("data", "show", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert not any(tmp_path.iterdir())


def test_the_installed_program_does_the_same(real_dbench, tmp_path):
    outcome = real_dbench("data", "show", "digits", "--out", "sheets/digits.pdf")
    assert (outcome.code, outcome.err) == (0, "Drawn: sheets/digits.pdf\n")
    assert "digit  categorical, 10 classes" in outcome.out
    assert (tmp_path / "sheets" / "digits.pdf").read_bytes().startswith(b"%PDF")


def test_one_s_own_arrays_are_shown_where_their_grid_has_gaps(dbench, tmp_path):
    rng = np.random.default_rng(0)
    classes = rng.permutation(np.stack(np.unravel_index(np.arange(60), (3, 4, 5)), axis=1))[:45]
    images = rng.integers(0, 256, (45, 20, 30), dtype=np.uint8)
    np.savez(tmp_path / "mine.npz", images=images, factors=classes, factor_names=["kind", "$angle_1", "size"])
    outcome = dbench("data", "show", "arrays", "--data-dir", tmp_path / "mine.npz")
    assert (outcome.code, outcome.err.splitlines()[-1]) == (0, "Drawn: arrays.png")
    assert "45 of 1 x 20 x 30" in outcome.out
    assert "$angle_1  categorical, 4 classes" in outcome.out
    outcome = dbench("data", "show", "arrays", "--data-dir", tmp_path / "mine.npz", "--set", "kinds=size=continuous")
    assert "size      continuous" in outcome.out
    assert imread(tmp_path / "arrays.png").shape[2] == 4
