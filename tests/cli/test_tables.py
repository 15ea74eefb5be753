"""Tables on a narrow terminal."""

from __future__ import annotations

import io

from rich.console import Console

from disentangle_bench.cli.tables import table_of


def test_a_number_that_has_no_room_looks_cut_off() -> None:
    console = Console(file=io.StringIO(), width=14)
    console.print(table_of(("Set", "Images", "License"), [("a", 1_036_800, "for research only")]))
    assert isinstance(console.file, io.StringIO)
    row = console.file.getvalue().splitlines()[1]
    assert "1,036,800" not in row, "it has no room here"
    assert "…" in row
