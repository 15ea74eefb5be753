"""The page of a suite's results."""

from __future__ import annotations

from disentangle_bench.reports.suite_page import reached
from disentangle_bench.reports.suite_table import Column, SuiteTable, Summary

ERROR = "c1-accuracy.error"


def make_table(**entries: Summary) -> SuiteTable:
    column = Column(ERROR, "c1-accuracy", "", "lower", (0.9,), (0.0,), 1, 1)
    return SuiteTable("s", 1, {}, {}, (column,), {name: {ERROR: of} for name, of in entries.items()}, (), ())


def test_seeds_as_good_as_the_source_are_counted_where_there_are_any() -> None:
    table = make_table(infogan=Summary({0: 0.04, 1: 0.06, 2: None}, median=0.05), waiting=Summary({0: None, 1: None}))
    said = reached(table, {name: {ERROR: 0.05, "not-a-column": 1.0} for name in ("infogan", "waiting")})
    assert said == (
        "infogan: the source of its recipe reports c1-accuracy.error 0.05; "
        "1 of 2 seeds are at least as good (median 0.050).\n"
    )
