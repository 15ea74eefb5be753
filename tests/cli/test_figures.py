"""Figures of anybody's codes, and of a comparison that has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.errors import StorageError
from tests.cli.conftest import Dbench

QUICK = ("--metrics", "mig,dci", "--bootstrap", 0, "--no-levels")


@pytest.fixture(autouse=True)
def codes() -> None:
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 3, (60, 2))
    np.savez(
        "mine.npz", codes=factors + rng.normal(size=(60, 2)) / 9, factors=factors, factor_names=["size", "$hue_1$"]
    )


def names(folder: str) -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


def test_codes_and_factors_are_drawn_as_heat_maps(dbench: Dbench) -> None:
    outcome = dbench("eval", "mine.npz", *QUICK, "--figures", "figures")
    assert outcome.code == 0, outcome.err
    stems = ("mutual-information", "dci-importances")
    assert names("figures") == {f"{stem}.{form}" for stem in stems for form in ("png", "pdf")}
    assert "Drawn in figures: mutual-information, dci-importances." in outcome.err


def test_formats_are_as_asked_for(dbench: Dbench) -> None:
    outcome = dbench("eval", "mine.npz", "--metrics", "mig", *QUICK[2:], "--figures", "new", "--figure-format", "svg")
    assert outcome.code == 0, outcome.err
    assert names("new") == {"mutual-information.svg"}
    assert "needs the scores of dci" in outcome.err


def test_codes_without_factors_have_nothing_to_draw(dbench: Dbench) -> None:
    np.savez("alone.npz", codes=np.random.default_rng(0).normal(size=(60, 2)))
    outcome = dbench("eval", "alone.npz", "--bootstrap", 0, "--figures", "figures")
    assert outcome.code == 0, outcome.err
    assert "Nothing to draw" in outcome.err
    assert not Path("figures").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("mine.npz", "other.npz", "--figures", "x"), "--figures takes the figures of one subject"),
        (("mine.npz", "--figures", "x", "--no-figures"), "contradict each other"),
        (("mine.npz", "--figures", "x", "--figure-format", "png,gif"), "'gif' is not a format of figures"),
        (("mine.npz", "--figures", "mine.npz"), "is a file"),
    ],
)
def test_what_cannot_be_drawn_is_refused_at_once(dbench: Dbench, words: tuple[str, ...], says: str) -> None:
    outcome = dbench("eval", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err


def test_a_comparison_without_logs_says_that_nothing_is_drawn(dbench: Dbench) -> None:
    for name in ("a", "b"):
        assert dbench("eval", "mine.npz", *QUICK, "--out", f"{name}.json").code == 0
    outcome = dbench("compare", "a.json", "b.json", "--figures", "figures")
    assert outcome.code == 0, outcome.err
    assert "Nothing is drawn in figures: " in outcome.err
    assert "mig" in outcome.out
    assert not Path("figures").exists()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (StorageError("Could not write it: no space.", "Free some space."), "Could not write it: no space.\nFree some"),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero (in broken, test_figures.py line "),
    ],
)
def test_scores_are_printed_where_figures_cannot_be_drawn(dbench: Dbench, monkeypatch, error, says: str) -> None:
    def broken(*_arguments: object, **_settings: object) -> None:
        raise error

    monkeypatch.setattr("disentangle_bench.reports.figures.write_figures", broken)
    outcome = dbench("eval", "mine.npz", "--metrics", "mig", *QUICK[2:], "--figures", "new")
    assert outcome.code == 1
    assert "\nmig " in outcome.out
    assert f"Error: Not every figure is drawn. {says}" in outcome.err


def test_a_folder_for_figures_that_cannot_be_written_to_is_refused_at_once(dbench: Dbench) -> None:
    Path("taken").write_text("a file")
    outcome = dbench("eval", "mine.npz", *QUICK, "--figures", "taken/figures")
    assert (outcome.code, outcome.out) == (2, "")
    assert "Scoring" not in outcome.err
