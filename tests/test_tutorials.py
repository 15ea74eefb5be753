"""Tutorials run as they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIALS = sorted((Path(__file__).parents[1] / "docs" / "tutorials").glob("*.md"))


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_runs_as_it_stands(page, tmp_path, tmp_path_factory):
    environment = {name: value for name, value in os.environ.items() if name not in ("DBENCH_DATA", "FORCE_COLOR")}
    environment |= {"DBENCH_OFFLINE": "1", "DBENCH_CACHE": str(tmp_path_factory.getbasetemp() / "cache")}
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("tutorial.py"), page],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
