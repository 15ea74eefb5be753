"""The page of chance levels and ceilings has every metric that it is about, and the figures that they get."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.levels import LIKENESSES, PAGE, resamplable, table
from disentangle_bench.metrics import METRICS

PAGE_FILE = Path(__file__).parents[2] / "docs" / "levels.md"


def rows() -> dict[str, list[str]]:
    """The cells of each row of the page's table, by the score's name."""
    lines = [line for line in PAGE_FILE.read_text().splitlines() if line.startswith("| ")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name.removesuffix("\\*"): figures for name, *figures in cells}


def test_every_resamplable_metric_has_its_row() -> None:
    assert {name.partition(".")[0] for name in rows()} == set(resamplable()), "python -m benchmarks.levels"
    assert {"mig", "c1-accuracy"} <= set(resamplable()) < set(METRICS)


def test_the_page_begins_as_the_script_has_it() -> None:
    assert PAGE_FILE.read_text().startswith(PAGE)


def test_rows_are_whole() -> None:
    for name, figures in rows().items():
        assert len(figures) == 2 * len(LIKENESSES), name


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["mig", "modularity", "sap/regression"])
def test_figures_are_what_the_functions_give(metric: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path))
    assert table([metric]).splitlines()[2] in PAGE_FILE.read_text()
