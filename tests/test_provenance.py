from __future__ import annotations

import json
import platform
import sys
from datetime import datetime
from pathlib import Path

import pytest

from disentangle_bench.provenance import installed_version, provenance
from disentangle_bench.storage import write_json


def test_provenance_says_what_made_a_number_and_not_who(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setattr(sys, "argv", ["/home/ada/bin/dbench", "train", "infogan", "--out=/home/ada/runs/x"])
    info = provenance()
    assert info["command"] == ["dbench", "train", "infogan", "--out=~/runs/x"]
    assert info["python"] == platform.python_version()
    assert info["packages"]["numpy"] == installed_version("numpy")
    assert info["packages"]["disentangle-bench"]
    assert "ada" not in json.dumps(info)
    assert datetime.fromisoformat(info["time"]).utcoffset().total_seconds() == 0
    write_json(tmp_path / "provenance.json", info)


def test_a_home_at_the_root_is_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    monkeypatch.setattr(sys, "argv", ["dbench", "eval", "/data/run"])
    assert provenance()["command"] == ["dbench", "eval", "/data/run"]


def test_what_is_not_installed_has_no_version() -> None:
    assert installed_version("no-such-distribution-here") is None
