"""What is done is never done again; what is missing, and nothing else, is computed."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from disentangle_bench.errors import SettingError, UnknownNameError
from disentangle_bench.suites.attempts import read_attempts, write_attempts
from disentangle_bench.suites.bench import Bench, exit_status
from disentangle_bench.suites.driver import TRIES
from tests.suites.conftest import Inline, write_codes

Open = Callable[..., Bench]
EVERY = [f"{name}/seed-{seed}" for seed in range(3) for name in ("clean", "noisy")]


def states(bench: Bench) -> dict[str, str]:
    return {planned.cell.name: planned.state for planned in bench.plan()}


def scores(bench: Bench) -> dict[str, dict[str, object]]:
    """Everything in every results file, but for what says when it was made."""
    return {
        cell.name: {name: {**entry, "seconds": None} for name, entry in found.scores.items()}
        for cell, found in bench.found().items()
    }


def test_everything_is_done_once(opened: Open, engine: Inline) -> None:
    bench = opened()
    assert set(states(bench).values()) == {"waiting"}
    table = bench.run(engine)
    assert engine.worked == EVERY
    assert set(states(bench).values()) == {"done"}
    assert exit_status(table, ()) == 0
    bench.run(engine)
    assert engine.worked == EVERY
    assert (bench.folder.path / "table.md").read_text().startswith("- codes, version 1")
    assert json.loads((bench.folder.path / "table.json").read_text())["name"] == "codes"


def test_a_new_metric_shifts_no_number(opened: Open, engine: Inline) -> None:
    opened().run(engine)
    before = scores(opened())
    more = opened()
    more = Bench(more.suite.with_metrics(("mig", "sap", "dcimig")), more.folder)
    more.run(engine)
    assert engine.worked == EVERY * 2
    after = scores(more)
    assert all(set(after[name]) == {*before[name], "dcimig"} for name in before)
    assert all(after[name][score] == before[name][score] for name in before for score in before[name])


def test_a_new_seed_shifts_no_number(opened: Open, engine: Inline, suite_file: Path) -> None:
    opened().run(engine)
    before = scores(opened())
    write_codes(suite_file.parent / "clean" / "seed-3.npz", 0.2, 3)
    opened().run(engine)
    assert engine.worked == [*EVERY, "clean/seed-3"]
    after = scores(opened())
    assert {name: after[name] for name in before} == before


def test_chosen_seeds_are_those_of_files_too(opened: Open, engine: Inline) -> None:
    table = opened(seeds=(0, 2)).run(engine)
    assert engine.worked == [name for name in EVERY if not name.endswith("1")]
    assert table.entries["clean"]["mig"].count == "2 of 2"
    assert not any("Not shown" in note for note in table.notes)
    assert opened().run(engine).entries["clean"]["mig"].count == "3 of 3"
    assert sorted(engine.worked) == sorted(EVERY)
    narrow = opened(seeds=(1,)).table()
    assert list(narrow.entries["clean"]["mig"].values) == [1]
    assert "Not shown: seeds 0,2, which `--seeds` adds." in narrow.notes


def test_files_of_all_seeds_count_where_none_are_chosen(opened: Open, engine: Inline, suite_file: Path) -> None:
    write_codes(suite_file.parent / "clean" / "seed-7.npz", 0.2, 7)
    table = opened().run(engine)
    assert list(table.entries["clean"]["mig"].values) == [0, 1, 2, 7]
    assert not any("Not shown" in note for note in table.notes)


def test_the_folder_knows_which_seeds_were_chosen(opened: Open, engine: Inline) -> None:
    for seeds in ((0, 1, 2), (1,)):
        opened(seeds=seeds).run(engine)
        assert opened().folder.suite().file_seeds == seeds
    opened().run(engine)
    assert opened().folder.suite().file_seeds is None


def test_an_entry_without_files_of_the_chosen_seeds_has_no_cells(
    opened: Open, engine: Inline, suite_file: Path
) -> None:
    write_codes(suite_file.parent / "clean" / "seed-7.npz", 0.2, 7)
    bench = opened(seeds=(7,))
    assert bench.faults(engine) == []
    assert bench.run(engine).entries["noisy"]["mig"].mean is None
    assert engine.worked == ["clean/seed-7"]


def test_a_dry_run_tries_the_first_file_of_each_entry(opened: Open, engine: Inline, suite_file: Path) -> None:
    for name in ("clean", "noisy"):
        (suite_file.parent / name / "seed-0.npz").unlink()
    assert not opened().dry_run(engine)
    assert engine.worked == ["clean/seed-1", "noisy/seed-1"]


def test_other_settings_of_a_metric_are_computed(opened: Open, engine: Inline) -> None:
    opened().run(engine)
    changed = opened("\n[metric_settings.mig]\nnum_bins = 5\n")
    changed.run(engine)
    assert engine.worked == EVERY * 2
    assert all(found.scores["mig"]["settings"]["num_bins"] == 5 for found in changed.found().values())
    changed.run(engine)
    assert engine.worked == EVERY * 2


def test_the_default_set_is_complete_once_it_was_asked_for(opened: Open, engine: Inline, suite_file: Path) -> None:
    opened()
    suite_file.write_text(suite_file.read_text().replace('metrics = ["mig", "sap"]', "").replace("seed-*", "seed-0"))
    bench = opened()
    bench.run(engine)
    assert states(bench) == {"clean/seed-0": "done", "noisy/seed-0": "done"}
    bench.run(engine)
    assert len(engine.worked) == 2


def test_an_older_version_is_stale_until_rescored(
    opened: Open, engine: Inline, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = opened()
    bench.run(engine)
    for place in bench.folder.path.glob("cells/clean/seed-0-*/results.json"):
        values = json.loads(place.read_text())
        values["scores"]["mig"] |= {"version": 0, "value": 99.0}
        place.write_text(json.dumps(values))
    assert states(bench)["clean/seed-0"] == "stale"
    table = bench.run(engine)
    assert len(engine.worked) == len(EVERY)
    assert table.entries["clean"]["mig"].values[0] is None, "scores of two versions are never in one mean"
    assert table.entries["clean"]["mig"].count == "2 of 3"
    assert any("dbench bench rescore codes.toml" in note for note in table.notes)
    bench.rescore(engine, ("sap",))
    assert len(engine.worked) == len(EVERY)
    table = bench.rescore(engine, ("mig",))
    assert engine.worked[len(EVERY) :] == ["clean/seed-0"]
    assert table.entries["clean"]["mig"].count == "3 of 3"
    assert set(states(bench).values()) == {"done"}


def test_rescoring_by_other_metrics_shows_them_and_leaves_the_suite_as_it_is(opened: Open, engine: Inline) -> None:
    bench = opened()
    kept = bench.run(engine)
    table = bench.rescore(engine, ("dcimig",))
    assert [column.score for column in table.columns] == ["dcimig"]
    assert table.entries["clean"]["dcimig"].count == "3 of 3"
    assert bench.table(("dcimig",)) == table
    assert (bench.table().columns, bench.table().entries) == (kept.columns, kept.entries)
    assert json.loads((bench.folder.path / "table.json").read_text()) == json.loads(
        json.dumps(bench.table(every=True).to_values())
    )
    assert bench.folder.suite().metrics == ("mig", "sap")


def test_an_unknown_metric_is_refused_before_any_cell_is_worked_on(opened: Open, engine: Inline) -> None:
    bench = opened()
    bench.run(engine)
    for ask in (lambda: bench.rescore(engine, ("sap", "dcimix")), lambda: bench.table(("dcimix",))):
        with pytest.raises(UnknownNameError, match="There is no metric named 'dcimix'"):
            ask()
    assert engine.worked == EVERY
    assert all(len(found.attempts) == 1 for found in bench.found().values())


def test_all_and_default_stand_for_what_they_do_in_a_file(opened: Open) -> None:
    suite = opened().suite
    assert suite.with_metrics(("all",)).metrics == suite.with_metrics(("mig", "all")).metrics == "all"
    assert suite.with_metrics(("default",)).metrics == "default"


def test_an_event_says_how_long_this_round_took(opened: Open, engine: Inline) -> None:
    bench = opened()
    bench.run(engine)
    for folder in bench.folder.path.glob("cells/*/*"):
        [first] = read_attempts(folder)
        write_attempts(folder, [replace(first, began=0.0, ended=3600.0)])
    seconds: list[float | None] = []
    bench.rescore(engine, ("dcimig",), on_event=lambda event: seconds.append(event.seconds))  # type: ignore[union-attr]
    assert all(each is not None and each < 60 for each in seconds)
    assert len(seconds) == len(EVERY)
    assert all(planned.seconds is not None and planned.seconds >= 3600 for planned in bench.plan())


def test_a_failure_is_shown_and_the_others_go_on(opened: Open, engine: Inline, suite_file: Path) -> None:
    (suite_file.parent / "clean" / "seed-1.npz").write_bytes(b"PK damaged")
    bench = opened()
    table = bench.run(engine)
    assert states(bench) == {name: "failed" if name == "clean/seed-1" else "done" for name in EVERY}
    assert table.entries["clean"]["mig"].count == "2 of 3"
    assert exit_status(table, ()) == 1
    assert "seed-1.npz" in next(cell.reason for cell in table.cells if cell.state == "failed")


def test_fail_fast_stops(opened: Open, engine: Inline, suite_file: Path) -> None:
    (suite_file.parent / "clean" / "seed-0.npz").write_bytes(b"PK damaged")
    opened().run(engine, fail_fast=True)
    assert engine.worked == EVERY[:1]


class Killing(Inline):
    """An engine whose processes are killed in their first attempts."""

    def __init__(self, kills: int) -> None:
        super().__init__()
        self.kills = kills

    def submit(self, folders: Sequence[Path]) -> Iterator[Path]:
        """Leave what a killed process leaves: an attempt without an end."""
        for folder in folders:
            if len(read_attempts(folder)) < self.kills:
                self.worked.append("killed")
                attempt = {"host": "gone", "pid": 1, "began": 0.0}
                before = json.loads((folder / "attempts.json").read_text()) if self.worked.count("killed") > 6 else []
                (folder / "attempts.json").write_text(json.dumps([*before, attempt]))
            else:
                yield from super().submit([folder])
                continue
            yield folder


def test_a_killed_cell_is_tried_again_and_then_given_up(opened: Open) -> None:
    patient, hopeless = Killing(1), Killing(99)
    bench = opened()
    bench.run(patient)
    assert set(states(bench).values()) == {"done"}
    assert all(len(found.attempts) == 2 for found in bench.found().values())
    other = Bench(bench.suite, type(bench.folder)(bench.folder.path.with_name("other")))
    table = other.run(hopeless)
    assert set(states(other).values()) == {"failed"}
    assert all(f"killed {TRIES} times" in cell.reason for cell in table.cells)


def test_a_killed_attempt_hides_no_older_result(opened: Open, engine: Inline) -> None:
    bench = opened()
    bench.run(engine)
    folder = next(bench.folder.path.glob("cells/clean/seed-0-*"))
    attempts = json.loads((folder / "attempts.json").read_text())
    (folder / "attempts.json").write_text(json.dumps([*attempts, {"host": "gone", "pid": 1, "began": 0.0}]))
    assert states(bench)["clean/seed-0"] == "done"


def test_a_cell_that_another_process_works_on_is_waited_for(
    opened: Open, engine: Inline, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = opened()
    bench.run(engine)
    folder = next(bench.folder.path.glob("cells/clean/seed-0-*"))
    (folder / "results.json").unlink()
    beat = folder / "heartbeat.json"
    beat.write_text(json.dumps({"host": socket.gethostname(), "pid": os.getpid()}))
    assert states(bench)["clean/seed-0"] == "running"
    reasons = {planned.cell.name: planned.reason for planned in bench.plan()}
    assert reasons["clean/seed-0"] == f"process {os.getpid()} on {socket.gethostname()}"
    assert not any(reason for name, reason in reasons.items() if name != "clean/seed-0")
    monkeypatch.setattr("disentangle_bench.suites.driver.time.sleep", lambda _seconds: beat.unlink())
    said: list[str] = []
    bench.run(engine, on_event=lambda event: said.append(str(event)))
    assert said[0] == "Another process is working on clean/seed-0; waiting for it."
    assert states(bench)["clean/seed-0"] == "done"
    assert engine.worked[len(EVERY) :] == ["clean/seed-0"]


def test_the_heartbeat_of_a_process_that_is_gone_does_not_count(opened: Open, engine: Inline) -> None:
    bench = opened()
    bench.run(engine)
    folder = next(bench.folder.path.glob("cells/clean/seed-0-*"))
    (folder / "results.json").unlink()
    (folder / "heartbeat.json").write_text(json.dumps({"host": socket.gethostname(), "pid": 2**22 + 1}))
    assert states(bench)["clean/seed-0"] == "waiting"


def test_the_folder_of_another_suite_is_refused(opened: Open, engine: Inline, suite_file: Path) -> None:
    opened().run(engine)
    suite_file.write_text(suite_file.read_text().replace('name = "codes"', 'name = "others"'))
    with pytest.raises(SettingError, match="holds results of the suite 'codes'"):
        opened()


def test_a_folder_with_other_files_is_refused(opened: Open, engine: Inline) -> None:
    bench = opened()
    bench.folder.path.mkdir()
    (bench.folder.path / "thesis.tex").touch()
    with pytest.raises(SettingError, match="no results of a suite"):
        bench.run(engine)


def test_an_older_score_that_the_suite_does_not_ask_for_makes_no_cell_stale(opened: Open, engine: Inline) -> None:
    bench = opened()
    bench.run(engine)
    for place in bench.folder.path.glob("cells/*/*/results.json"):
        values = json.loads(place.read_text())
        values["scores"]["sap"] |= {"version": 0}
        place.write_text(json.dumps(values))
    fewer = Bench(bench.suite.with_metrics(("mig",)), bench.folder)
    assert set(states(fewer).values()) == {"done"}
    assert set(states(bench).values()) == {"stale"}


def test_at_an_interruption_it_is_said_that_the_same_command_resumes(opened: Open) -> None:
    class Interrupted(Inline):
        def submit(self, folders: Sequence[Path]) -> Iterator[Path]:
            yield from super().submit(folders[:1])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="The same command resumes"):
        opened().run(Interrupted())
