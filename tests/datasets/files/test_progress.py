from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from disentangle_bench.datasets.files.downloads import download


def test_progress_is_shown_on_a_terminal_only(tmp_path: Path, web, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def __init__(self, terminal: bool) -> None:
            super().__init__()
            self.terminal = terminal

        def isatty(self) -> bool:
            return self.terminal

    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
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
