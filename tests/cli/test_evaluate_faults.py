"""`dbench eval` as processes that are killed, interrupted, run twice at once, or meet what does not work."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import disentangle_bench as db
from disentangle_bench.evaluation.results import Results
from disentangle_bench.run import Run
from disentangle_bench.storage import sha256
from tests.cli.conftest import Dbench, Install

pytestmark = pytest.mark.slow

CODE = '''
import resource, time
from pathlib import Path
from disentangle_bench.metrics import Score, metric

def declare(name):
    return metric(name, version=1, bounds=(0, 1), better="higher", source="a test")

@declare("waiting")
def waiting(codes):
    """Waits until it may go on."""
    Path("waiting").touch()
    while not Path("go").exists():
        time.sleep(0.05)
    return Score(0.5)

@declare("buggy")
def buggy(codes):
    """Has a mistake."""
    return {}["missing"]

@declare("filling")
def filling(codes):
    """Leaves no space on the disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    return Score(0.25)
'''
POINTS = """
[disentangle_bench.metrics]
waiting = plugin:waiting
buggy = plugin:buggy
filling = plugin:filling
"""
QUICK = ("--bootstrap", "0", "--no-levels", "--no-figures", "--format", "json")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def _plugin(surroundings: None, install: Install) -> None:
    install(CODE, POINTS)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the installed `dbench` in the background."""
    started = []

    def dbench(*words: object, terminal: int = subprocess.PIPE) -> subprocess.Popen[str]:
        program = Path(sys.executable).with_name("dbench")
        process = subprocess.Popen([program, *map(str, words)], stdout=terminal, stderr=terminal, text=True)
        started.append(process)
        return process

    yield dbench
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def codes() -> Path:
    """A file of codes that go with their factors."""
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(size, size=300) for size in (3, 4)], axis=1)
    np.savez("mine.npz", codes=factors + rng.normal(size=(300, 2)), factors=factors)
    return Path("mine.npz")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of two steps."""
    settings = {"steps": 2, "networks.width": 0.25, "batch_size": 32}
    return db.train("infogan-digits", settings=settings, out=tmp_path_factory.mktemp("runs") / "seed-0", device="cpu")


@pytest.fixture
def run(trained: Run, tmp_path: Path) -> Run:
    """A copy of it of one's own."""
    shutil.copytree(trained.path, tmp_path / "runs" / "seed-0")
    return Run.open(tmp_path / "runs" / "seed-0")


def wait_for(file: str) -> None:
    until = time.monotonic() + 180
    while not Path(file).exists():
        assert time.monotonic() < until, f"no {file}"
        time.sleep(0.05)


def scores_in(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text())["scores"]


@pytest.mark.parametrize("kind", ["file", "run"])
def test_a_kill_costs_the_metric_in_flight_and_the_same_command_continues(
    kind: str, request: pytest.FixtureRequest, start: Start, real_dbench: Dbench
) -> None:
    if kind == "file":
        kept, words = Path("scores.json"), ("eval", request.getfixturevalue("codes"), "--out", "scores.json")
    else:
        run = request.getfixturevalue("run")
        kept, words = run.results_file, ("eval", run.path)
    words = (*words, "--metrics", "mig,sap,waiting,modularity", *QUICK)
    process = start(*words)
    wait_for("waiting")
    process.kill()
    process.communicate()
    before = scores_in(kept)
    assert list(before) == ["mig", "sap"]
    Path("go").touch()
    outcome = real_dbench(*words)
    assert outcome.code == 0, outcome.err
    assert "2 metrics to compute" in outcome.err
    assert "2 kept from before" in outcome.err
    after = scores_in(kept)
    assert set(after) == {"mig", "sap", "waiting", "modularity"}
    assert {name: after[name] for name in before} == before
    assert json.loads(outcome.out)["scores"] == after


def test_ctrl_c_prints_what_there_is_and_says_what_is_kept(codes: Path, start: Start) -> None:
    process = start("eval", codes, "--out", "scores.json", "--metrics", "mig,waiting,sap", *QUICK)
    wait_for("waiting")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=180)
    assert process.returncode == 130
    assert list(json.loads(out)["scores"]) == ["mig"]
    assert err.splitlines()[-1] == (
        "Interrupted; 1 of 3 metrics are done and kept in scores.json. The same command computes the rest."
    )
    assert "Traceback" not in err


def test_ctrl_c_without_a_place_to_keep_scores_says_so(codes: Path, start: Start) -> None:
    process = start("eval", codes, "--metrics", "mig,waiting", *QUICK)
    wait_for("waiting")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=180)
    assert (process.returncode, list(json.loads(out)["scores"])) == (130, ["mig"])
    assert "Interrupted; 1 of 2 metrics are done; none is kept without --out FILE." in err


def test_a_full_disk_loses_neither_what_was_kept_nor_what_is_printed(codes: Path, real_dbench: Dbench) -> None:
    words = ("eval", codes, "--out", "scores.json", *QUICK)
    outcome = real_dbench(*words, "--metrics", "mig,filling,sap")
    assert outcome.code == 1
    assert list(json.loads(outcome.out)["scores"]) == ["mig", "sap", "filling"]
    assert "filling is not kept yet. Could not write scores.json" in outcome.err
    assert "Error: Not every score is kept. Could not write scores.json" in outcome.err
    assert "Traceback" not in outcome.err
    assert list(scores_in(Path("scores.json"))) == ["mig"]
    assert not list(Path().glob("*.tmp*"))
    outcome = real_dbench(*words, "--metrics", "mig,sap")
    assert outcome.code == 0, outcome.err
    assert "1 metric to compute" in outcome.err


def without_seconds(scores: dict[str, Any]) -> dict[str, Any]:
    return {name: {**entry, "seconds": None} for name, entry in scores.items()}


@pytest.mark.parametrize("second", ["modularity,dci", "mig,c1-accuracy"], ids=["others", "the same"])
def test_two_evaluations_of_one_run_at_the_same_time_lose_nothing(run: Run, start: Start, second: str) -> None:
    words = ("eval", run.path, "--rows", "500", "--device", "cpu", *QUICK)
    processes = [start(*words, "--metrics", names) for names in ("mig,c1-accuracy", second)]
    outcomes = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outcomes
    results = scores_in(run.results_file)
    assert {entry["metric"] for entry in results.values()} == {"mig", "c1-accuracy", *second.split(",")}
    for out, _ in outcomes:
        mine = without_seconds(json.loads(out)["scores"])
        assert mine == {name: entry for name, entry in without_seconds(results).items() if name in mine}
    assert "c1-accuracy.accuracy" in Results.of_run(run).samples


def test_a_mistake_in_a_plugin_is_its_reason_and_the_exit_code_1(codes: Path, real_dbench: Dbench) -> None:
    words = ("eval", codes, "--out", "scores.json", "--metrics", "buggy,mig", *QUICK)
    outcome = real_dbench(*words)
    assert outcome.code == 1
    scores = json.loads(outcome.out)["scores"]
    assert scores["buggy"]["reason"].startswith("KeyError: 'missing' (in buggy, plugin.py line ")
    assert scores["mig"]["value"] is not None
    assert scores_in(Path("scores.json")) == scores
    assert "Failed: buggy." in outcome.err
    assert "Traceback" not in outcome.err
    debugged = real_dbench("--debug", *words)
    assert "Traceback" in debugged.err
    assert "1 kept from before" in debugged.err


CLASH = """
[disentangle_bench.metrics]
mig = plugin:buggy
gone = no_such_module:thing
wrong = plugin:declare
"""


def test_plugins_that_clash_or_are_broken_leave_the_others_usable(
    codes: Path, real_dbench: Dbench, install: Install
) -> None:
    install(CODE, CLASH)
    for words in (("eval", codes, *QUICK), ("list", "metrics", "--format", "json")):
        outcome = real_dbench(*words)
        assert outcome.code == 0, outcome.err
        assert outcome.err.count("Left out: ") == 3
        assert "Two metrics are named 'mig'" in outcome.err
        assert "'gone' could not be loaded from no_such_module:thing" in outcome.err
        assert "plugin:declare of the package plugin was not declared with `@metric`" in outcome.err
        assert '"mig"' in outcome.out
    named = real_dbench("eval", codes, "--metrics", "mig", *QUICK)
    assert json.loads(named.out)["scores"]["mig"]["value"] is not None
    assert named.err.count("Left out: ") == 1


def test_damaged_results_of_a_run_are_replaced(run: Run, real_dbench: Dbench) -> None:
    words = ("eval", run.path, "--metrics", "mig", "--rows", "500", *QUICK)
    assert real_dbench(*words).code == 0
    kept = scores_in(run.results_file)
    run.results_file.write_text('{"schema_version": 2, "subject": {')
    outcome = real_dbench(*words)
    assert outcome.code == 0
    assert "could not be read and are replaced" in outcome.err
    assert without_seconds(scores_in(run.results_file)) == without_seconds(kept)


def test_scores_of_some_rows_never_mix_with_those_of_all(run: Run, real_dbench: Dbench) -> None:
    words = ("eval", run.path, "--metrics", "mig", *QUICK)
    assert real_dbench(*words, "--rows", "500").code == 0
    before = run.results_file.read_bytes()
    refused = real_dbench(*words)
    assert refused.code == 2
    assert "results.json holds scores of 500 samples, not of 1797" in refused.err
    assert run.results_file.read_bytes() == before
    elsewhere = real_dbench(*words, "--out", "all.json")
    assert elsewhere.code == 0, elsewhere.err
    assert json.loads(elsewhere.out)["subject"]["samples"] == 1797
    assert run.results_file.read_bytes() == before
    assert real_dbench(*words, "--again").code == 0
    assert json.loads(run.results_file.read_text())["subject"]["samples"] == 1797


def test_the_model_of_a_run_is_read_through_once_for_its_hash(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = []
    monkeypatch.setattr("disentangle_bench.run.sha256", lambda path: hashed.append(path) or sha256(path))
    db.evaluate(run, ["mig"], rows=500, bootstrap=0, levels=False, figures=False)
    assert hashed == [run.model_file]


def test_a_run_is_encoded_once(run: Run, real_dbench: Dbench) -> None:
    words = ("eval", run.path, *QUICK)
    assert real_dbench(*words, "--metrics", "mig").code == 0
    before = run.representation_file.stat()
    assert real_dbench(*words, "--metrics", "mig,sap,c1-accuracy").code == 0
    after = run.representation_file.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_subjects_are_evaluated_in_turn_and_one_failure_does_not_stop_the_others(
    codes: Path, real_dbench: Dbench, run: Run, begun_run: Run
) -> None:
    begun_run.path.rename(run.path.with_name("seed-1"))
    words = ("eval", codes, "missing.npz", run.path.parent, codes, "--metrics", "mig", "--rows", "200")
    outcome = real_dbench(*words, *QUICK)
    assert outcome.code == 1
    results = json.loads(outcome.out)
    assert [each["subject"]["name"] for each in results] == ["mine.npz", "infogan-digits seed 0"]
    assert "Error: missing.npz: There is no file missing.npz" in outcome.err
    assert "seed-1 is half-written" in outcome.err


class Terminal:
    """A terminal that remembers what is written to it."""

    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()
        self.text = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            self.text += os.read(self.ours, 1024).decode(errors="replace")

    def wait_for(self, pattern: str) -> None:
        until = time.monotonic() + 180
        while not re.search(pattern, plain := re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.text)):
            assert time.monotonic() < until, plain[:500]
            time.sleep(0.05)


def test_a_row_appears_on_a_terminal_as_soon_as_it_is_done(codes: Path, start: Start) -> None:
    terminal = Terminal()
    words = ("eval", codes, "--metrics", "mig,waiting", "--bootstrap", "0", "--no-levels")
    process = start(*words, terminal=terminal.theirs)
    wait_for("waiting")
    terminal.wait_for(r"mine\.npz: 300 samples \(200 train\)[\s\S]*mig +0\.\d+")
    process.send_signal(signal.SIGINT)
    terminal.wait_for("Interrupted; 1 of 2 metrics are done")
    assert process.wait(60) == 130
