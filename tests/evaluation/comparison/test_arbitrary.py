"""What training leaves to chance is not averaged over seeds: signs of correlations, and which code does what."""

import pytest

from disentangle_bench.evaluation.comparison import Row, compare_results
from disentangle_bench.evaluation.results import Results, ScoreEntry

SLANTS = (0.694, -0.788, -0.689)
"""Of c2 in three runs whose c2 leans the digits every time."""


def runs(name: str, values: tuple[float, ...], *arbitrary: str) -> list[Results]:
    return [
        Results(
            subject={"name": name, "recipe": name, "seed": seed},
            scores={
                "m.c2.slant": ScoreEntry(
                    metric="m",
                    code="c2",
                    component="slant",
                    value=value,
                    low=value - 0.1,
                    high=value + 0.1,
                    arbitrary=arbitrary,
                    better="neither",
                )
            },
        )
        for seed, value in enumerate(values)
    ]


def only_row(*subjects: list[Results]) -> Row:
    [row] = compare_results(subjects).rows
    return row


def test_signs_are_left_out():
    row = only_row(runs("a", SLANTS, "sign"), runs("b", (-0.1, 0.12, 0.11), "sign"))
    first, second = row.values
    assert first.value == pytest.approx((0.694 + 0.788 + 0.689) / 3)
    assert (first.absolute, second.absolute) == (True, True)
    assert first.runs == list(SLANTS)
    assert row.differences[0].value == pytest.approx(0.11 - 0.723667, abs=1e-5)
    assert row.differences[0].verdict == "differs"


def test_signs_of_single_runs_too():
    difference = only_row(runs("a", SLANTS[:1], "sign"), runs("b", SLANTS[1:2], "sign")).differences[0]
    assert difference.value == pytest.approx(0.094)
    assert difference.verdict == "no difference shown"


def test_an_interval_around_zero_is_folded():
    difference = only_row(runs("a", (0.05,), "sign"), runs("b", (0.5,), "sign")).differences[0]
    assert difference.low == pytest.approx(0.45 - (0.1**2 + 0.1**2) ** 0.5)


def test_a_code_that_any_other_could_be_is_not_summarized():
    row = only_row(runs("a", SLANTS, "sign", "code"), runs("b", SLANTS, "sign", "code"))
    assert [value.value for value in row.values] == [None, None]
    assert "left to chance" in row.values[0].reason
    assert row.values[0].runs == list(SLANTS)
    assert (row.differences[0].value, row.arbitrary) == (None, ["sign", "code"])


def test_nor_compared_between_two_runs():
    row = only_row(runs("a", (0.7,), "sign", "code"), runs("b", (0.1,), "sign", "code"))
    assert [value.value for value in row.values] == [0.7, 0.1]
    assert row.differences[0].verdict == "not comparable"


def test_without_a_declaration_values_are_taken_as_they_are():
    assert only_row(runs("a", SLANTS), runs("b", SLANTS)).values[0].value == pytest.approx(-0.261)
