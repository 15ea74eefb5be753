"""`dbench bench` as a person meets it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Dbench

SUITE = """
name = "mine"
version = 1
metrics = ["mig"]
baseline = "noisy"

[evaluation]
bootstrap = 0
levels = false

[entries.clean]
representations = ["clean-*.npz"]

[entries.noisy]
representations = ["noisy-*.npz"]

[[gates]]
score = "mig"
entry = "clean"
at_least = 0.5
may_fall_by = 0.05
"""


@pytest.fixture(autouse=True)
def suite(tmp_path: Path) -> Path:
    for name, noise in (("clean", 0.2), ("noisy", 1.0)):
        for seed in range(2):
            rng = np.random.default_rng(seed)
            factors = rng.integers(4, size=(300, 2))
            np.savez(
                tmp_path / f"{name}-seed-{seed}.npz", codes=factors + noise * rng.normal(size=(300, 2)), factors=factors
            )
    path = tmp_path / "mine.toml"
    path.write_text(SUITE)
    return path


@pytest.mark.slow
def test_run_table_status_accept_and_rescore(dbench: Dbench, suite: Path) -> None:
    first = dbench("bench", "run", suite)
    assert first.code == 0, first.err
    assert "[4/4]" in first.err
    assert "PASS  clean, mig at least 0.5" in first.err
    assert "SKIP  clean, mig not worse than accepted by more than 0.05: no accepted results yet" in first.err
    assert "noisy (baseline)" in first.out
    again = dbench("bench", "run", suite)
    assert (again.code, again.out) == (0, first.out)
    assert "[1/" not in again.err
    assert dbench("bench", "table", suite).out == first.out
    listed = json.loads(dbench("bench", "status", suite, "--format", "json").out)
    assert [(cell["entry"], cell["seed"], cell["state"]) for cell in listed] == [
        (name, seed, "done") for seed in (0, 1) for name in ("clean", "noisy")
    ]
    accepted = dbench("bench", "accept", suite)
    assert accepted.code == 0
    assert accepted.out == "runs/bench/mine/accepted.json\n"
    assert "clean, mig: may_fall_by = " in accepted.err
    assert "not worse than accepted" in dbench("bench", "run", suite).err
    assert dbench("bench", "rescore", suite, "--jobs", 1, "--metrics", "mig").out == first.out
    other = dbench("bench", "rescore", suite, "--jobs", 1, "--metrics", "sap")
    assert other.code == 0
    assert "sap" in other.out
    assert "mig" not in other.out
    assert "PASS  clean, mig at least 0.5" in other.err
    assert dbench("bench", "table", suite, "--metrics", "sap").out == other.out
    assert dbench("bench", "table", suite).out == first.out
    required = dbench("bench", "run", suite, "--require-accepted", "--accepted", "none.json", "--format", "json")
    assert required.code == 4
    assert [of["verdict"] for of in json.loads(required.out)["gates"]] == ["PASS", "NOTHING"]


def test_a_dry_run_lists_the_cells_and_does_nothing(dbench: Dbench, suite: Path) -> None:
    listed = dbench("bench", "run", suite, "--dry-run")
    assert listed.code == 0
    assert listed.out.count("waiting") == 4
    assert not Path("runs").exists()


@pytest.mark.slow
def test_what_another_suite_has_finished_is_taken(dbench: Dbench, suite: Path) -> None:
    dbench("bench", "run", suite, "--only", "clean")
    other = suite.with_name("other.toml")
    other.write_text(suite.read_text().replace('name = "mine"', 'name = "other"'))
    words = ("bench", "run", other, "--reuse", "runs/bench/mine")
    assert dbench(*words, "--dry-run").out.count("would be taken from runs/bench/mine") == 2
    assert not Path("runs/bench/other").exists()
    said = dbench(*words).err
    assert "clean/seed-0: taken from runs/bench/mine\nclean/seed-1: taken from runs/bench/mine\n[1/2] noisy" in said
    assert "runs/bench/mine has no finished cell that other lacks." in dbench(*words).err


def test_the_suite_of_synthetic_codes_needs_no_files(dbench: Dbench) -> None:
    options = ("--dry-run", "--seeds", "0-1", "--format", "json")
    listed = json.loads(dbench("bench", "run", "metric-response", *options).out)
    assert len(listed) == 2 * 43
    assert {cell["state"] for cell in listed} == {"waiting"}


def test_chosen_seeds_are_those_of_files(dbench: Dbench, suite: Path) -> None:
    listed = json.loads(dbench("bench", "status", suite, "--seeds", "1", "--format", "json").out)
    assert [(cell["entry"], cell["seed"]) for cell in listed] == [("clean", 1), ("noisy", 1)]


def test_lists_add_up_where_the_option_is_given_again(dbench: Dbench, suite: Path) -> None:
    def cells(*options: object) -> list[tuple[str, int]]:
        listed = json.loads(dbench("bench", "run", "smoke", "--dry-run", "--format", "json", *options).out)
        return sorted((cell["entry"], cell["seed"]) for cell in listed)

    assert cells("--only", "infogan", "--seeds", 3) == [("infogan", 3)]
    everything = [(entry, seed) for entry in ("gan-with-q", "infogan") for seed in (3, 5)]
    assert cells("--only", "infogan", "--only", "gan-with-q", "--seeds", 3, "--seeds", 5) == everything
    assert "more than once" in dbench("bench", "run", "smoke", "--dry-run", "--seeds", "0-1", "--seeds", 1).err
    assert "'nobody'" in dbench("bench", "rescore", suite, "--only", "clean", "--only", "nobody").err
    assert "'nothing'" in dbench("bench", "rescore", suite, "--metrics", "mig", "--metrics", "nothing").err


def test_a_gate_that_falls_short_exits_with_3_and_one_without_value_with_4(dbench: Dbench, suite: Path) -> None:
    suite.write_text(SUITE.replace("at_least = 0.5", "at_least = 0.999"))
    failed = dbench("bench", "run", suite, "--jobs", "1")
    assert failed.code == 3
    assert "FAIL  clean, mig at least 0.999" in failed.err
    suite.write_text(SUITE.replace('score = "mig"', 'score = "mig.nothing"'))
    assert dbench("bench", "run", suite).code == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "smok"), "There is no suite named 'smok'"),
        (("run", "none.toml"), "Could not read the suite none.toml: No such file or directory."),
        (("run", "mine.toml", "--jobs", "0"), "--jobs"),
        (("run", "mine.toml", "--seeds", "3-1"), "3-1"),
        (("run", "mine.toml", "--seeds", "a"), "is not a seed"),
        (("run", "mine.toml", "--only", "nobody"), "There is no entry of the suite mine named 'nobody'"),
        (("table", "mine.toml", "--format", "pdf"), "pdf"),
        (("table", "mine.toml", "--metrics", "migg"), "There is no metric named 'migg'"),
        (("rescore", "mine.toml", "--metrics", "migg"), "There is no metric named 'migg'"),
        (("export", "mine.toml", "published"), "runs/bench/mine holds no results of mine"),
        (("accept", "mine.toml"), "mine has no results to accept"),
        (("check", "smoke", "--set", "stepz=1"), "stepz"),
        (("check", "mine.toml", "--address", "auto"), "--address is for --engine ray, not local."),
        (("check", "mine.toml", "--out", "."), ". holds files, but no results of a suite."),
        (("status", "mine.toml", "--out", "."), ". holds files, but no results of a suite."),
        (("status", "mine.toml", "--out", "mine.toml"), "is a file"),
        (("check", "mine.toml", "--out", "/proc/none"), "Could not write /proc/none"),
        (("run", "mine.toml", "--seeds", "7"), "mine: no file of codes in clean, noisy has seed 7"),
        (("run", "mine.toml", "--reuse", "."), ". holds no results of a suite."),
        (("run", "mine.toml", "--reuse", "nowhere"), "nowhere holds no results of a suite."),
        (("check", "mine.toml", "--only", "clean", "--seeds", "7,8"), "no file of codes in clean has seed 7,8"),
        (("table", "mine.toml", "--seeds", "7"), "no file of codes in clean, noisy has seed 7"),
    ],
)
def test_wrong_input_is_one_message_and_exit_status_2(dbench: Dbench, words: tuple[str, ...], said: str) -> None:
    ended = dbench("bench", *words)
    assert ended.code == 2
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert not Path("runs").exists()


def test_a_missing_slurm_is_one_message(dbench: Dbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    for words in (("check", "mine.toml"), ("run", "mine.toml", "--dry-run"), ("rescore", "mine.toml")):
        ended = dbench("bench", *words, "--engine", "slurm")
        assert ended.code == 2
        assert "needs Slurm's sbatch" in ended.err


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("name = ", "name = = ", "Could not read the suite mine.toml: Invalid value (at line 2"),
        ("[entries.noisy]", "[entries.clean]", "Cannot declare ('entries', 'clean') twice"),
        ('representations = ["noisy-*.npz"]', "", "entries.noisy: an entry has either a recipe or representations or"),
        ('metrics = ["mig"]', 'metrics = "mig"', "metrics: "),
        ("version = 1", 'version = 1\nseeds = "3-1"', "seeds: a list is needed (given: '3-1')"),
        ("version = 1", "version = 1\nseeds = [1, 1]", "seeds: a seed is listed more than once"),
        ('["noisy-*.npz"]', '["nothing-*.npz"]', "entries.noisy.representations: no file matches nothing-*.npz"),
        (
            'representations = ["noisy-*.npz"]',
            'recipe = "infogam"',
            "There is no recipe named 'infogam'",
        ),
        ("at_least = 0.5\nmay_fall_by = 0.05", "", "gates.0: a gate needs one of at_least"),
        ('entry = "clean"', 'entry = "cleen"', "gates: there is no entry named 'cleen'"),
    ],
)
def test_a_suite_with_a_fault_is_one_message(dbench: Dbench, suite: Path, before: str, after: str, said: str) -> None:
    assert before in SUITE
    suite.write_text(SUITE.replace(before, after))
    for words in (("check", "mine.toml"), ("status", "mine.toml"), ("run", "mine.toml", "--dry-run")):
        ended = dbench("bench", *words)
        assert ended.code == 2
        assert ended.err.count(said) == 1
        assert ended.out == ""
    assert not Path("runs").exists()


@pytest.mark.parametrize("command", [("check",), ("status",), ("table",), ("run", "--dry-run")])
def test_the_results_of_another_suite_are_refused(dbench: Dbench, published: Path, command: tuple[str, ...]) -> None:
    ended = dbench("bench", command[0], "mine.toml", "--out", published, *command[1:])
    assert ended.code == 2
    assert "holds results of the suite 'smoke'" in ended.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"suite": "mine", "version": 2}, "of the suite mine, version 2; this is mine, version 1"),
        ({"suite": "smoke", "version": 1}, "of the suite smoke, version 1; this is mine, version 1"),
        ({"suite": "mine"}, "does not hold accepted results: version: Field required"),
        ({"schema_version": 99}, "was written with schema 99"),
    ],
)
def test_accepted_results_are_read_before_anything_is_trained(
    dbench: Dbench, content: dict[str, object], said: str
) -> None:
    Path("accepted.json").write_text(json.dumps({"entries": {}, "provenance": {}} | content))
    for more in ((), ("--dry-run",)):
        ended = dbench("bench", "run", "mine.toml", "--accepted", "accepted.json", *more)
        assert ended.code == 2
        assert said in ended.err
        assert not Path("runs").exists()


def test_check_names_every_fault(dbench: Dbench, suite: Path) -> None:
    suite.write_text(SUITE.replace('["mig"]', '["mgi"]').replace("clean-*.npz", "none-*.npz"))
    ended = dbench("bench", "check", suite)
    assert ended.code == 2
    assert "metrics, mgi" in ended.err
    assert "entries.clean" in ended.err


def test_suites_are_listed_and_shown(dbench: Dbench) -> None:
    assert "smoke" in dbench("list", "suites").out
    assert "gan-with-q" in dbench("show", "smoke").out


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A copy of what the project publishes of the suite `smoke`."""
    return Path(shutil.copytree(Path(__file__).parents[2] / "benchmarks" / "results" / "smoke", tmp_path / "published"))


