"""Contents of reports, small ones and ones that somebody made to do harm."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.evaluation.seeds import SeedInterval
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.reports.checked_gate import CheckedGate
from disentangle_bench.reports.html import Card, EntryFacts, ReportContent, RunFacts
from disentangle_bench.reports.suite_table import CellRow, Column, Difference, SuiteTable, Summary
from disentangle_bench.reports.traversals import Traversal, save_traversals
from disentangle_bench.representation import Representation
from disentangle_bench.run import Run

FRECHET = "classifier-frechet-distance"
HOSTILE = "<img src=x onerror=alert(1)>\"'&</pre></script>\x1b[31m"


def make_content(hostile: str = "gan-with-q", metric: str = "mig") -> ReportContent:
    """Two entries at three seeds: one cell collapsed, one failed, one without a value."""
    names, seeds = ("infogan", hostile), (0, 1, 2)
    columns = (
        Column(metric, metric, "", "higher", (0.0,), (0.9,), 1, 1),
        Column(FRECHET, FRECHET, "nats", "lower", (40.0, 44.0), (0.0,), 1, 2),
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
        (
            CheckedGate("FAIL", f"{names[0]}, mig at least 0.7", "mean 0.55", -0.15),
            CheckedGate("PASS", "b", "c"),
            CheckedGate("SKIP", "d", "no accepted results yet"),
        ),
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


def make_run_folder(path: Path, recipe: str = "infogan-digits", seed: int = 0) -> Run:
    """A run with everything that the page draws: a log, scores with details, codes, factors and traversals."""
    rng = np.random.default_rng(seed)
    run = Run.create(path, find_recipe(recipe), {"seed": seed, "status": "ok", "remark": "c2 not learned yet"})
    log = [{"step": step, "L_I": {"c1": step / 50, "c2": 0.1, "c3": -0.1}} for step in range(10, 100, 10)]
    run.log_file.write_text("".join(f"{json.dumps(entry)}\n" for entry in log))
    run.results_file.write_text(json.dumps({"schema_version": 2, "subject": SUBJECT, "scores": _scores()}))
    digits = rng.integers(3, size=60)
    codes = np.column_stack([digits, rng.normal(size=(60, 2))])
    logits = {"c1": 4.0 * np.eye(3)[digits], "c2": rng.normal(size=(60, 2)), "c3": rng.normal(size=(60, 2))}
    kinds = ["categorical", "continuous", "continuous"]
    made = Representation.of(codes, digits[:, None], names=["c1", "c2", "c3"], kinds=kinds, factor_names=["digit"])
    replace(made, posterior=logits).save(run.representation_file)
    images = rng.random((3, 4, 8, 8))
    names = ["\N{MINUS SIGN}1", "0", "1", "2"]
    traversals = [
        Traversal("c1", images[:, :3], ["0", "1", "2"], None, "digit", "draws", None),
        Traversal("c2", images, names, ["0", "1", "2"], "c2", "digit", (0, 2)),
    ]
    save_traversals(run.traversals_file, traversals, "digest")
    return run


SUBJECT = {
    "name": "infogan-digits seed 0", "kind": "run",
    "codes": [{"name": "c1", "kind": "categorical"}, {"name": "c2", "kind": "continuous"},
              {"name": "c3", "kind": "continuous"}],
}  # fmt: skip


def _scores() -> dict[str, dict[str, object]]:
    matching = {
        "code": "c1", "factor": "digit", "categories": [0, 1, 2], "classes": [0, 1, 2], "matching": [1, 0, None],
        "confusion": [[1, 9, 0], [8, 2, 0], [0, 0, 3]],
    }  # fmt: skip
    importances = {"codes": ["c1", "c2", "c3"], "factors": ["digit"], "importances": [[0.8], [0.2], [0.0]]}
    scores: dict[str, dict[str, object]] = {
        "c1-accuracy.accuracy": {"component": "accuracy", "value": 0.7, "low": 0.6, "high": 0.8, "chance": 0.3,
                                 "ceiling": 1.0, "details": matching},
        "dci.disentanglement": {"component": "disentanglement", "value": 0.5, "details": importances},
        "modularity": {"value": None, "reason": "modularity needs two factors that vary; there is one"},
    }  # fmt: skip
    for code in ("c1", "c2", "c3"):
        for measure in ("slant", "ink", "slant.real", "ink.real"):
            details = {"association": "eta squared" if code == "c1" else "rank correlation"}
            scores[f"image-measures.{code}.{measure}"] = {
                "component": measure,
                "code": code,
                "value": 0.4,
                "details": details,
            }
    return {name: {"metric": name.partition(".")[0], "better": "higher", **of} for name, of in scores.items()}


@pytest.fixture
def drawn_content(content: ReportContent, tmp_path: Path) -> ReportContent:
    """The report of two entries, whose runs at seed 0 have folders with everything that is drawn."""
    recipes = {"infogan": "infogan-digits", "gan-with-q": "gan-with-q-digits"}
    folders = {of: make_run_folder(tmp_path / of, recipe).path for of, recipe in recipes.items()}
    runs = tuple(replace(run, folder=folders[run.entry]) if run.seed == 0 else run for run in content.runs)
    return replace(content, runs=runs)
