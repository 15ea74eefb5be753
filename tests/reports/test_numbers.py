"""Numbers as text: rounded to what their interval supports, and to no less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.reports.numbers import decimals_for, is_count, say, say_interval, say_optional, say_p, say_signed


@pytest.mark.parametrize(
    ("half_width", "decimals"),
    [
        (30, 0),
        (4, 0),
        (3, 1),
        (0.4, 1),
        (0.3, 2),
        (0.04, 2),
        (0.0354, 3),
        (0.0356, 2),
        (0.0037, 3),
        (0.0001, 4),
        (0, 3),
    ],
)
def test_decimals_follow_the_interval(half_width, decimals):
    assert decimals_for(0.5 - half_width, 0.5 + half_width) == decimals


def test_decimals_without_an_interval():
    assert decimals_for(None, 1.0) == decimals_for(0.0, None) == 3


@given(st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_rounding_moves_an_end_by_a_seventh_of_the_half_width_at_most(half_width, middle):
    low, high = middle - half_width, middle + half_width
    decimals = decimals_for(low, high)
    assert abs(float(say(low, decimals)) - low) <= half_width / 7 + 1e-9


def test_there_is_no_negative_zero():
    assert say(-0.0001, 3) == "0.000"
    assert say_signed(-0.0001, 3) == "0.000"
    assert say_signed(0.0001, 3) == "0.000"


def test_signs():
    assert (say_signed(0.25, 2), say_signed(-0.25, 2)) == ("+0.25", "-0.25")


def test_what_is_not_there():
    assert say(None, 3) == "n/a"
    assert say_optional(None, 3) == say_interval(None, 1, 2) == say_interval(0, None, 2) == say_p(None) == ""


def test_interval():
    assert say_interval(0.123, 0.456, 2) == "[0.12, 0.46]"


@pytest.mark.parametrize(
    ("p", "text"),
    [(0, "< 0.0001"), (9.9e-5, "< 0.0001"), (1e-4, "0.00010"), (0.0123, "0.012"), (0.456, "0.46"), (1, "1.0")],
)
def test_p_values(p, text):
    assert say_p(p) == text


def test_counts():
    assert is_count([10, None, 8.0])
    assert not is_count([1.0, 0.0])  # rather a share
    assert not is_count([10.5, 3])
    assert not is_count([None])
