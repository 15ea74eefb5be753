"""How the values of options are read."""

from __future__ import annotations

import math

import pytest
import rich_click as click
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.cli.options import by_metric, read_literal, read_seeds, read_settings, read_words

literals = st.one_of(
    st.integers(-(2**53), 2**53),
    st.booleans(),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.lists(st.integers()),
)


@given(literals)
def test_toml_literals_are_read_as_what_they_are(value):
    text = tomli_w.dumps({"value": value}).partition("=")[2].strip()
    assert read_literal(text) == value


@pytest.mark.parametrize("text", ["infogan", "bf16-mixed", "c1-accuracy", "a b", "", "1.2.3", "True"])
def test_other_texts_are_strings(text):
    assert read_literal(text) == text


def test_numbers_keep_their_type():
    assert read_literal("100") == 100
    assert isinstance(read_literal("100"), int)
    assert isinstance(read_literal("1e-3"), float)
    assert math.isinf(read_literal("inf"))


def test_settings_are_pairs_and_the_value_may_hold_equal_signs():
    assert read_settings(None, None, ["steps=100", "title=a=b"]) == (("steps", 100), ("title", "a=b"))


@pytest.mark.parametrize("text", ["steps", "=3", " =3", ""])
def test_a_setting_without_key_or_sign_is_refused(text):
    with pytest.raises(click.BadParameter, match="KEY=VALUE"):
        read_settings(None, None, [text])


def test_words_and_seeds_stand_between_commas():
    assert read_words(None, None, ["a, b"]) == ("a", "b")
    assert read_words(None, None, []) is None
    assert read_seeds(None, None, ["0,1, 2"]) == (0, 1, 2)
    assert read_seeds(None, None, ["0-2"]) == (0, 1, 2)
    assert read_seeds(None, None, ["4, 0 - 1,7-7"]) == (4, 0, 1, 7)


def test_an_option_that_is_given_again_adds_to_the_list():
    assert read_words(None, None, ["a,b", "c", "a"]) == ("a", "b", "c")
    assert read_seeds(None, None, ["0,3", "5-6"]) == (0, 3, 5, 6)
    with pytest.raises(click.BadParameter, match="more than once"):
        read_seeds(None, None, ["0-2", "1"])


@pytest.mark.parametrize("text", ["a,,b", ",", ""])
def test_empty_words_are_refused(text):
    with pytest.raises(click.BadParameter, match="empty name"):
        read_words(None, None, [text])


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "1,,2", "", "0-", "1-2-3", "9" * 5000])
def test_what_is_no_seed_is_refused(text):
    with pytest.raises(click.BadParameter, match="not a seed"):
        read_seeds(None, None, [text])


@pytest.mark.parametrize("text", ["2-0", "0-1000", "5,0-999999999999"])
def test_a_range_of_seeds_ascends_and_is_no_larger_than_anybody_trains(text):
    with pytest.raises(click.BadParameter, match="not a range of 1 to 1,000 seeds"):
        read_seeds(None, None, [text])


def test_settings_of_metrics_are_grouped_by_metric():
    pairs = (("mig.num_bins", 10), ("a/b.x", 1), ("mig.seed", 2))
    assert by_metric(pairs) == {"mig": {"num_bins": 10, "seed": 2}, "a/b": {"x": 1}}


def test_a_setting_of_no_metric_is_refused():
    with pytest.raises(click.BadParameter, match=r"METRIC\.KEY=VALUE"):
        by_metric((("num_bins", 10),))
