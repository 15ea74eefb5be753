"""The bar of an evaluation."""

from __future__ import annotations

import time

import pytest

from disentangle_bench.cli.progress import _TimeLeft


@pytest.mark.parametrize(
    ("passed", "shown"), [(0, "about 23 s left"), (20, "about 3 s left"), (24, "longer than expected")]
)
def test_what_is_left_is_counted_down(passed: float, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    left = _TimeLeft(end=1023.0)
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0 + passed)
    assert f"{left}" == shown
