"""The command line as a person meets it: words in, an exit code and two streams out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from disentangle_bench.cli import run
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.run import Run
from tests import forked


class Outcome(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Dbench = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder of its own, 80 columns, no colors and none of the user's settings or cached files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("DBENCH_DATA", "DBENCH_DEBUG", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def dbench(capsys: pytest.CaptureFixture[str]) -> Dbench:
    """The command line, called in this process."""

    def call(*words: object) -> Outcome:
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def real_dbench() -> Dbench:
    """`dbench` in a process of its own, which is forked from one that has imported everything."""

    def call(*words: object, **environment: str) -> Outcome:
        return Outcome(*forked.dbench([*map(str, words)], {**os.environ, **environment}))

    return call


Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a package with the one module `plugin`, for processes that are started: its code, its entry points."""

    def package(code: str, points: str) -> None:
        folder = tmp_path_factory.mktemp("plugin")
        (folder / "plugin.py").write_text(code)
        info = folder / "plugin-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(points)
        monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")

    return package


@pytest.fixture
def begun_run(tmp_path: Path) -> Run:
    """A run folder whose training has not ended."""
    return Run.create(tmp_path / "begun", find_recipe("infogan-digits"), {"seed": 0, "status": "running"})