def test_published_results_print_their_table_and_status(dbench: Dbench, published: Path) -> None:
    table = dbench("bench", "table", "smoke", "--out", published)
    assert table.code == 0
    assert "gan-with-q (baseline)" in table.out
    assert dbench("bench", "status", "smoke", "--out", published).out.count("done") == 6
    again = dbench("bench", "export", "smoke", "again", "--out", published)
    assert (again.code, again.out) == (0, "again\n")
    assert again.err.count("published") == 6
    assert dbench("bench", "table", "smoke", "--out", "again").out == table.out


def test_published_results_cannot_be_rescored_without_models(dbench: Dbench, published: Path) -> None:
    ended = dbench("bench", "rescore", "smoke", "--only", "infogan", "--metrics", "active-units", "--out", published)
    assert ended.code == 1
    assert "Scores of infogan/seed-0, infogan/seed-1, infogan/seed-2 are missing" in ended.err
    assert "dbench bench run smoke --out ANOTHER-FOLDER" in ended.err


MIXED = """
name = "mixed"
version = 1
metrics = ["mig"]

[training]
device = "cpu"
precision = "bf16-mixed"

[entries.one]
recipe = "infogan-digits"

[entries.two]
recipe = "gan-with-q-digits"
"""


@pytest.mark.parametrize("words", [("check",), ("run", "--dry-run")])
def test_an_emulated_precision_is_said_once_with_what_to_do(
    dbench: Dbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    (tmp_path / "mixed.toml").write_text(MIXED)
    command = ("bench", words[0], "mixed.toml", *words[1:])
    for able, warned in ((False, 1), (True, 0)):
        monkeypatch.setattr("disentangle_bench.devices.computes_in_bfloat16", lambda able=able: able)
        ended = dbench(*command)
        assert ended.code == 0
        assert ended.err.count("Warning: training.precision: this CPU has no") == warned
        assert ended.err.count("--set training.precision=32") == warned
        single = dbench(*command, "--set", "training.precision=32")
        assert (single.code, single.err) == (0, "")
