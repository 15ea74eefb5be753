"""The package as others meet it: its public names, and what the wheel ships."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points, requires, version
from pathlib import Path

import numpy as np
import pytest

import disentangle_bench as db
from disentangle_bench.errors import DbenchError, RepresentationError, RunError, SettingError, UnknownNameError
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.run import Run

ROOT = Path(__file__).parents[1]


def test_every_public_name_is_there():
    assert all(getattr(db, name) is not None for name in db.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        db.nonsense  # noqa: B018 - the access is the test


def test_one_version_everywhere():
    assert db.__version__ == version("disentangle-bench")
    assert f"version: {db.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {db.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_command_and_the_extras_are_declared():
    (script,) = entry_points(group="console_scripts", name="dbench")
    assert script.value == "disentangle_bench.cli:main"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {"tensorboard", "test", "dev"} <= set(extras)
    assert any(requirement.startswith("torch>=") for requirement in requires("disentangle-bench") or ())


def test_codes_and_factors_are_scored():
    rng = np.random.default_rng(0)
    digits = rng.integers(0, 4, size=300)
    results = db.evaluate(db.Representation.of((digits + 1) % 4, digits), seed=3)
    assert results.scores["c1-accuracy.accuracy"].value == 1
    assert results.provenance["seed"] == 3


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_a_file_is_scored_as_the_arrays_in_it(tmp_path, suffix):
    rng = np.random.default_rng(0)
    digits = rng.integers(0, 4, size=300)
    representation = db.Representation.of(np.where(rng.random(300) < 0.3, 0, digits), digits)
    representation.save(tmp_path / f"mine{suffix}")
    from_file = db.evaluate(tmp_path / f"mine{suffix}", ["c1-accuracy"])
    assert from_file.name == f"mine{suffix}"
    for name, entry in db.evaluate(representation, ["c1-accuracy"]).scores.items():
        assert from_file.scores[name].value == entry.value


def test_metrics_take_their_settings_and_say_when_their_turn_comes():
    digits = np.arange(300) % 4
    events: list[object] = []
    results = db.evaluate(
        db.Representation.of(digits, digits),
        ["c1-accuracy"],
        settings={"c1-accuracy": {"bootstrap": 50}},
        on_progress=events.append,
    )
    assert results.scores["c1-accuracy.accuracy"].settings["bootstrap"] == 50
    assert [str(event) for event in events] == [
        "representation: 1 metric to compute, about 1 s",
        "Scoring c1-accuracy",
        "c1-accuracy.accuracy: 1",
    ]


def test_a_run_is_opened_once_it_has_ended(tmp_path):
    run = Run.create(tmp_path / "run", find_recipe("infogan-digits"), {"seed": 0})
    with pytest.raises(RunError, match="half-written"):
        db.load_run(run.path)
    run.model_file.write_bytes(b"")
    assert db.load_run(str(run.path)).path == run.path


@pytest.mark.parametrize(
    ("words", "options", "error"),
    [
        ("infogn", {}, UnknownNameError),
        ("infogan", {"dataset": "mnits"}, UnknownNameError),
        ("infogan-mnist", {"dataset": "digits"}, SettingError),
        ("infogan-digits", {"settings": {"steps": 0}}, SettingError),
        (Path("nowhere.toml"), {}, SettingError),
    ],
)
def test_what_is_wrong_with_a_recipe_is_told_before_anything_is_written(tmp_path, monkeypatch, words, options, error):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error):
        db.train(words, **options)
    assert not list(tmp_path.iterdir())


def test_errors_of_the_api_are_one_family():
    with pytest.raises(RunError, match="no run folder"):
        db.evaluate("nowhere")
    with pytest.raises(RepresentationError, match="no file"):
        db.evaluate("nowhere.npz")
    with pytest.raises(DbenchError, match="no run folder"):
        db.compare("nowhere", "nowhere else")


@pytest.mark.slow
def test_the_wheel_ships_types_recipes_and_license(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "disentangle_bench/py.typed" in names
    files = {str(path.relative_to(ROOT)) for path in ROOT.glob("disentangle_bench/models/recipes/*/*.toml")}
    assert "disentangle_bench/models/recipes/datasets/mnist.toml" in files
    assert files <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names} == {
        "disentangle_bench",
        f"disentangle_bench-{db.__version__}.dist-info",
    }


def test_the_face_hands_names_on_and_shows_nothing_else():
    assert dir(db) == sorted(db.__all__)
    assert len((ROOT / "disentangle_bench" / "__init__.py").read_text().splitlines()) < 90


def test_one_sentence_says_what_this_is_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    sentence = project["description"]
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert readme.startswith(f"# disentangle-bench {sentence} ")
    assert " ".join((db.__doc__ or "").split()).startswith(f"{sentence} ")
    shown = subprocess.run(
        [sys.executable, "-m", "disentangle_bench", "--help"], capture_output=True, text=True, check=True
    )
    assert sentence in " ".join(shown.stdout.split())


def test_the_package_runs_as_a_module():
    ran = subprocess.run(
        [sys.executable, "-m", "disentangle_bench", "--version"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"dbench {db.__version__}\n"
