"""Contents of reports, small ones and ones that somebody made to do harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from disentangle_bench.evaluation.seeds import SeedInterval
from disentangle_bench.reports.html import Card, EntryFacts, GateFacts, ReportContent, RunFacts
from disentangle_bench.reports.suite_table import CellRow, Column, Difference, SuiteTable, Summary

HOSTILE = "<img src=x onerror=alert(1)>\"'&</pre></script>\x1b[31m"


def make_content(hostile: str = "gan-with-q", metric: str = "mig") -> ReportContent:
    """Two entries at three seeds: one cell collapsed, one failed, one without a value."""
    names, seeds = ("infogan", hostile), (0, 1, 2)
    columns = (
        Column(metric, "", "higher", (0.0,), (0.9,), 1, 1),
        Column("classifier-frechet-distance", "nats", "lower", (40.0, 44.0), (0.0,), 1, 2),
    )
    values: dict[str, dict[int, float | None]] = {
        names[0]: {0: 0.5, 1: 0.6, 2: None},
        names[1]: {0: 0.1, 1: 0.2, 2: 0.3},
    }
    difference = Difference(0.35, 0.1, 0.6, 0.03, "better", 0.2, SeedInterval(1.0, 0.9, 1.0))
    entries = {
        names[0]: {
            metric: Summary(values[names[0]], 0.55, 0.5, 0.6, 0.05, 0.55, 0.5, 0.55, (1,), (1, 1), difference),
            columns[1].score: Summary({seed: 10.0 + seed for seed in seeds}, 11.0, 9.0, 13.0, 1.0, 11.0, 12.0, 11.0),
        },
        names[1]: {
            metric: Summary(values[names[1]], 0.2, 0.1, 0.3, 0.1, 0.2, 0.1, 0.2, (2,), (2, 2)),
            columns[1].score: Summary({seed: 42.0 + seed for seed in seeds}, 43.0, 41.0, 45.0, 1.0, 43.0, 44.0, 43.0),
        },
    }
    states = {(names[0], 2): ("failed", f"no space {hostile}"), (names[1], 1): ("collapsed", "D's loss under 1e-3")}
    cells = tuple(
        CellRow(name, seed, *states.get((name, seed), ("done", "")), 60.0, 1) for seed in seeds for name in names
    )
    table = SuiteTable("demo", 1, {"steps": 40}, {names[0]: names[1]}, columns, entries, cells, ("A note.",))
    runs = tuple(
        RunFacts(
            cell.entry, cell.seed, cell.state, cell.reason, f"cells/{cell.seed}", Path("nowhere"),
            {
                metric: {"metric": metric, "value": values[cell.entry][cell.seed], "chance": 0.0, "ceiling": 0.9,
                         "settings": {"num_bins": 20, "seed": 7}, "better": "higher"},
            },
            {"python": "3.12", "device": "cpu", "packages": {"torch": "2.9"}, "time": f"2026-01-{cell.seed + 1:02}T10"},
            60.0,
        )
        for cell in cells
    )  # fmt: skip
    return ReportContent(
        table.title,
        table,
        f"dbench bench run demo {hostile}",
        {
            names[0]: EntryFacts(
                names[0], "InfoGAN", "infogan-digits", "infogan", "digits", "arXiv:1606.03657", {"steps": 40}
            ),
            names[1]: EntryFacts(names[1], hostile, "gan-with-q-digits", "gan-with-q", "digits", "", {"steps": 40}),
        },
        runs,
        (GateFacts("FAIL", f"{names[0]}, mig at least 0.7", "mean 0.55", -0.15), GateFacts("PASS", "b", "c", None)),
        {metric: Card("Mutual Information Gap.", "MIG = 1/k", "Codes without a factor.", "arXiv:1802.04942")},
    )


@pytest.fixture
def content() -> ReportContent:
    """A report of two entries."""
    return make_content()


@pytest.fixture
def hostile_content() -> ReportContent:
    """The same with names that are markup, script and control characters."""
    return make_content(HOSTILE, f"mig{HOSTILE}")
