"""Every fault of a suite file is located by file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from disentangle_bench.errors import SettingError, UnknownNameError
from disentangle_bench.suites.find import find_suite, read_suite, suite_names

GOOD = """
name = "mine"
version = 1
seeds = [0, 1]
metrics = ["mig"]

[entries.a]
recipe = "infogan-digits"
"""


def read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    read_suite(path)


def test_shipped_suites_are_suites_of_their_names() -> None:
    assert "smoke" in suite_names()
    for name in suite_names():
        assert find_suite(name).name == name
        assert find_suite(name).title, f"{name} has no title"


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="'smoke'"):
        find_suite("smok")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("version = 1", ""), "version: field required"),
        (("seeds = [0, 1]", "seeds = [0, 0]"), "seeds: a seed is listed more than once"),
        (("seeds = [0, 1]", "seeds = [-1]"), r"seeds.0: input should be greater than or equal to 0 \(given: -1\)"),
        (("seeds = [0, 1]", "seeds = [true]"), "seeds.0: input should be a number, not a truth value"),
        (("seeds = [0, 1]", "seed = [0]"), r"seed: there is no such key \(did you mean 'seeds'\?\)"),
        (('metrics = ["mig"]', "metrics = []"), "metrics: no metric is named"),
        (('name = "mine"', 'name = "My suite"'), "name: string should match pattern"),
        (('recipe = "infogan-digits"', ""), "entries.a: an entry has either a recipe or representations"),
        (
            ('recipe = "infogan-digits"', 'representations = ["a.npz"]\nsettings = { steps = 3 }'),
            "entries.a: settings and dataset belong to a recipe",
        ),
        (("[entries.a]", '[entries."A b"]'), "entries.A b: string should match pattern"),
        (("[entries.a]", 'baseline = "b"\n[entries.a]'), "baseline: there is no entry named 'b'"),
        (("[entries.a]", "[training]\nthread = 2\n[entries.a]"), "training.thread: .*did you mean 'threads'"),
        (("[entries.a]", "[training]\nthreads = 0\n[entries.a]"), "training.threads: input should be greater"),
        (("[entries.a]", "[evaluation]\nbootstrap = 5\n[entries.a]"), "evaluation.bootstrap: 5 resamples are too few"),
    ],
)
def test_a_fault_is_located_by_file_and_key(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    read(tmp_path, GOOD)
    with pytest.raises(SettingError, match=rf"(?s)mine\.toml is not a suite:\n  {said}"):
        read(tmp_path, GOOD.replace(*change))


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ('score = "mig"\nentry = "a"', "gates.0: a gate needs one of at_least"),
        ('score = "mig"\nentry = "b"\nat_least = 1', "gates: there is no entry named 'b'"),
        ('score = "mig"\nentry = "a"\nabove_baseline = 1', "above_baseline of 'a' needs another entry"),
        ('score = "mig"\nentry = "a"\nmay_fall_by = -1', "gates.0.may_fall_by: input should be greater"),
        ('score = "mig"\nentry = "a"\nat_leas = 1', "gates.0.at_leas: .*did you mean 'at_least'"),
    ],
)
def test_a_fault_of_a_gate_is_located(tmp_path: Path, gate: str, said: str) -> None:
    with pytest.raises(SettingError, match=f"(?s){said}"):
        read(tmp_path, f"{GOOD}\n[[gates]]\n{gate}\n")


@pytest.mark.parametrize("text", ["name =", "name = 'mine'\nname = 'mine'", "a = " + "[" * 5000])
def test_what_is_not_toml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingError, match="Could not read the suite"):
        read(tmp_path, text)


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"Could not read the suite .*"):
        read(tmp_path, GOOD + '[entries.a]\nrecipe = "infogan-digits"\n')


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="Could not read the suite"):
        find_suite(str(tmp_path / "none.toml"))
