"""Two drivers on one suite at once: what one has completed, the other does not take up again."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from filelock import FileLock

from disentangle_bench.suites.attempts import DONE, Attempt, write_attempts
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.cell import cells_of
from disentangle_bench.suites.find import find_suite
from disentangle_bench.suites.order import Order
from disentangle_bench.suites.state import Found
from disentangle_bench.suites.versions import installed_versions
from disentangle_bench.suites.work import work
from tests.suites.conftest import Inline

Open = Callable[..., Bench]


class Late(Inline):
    """Begins to work once another driver has done all there is to do."""

    def __init__(self, other: Callable[[], object]) -> None:
        super().__init__()
        self.other = other

    def submit(self, folders: Sequence[Path]) -> Iterator[Path]:
        """Let the other go first: these folders have been listed and ordered by now."""
        self.other()
        yield from super().submit(folders)


def kept(bench: Bench) -> dict[str, tuple[int, int]]:
    """Cell -> when its scores were written, and how many attempts it took."""
    return {
        cell.name: ((found.folder / "results.json").stat().st_mtime_ns, len(found.attempts))
        for cell, found in bench.found().items()
    }


def test_a_cell_that_the_other_driver_has_completed_is_not_taken_up_again(opened: Open) -> None:
    first, after = Inline(), {}
    late = Late(lambda: (opened().run(first), after.update(kept(opened()))))
    said: list[str] = []
    table = opened().run(late, on_event=lambda event: said.append(str(event)))
    assert len(first.worked) == len(late.worked) == 6, "it was ordered by both"
    assert kept(opened()) == after
    assert {attempts for _, attempts in after.values()} == {1}
    assert sum(": done" in line for line in said) == 6
    assert table.entries["clean"]["mig"].count == "3 of 3"


def test_a_set_of_metrics_that_the_other_has_computed_is_not_computed_again(opened: Open, suite_file: Path) -> None:
    opened()
    suite_file.write_text(suite_file.read_text().replace('metrics = ["mig", "sap"]', "").replace("seed-*", "seed-0"))
    late = Late(lambda: opened().run(Inline()))
    opened().run(late)
    assert len(late.worked) == 2
    assert {attempts for _, attempts in kept(opened()).values()} == {1}


def test_what_the_other_has_rescored_is_not_rescored_again(opened: Open, engine: Inline) -> None:
    bench = opened()
    bench.run(engine)
    for place in bench.folder.path.glob("cells/*/*/results.json"):
        values = json.loads(place.read_text())
        values["scores"]["mig"] |= {"version": 0, "value": 99.0}
        place.write_text(json.dumps(values))
    bench.rescore(Late(lambda: opened().rescore(Inline())))
    assert {attempts for _, attempts in kept(bench).values()} == {2}
    assert all(found.scores["mig"]["value"] < 1 for found in bench.found().values())


def test_more_metrics_than_the_other_computes_are_computed(opened: Open) -> None:
    more = opened()
    more = Bench(more.suite.with_metrics(("mig", "sap", "dcimig")), more.folder)
    more.run(Late(lambda: opened().run(Inline())))
    assert all({"mig", "sap", "dcimig"} <= set(found.scores) for found in more.found().values())


def ordered(bench: Bench) -> Path:
    """The folder of a cell that has an order, and nothing else."""
    cell = cells_of(bench.suite)[0]
    folder = bench.folder.cell(cell)
    Order.of(cell, bench.suite, metrics=("mig", "sap"), data_dir=None, trains=True).write(folder)
    return folder


def test_a_cell_whose_lock_is_taken_is_left_alone_once_its_heartbeat_shows(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ordered(opened())
    beat = json.dumps({"host": socket.gethostname(), "pid": os.getpid()})
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            (folder / "heartbeat.json").write_text(beat)

    monkeypatch.setattr("disentangle_bench.suites.work.time.sleep", sleep)
    with FileLock(folder / ".lock"):
        work(folder)
    assert len(looks) == 3, "a look before the heartbeat would have taken the cell for one that nobody has"
    assert not (folder / "attempts.json").exists()


def test_a_cell_whose_lock_is_let_go_is_worked_on(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ordered(opened())
    held = FileLock(folder / ".lock")
    held.acquire()
    monkeypatch.setattr("disentangle_bench.suites.work.time.sleep", lambda _seconds: held.release())
    work(folder)
    assert set(Found.in_folder(folder).scores) == {"mig", "sap"}


def digits(metrics: tuple[str, ...]) -> Order:
    suite = find_suite("smoke")
    return Order.of(cells_of(suite)[0], suite, metrics=metrics, data_dir=None, trains=True)


def test_an_order_to_train_is_met_by_a_model_or_a_collapse(tmp_path: Path) -> None:
    order = digits(())
    versions = installed_versions()
    assert not order.is_met(Found.in_folder(tmp_path), versions)
    run = tmp_path / "run"
    run.mkdir()
    (run / "provenance.json").write_text(json.dumps({"status": "collapsed: D won"}))
    assert order.is_met(Found.in_folder(tmp_path), versions)
    (run / "provenance.json").write_text(json.dumps({"status": "running"}))
    assert not order.is_met(Found.in_folder(tmp_path), versions)
    (run / "model.safetensors").touch()
    assert order.is_met(Found.in_folder(tmp_path), versions)
    assert not digits(("mig",)).is_met(Found.in_folder(tmp_path), versions)


def test_an_attempt_that_was_killed_meets_no_order(tmp_path: Path, opened: Open) -> None:
    folder = ordered(opened())
    write_attempts(folder, [Attempt(0.0)])
    work(folder)
    assert [attempt.outcome for attempt in Found.in_folder(folder).attempts] == ["", DONE]
