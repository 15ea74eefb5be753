"""Decimal points lie below each other, whatever stands around the digits."""

import pytest

from disentangle_bench.reports.columns import align, aligned, aligned_pairs


@pytest.mark.parametrize(
    ("text", "padded"),
    [
        ("0.891", "   0.891 "),
        ("-0.1234", "  -0.1234"),
        ("123.4", " 123.4   "),
        ("10", "  10     "),
        ("n/a", "  n/a    "),
        ("", " " * 9),
        ("12345", "12345     "),  # takes the room that it needs
    ],
)
def test_a_number_in_its_place(text, padded):
    assert align(text, 4, 5) == padded


def test_a_column_is_as_wide_as_its_numbers_need():
    assert aligned(["0.5", "-12.25", "", "7", "< 0.01"]) == ["  0.5 ", "-12.25", "", "  7   ", "< 0.01"]
    assert aligned([]) == []
    assert aligned(["n/a", "1"]) == ["n/a", " 1 "]


def test_both_ends_of_intervals_are_aligned():
    assert aligned_pairs([("[-0.5,", "0.25]"), ("", ""), ("[10.25,", "11]")]) == [
        "[-0.5,   0.25]",
        "",
        "[10.25, 11]",
    ]
    assert aligned_pairs([]) == []
