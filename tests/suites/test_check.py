"""Everything that can be wrong with a suite is found before its first step, all of it at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from disentangle_bench.errors import DataError
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.check import Fault
from disentangle_bench.suites.find import find_suite, suite_names
from disentangle_bench.suites.folder import SuiteFolder
from disentangle_bench.suites.suite import Suite, Training
from tests.suites.conftest import Inline

Open = Callable[..., Bench]

GOOD = {
    "name": "mine",
    "version": 1,
    "seeds": [0],
    "metrics": ["mig"],
    "entries": {"a": {"recipe": "infogan-digits", "settings": {"steps": 5}}},
}


def faults(tmp_path: Path, **changes: object) -> list[str]:
    bench = Bench(Suite.model_validate({**GOOD, **changes}), SuiteFolder(tmp_path / "results"))
    return [str(fault) for fault in bench.faults(Inline())]


def test_nothing_is_wrong_with_a_good_suite(tmp_path: Path) -> None:
    assert faults(tmp_path) == []
    assert not list(tmp_path.iterdir()), "nothing is left behind"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metrics": ["mgi"]}, "metrics, mgi: There is no metric named 'mgi'"),
        (
            {"metric_settings": {"mig": {"bins": 3}}},
            "metrics, mig: There is no setting of the metric 'mig' named 'bins'",
        ),
        ({"metric_settings": {"sap": {}}}, "metrics, sap: Settings were given for 'sap', which is not evaluated"),
        (
            {"metrics": "default", "metric_settings": {"mig-sup": {}}},
            "metrics, mig-sup: Settings were given for 'mig-sup', which is not evaluated",
        ),
        (
            {"metrics": "default", "gates": [{"score": "mig-sup", "entry": "a", "at_least": 1}]},
            "gates.0: .*'mig-sup', which the suite does not",
        ),
        ({"entries": {"a": {"recipe": "infogan-digit"}}}, "^entries.a: There is no recipe"),
        (
            {"entries": {"a": {"recipe": "infogan-digits", "settings": {"networks.name": "mnist"}}}},
            "entries.a: .*mnist",
        ),
        (
            {"entries": {"a": {"recipe": "infogan-digits", "settings": {"batch_size": 100000}}}},
            "entries.a: .*100,?000",
        ),
        ({"entries": {"a": {"recipe": "infogan", "dataset": "arrays"}}}, "entries.a: .*no path to it was given"),
        ({"training": {"precision": "16-mixed", "device": "cpu"}}, "entries.a: .*needs a CUDA device"),
        ({"gates": [{"score": "sap", "entry": "a", "at_least": 1}]}, "gates.0: .*'sap', which the suite does not"),
        ({"gates": [{"score": "mig.c9", "entry": "a", "at_least": 1}]}, "gates.0: .*a code that a does not have"),
        ({"gates": [{"score": "mgi", "entry": "a", "at_least": 1}]}, "gates.0: There is no metric named 'mgi'"),
    ],
)
def test_a_fault_is_found(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    found = faults(tmp_path, **changes)
    assert found, "nothing was found"
    import re

    assert any(re.search(said, fault) for fault in found), found


def test_all_faults_are_found_at_once(tmp_path: Path) -> None:
    entries = {"a": {"recipe": "infogan-digit"}, "b": {"recipe": "infogan-digits", "settings": {"step": 1}}}
    assert len(faults(tmp_path, metrics=["mgi", "spa"], entries=entries)) == 4


def test_a_damaged_file_of_codes_is_found(opened: Open, suite_file: Path) -> None:
    (suite_file.parent / "clean" / "seed-1.npz").write_bytes(b"PK damaged")
    assert any("seed-1.npz" in str(fault) for fault in opened().faults(Inline()))


def test_a_folder_that_cannot_be_written_is_found(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    assert any(fault.startswith("folder: Could not write") for fault in faults(tmp_path))


@pytest.mark.parametrize("name", suite_names())
def test_shipped_suites_name_what_exists(name: str, tmp_path: Path) -> None:
    """Recipes, metrics, settings and gates; the data may not be on this machine."""
    bench = Bench(find_suite(name), SuiteFolder(tmp_path / "results"))
    wrong = [fault for fault in bench.faults(Inline()) if "DownloadError" not in fault.problem]
    assert all(fault.where.startswith("entries.") for fault in wrong), wrong


def test_a_dataset_that_is_missing_is_tried_and_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def load(name: str, *_rest: object) -> None:
        tried.append(name)
        raise DataError(f"{name}: its files are not here.", "Fetch them.")

    monkeypatch.setattr("disentangle_bench.datasets.load.load_dataset", load)
    entries = {name: {"recipe": f"{model}-svhn"} for name, model in (("a", "infogan"), ("b", "gan-with-q"))}
    entries["c"] = {"recipe": "infogan-digits"}
    said = ["entries.a, entries.b: svhn: its files are not here.", "entries.c: digits: its files are not here."]
    assert faults(tmp_path, entries=entries) == [f"{line}\n  Fetch them." for line in said]
    assert tried == ["svhn", "digits"]


MIXED = {"training": {"precision": "bf16-mixed", "device": "cpu"}}


def warning(suite: Suite, monkeypatch: pytest.MonkeyPatch, *, able: bool = False, here: bool = True) -> Fault | None:
    """What is said of a suite on a CPU that computes in bfloat16, or does not."""
    monkeypatch.setattr("disentangle_bench.devices.computes_in_bfloat16", lambda: able)
    engine = Inline()
    engine.here = here
    bench = Bench(suite, SuiteFolder(Path("results")))
    assert bench.faults(engine) == []
    return bench.warning(engine)


def test_a_precision_that_is_emulated_is_no_fault_but_said(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = Suite.model_validate({**GOOD, **MIXED})
    said = warning(mixed, monkeypatch)
    assert said is not None
    assert "training.precision: this CPU has no" in str(said)
    assert "--set training.precision=32" in said.remedy
    assert warning(mixed.with_settings({"training.precision": 32}), monkeypatch) is None
    assert warning(mixed, monkeypatch, able=True) is None
    assert warning(mixed, monkeypatch, here=False) is None
    assert warning(mixed.model_copy(update={"training": Training()}), monkeypatch) is None
    untrained = {**GOOD, **MIXED, "entries": {"a": {"synthetic": {}}}}
    assert warning(Suite.model_validate(untrained), monkeypatch) is None


def test_the_precision_of_entries_that_are_not_asked_for_is_of_no_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("disentangle_bench.devices.computes_in_bfloat16", lambda: False)
    entries = {"a": {"recipe": "infogan-digits"}, "b": {"synthetic": {}}}
    suite = Suite.model_validate({**GOOD, **MIXED, "entries": entries})
    warned = {name: Bench(suite, SuiteFolder(tmp_path), (name,)).warning(Inline()) for name in entries}
    assert (warned["a"] is not None, warned["b"]) == (True, None)
