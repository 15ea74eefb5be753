from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.datasets.files.downloads import download
from disentangle_bench.datasets.files.progress import with_progress


class Terminal(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture(autouse=True)
def usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


def test_progress_is_shown_on_a_terminal_only(tmp_path: Path, web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.files["/shapes.bin"] = bytes(1 << 20)
    shown = {}
    for terminal in (True, False):
        monkeypatch.setattr(sys, "stderr", Terminal(terminal))
        download(f"{web.url}/shapes.bin", tmp_path / "shapes.bin")
        shown[terminal] = sys.stderr.getvalue()
    assert "shapes.bin" in shown[True]
    assert "1.0/1.0 MB" in shown[True]
    assert shown[False] == ""
    assert (tmp_path / "shapes.bin").stat().st_size == 1 << 20


@pytest.mark.parametrize("terminal", [True, False])
def test_batches_pass_through_with_a_bar_or_one_line(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal(terminal))
    batches = [np.arange(3), np.arange(2)]
    passed = list(with_progress("Counting 5 rows", 5, batches))
    assert [batch.tolist() for batch in passed] == [[0, 1, 2], [0, 1]]
    shown = sys.stderr.getvalue()
    assert ("5/5" in shown) == terminal
    assert "Counting 5 rows" in shown
    assert terminal or shown == "Counting 5 rows\n"
