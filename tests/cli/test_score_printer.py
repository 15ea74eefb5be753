"""The scores of several subjects come as one document, or as tables with rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from disentangle_bench.cli.score_printer import score_printer
from disentangle_bench.evaluation.results import Results


@pytest.mark.parametrize(("form", "printed"), [("table", False), ("markdown", False), ("latex", False), ("json", True)])
def test_a_table_without_rows_is_not_printed(form, printed, capsys: pytest.CaptureFixture[str]) -> None:
    with score_printer(form, several=False) as show:
        show(Path("mine.npz"), Results(subject={}, scores={}))
    assert bool(capsys.readouterr().out) == printed
