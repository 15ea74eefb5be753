"""The example package is installed, and used through the command line as its README says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Dbench

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin"


@pytest.fixture
def installed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the package for processes that are started, beside the environment that the tests run in."""
    source = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("example") / "plugin")
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-index", "--no-build-isolation", "--target", str(target), str(source)]
    subprocess.run(command, check=True)
    monkeypatch.setenv("PYTHONPATH", f"{target}{os.pathsep}{os.environ.get('PYTHONPATH', '')}".rstrip(os.pathsep))


@pytest.mark.slow
@pytest.mark.usefixtures("installed")
def test_the_commands_of_its_readme_work(real_dbench: Dbench) -> None:
    for words in (["correlation-ratio"], ["dots"], ["dots-vae", "--dataset", "dots"]):
        checked = real_dbench("check", *words, "--format", "json")
        assert checked.code == 0, checked.out
        assert {rule["result"] for rule in json.loads(checked.out)} == {"PASS"}
    listed = real_dbench("list", "metrics", "--format", "json")
    assert "correlation-ratio" in [row["metric"] for row in json.loads(listed.out)]
    assert listed.err == ""
    recipe = EXAMPLE / "infogan-dots.toml"
    runs = {
        "runs/dots": ("train", recipe, "--set", "steps=40"),
        "runs/vae": ("train", "dots-vae", "--dataset", "dots", "--set", "steps=20"),
    }
    for run, words in runs.items():
        trained = real_dbench(*words, "--out", run, "--device", "cpu")
        assert trained.code == 0, trained.err
    words = ("--metrics", "correlation-ratio", "--bootstrap", 20, "--device", "cpu", "--format", "json")
    evaluated = real_dbench("eval", *runs, *words)
    assert evaluated.code == 0, evaluated.err
    for results in json.loads(evaluated.out):
        score = results["scores"]["correlation-ratio"]
        assert 0 <= score["chance"] < score["ceiling"] <= 1
        assert 0 <= score["low"] <= score["value"] <= score["high"] <= 1


@pytest.mark.slow
@pytest.mark.usefixtures("installed")
def test_its_own_tests_pass() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE / "tests")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
