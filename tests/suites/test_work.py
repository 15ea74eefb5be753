"""A disk that is full costs what could not be written, and no traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.work import logged
from tests.suites.conftest import Inline

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason=f"there is no {FULL}")


@needs_full
def test_a_log_without_space_does_not_end_the_work(opened: Callable[..., Bench], engine: Inline) -> None:
    bench = opened()
    bench.folder.claim(bench.suite)
    for cell in bench.plan():
        folder = bench.folder.cell(cell.cell)
        folder.mkdir(parents=True)
        (folder / "worker.log").symlink_to(FULL)
    table = bench.run(engine)
    assert {cell.state for cell in table.cells} == {"done"}


def test_a_log_has_what_is_written_to_standard_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for word in ("first", "second"):
        with logged(tmp_path / "worker.log"):
            sys.stderr.write(f"{word}\n")
    sys.stderr.write("then\n")
    assert (tmp_path / "worker.log").read_text() == "first\nsecond\n"
    assert capfd.readouterr().err == "then\n"


def test_a_worker_answers_where_it_cannot_work(tmp_path: Path) -> None:
    """The driver comes upon the same fault and says it once; the worker goes on with other cells."""
    (tmp_path / "order.json").write_text("{}")
    command = [sys.executable, "-m", "disentangle_bench.suites.worker"]
    ended = subprocess.run(command, input=f"{tmp_path}\n" * 2, capture_output=True, text=True, check=True, timeout=60)
    assert (ended.stdout, ended.stderr) == (f"{tmp_path}\n" * 2, "")
