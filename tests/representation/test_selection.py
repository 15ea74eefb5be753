"""Some codes and factors, other kinds, unknown values, and columns that are one code together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from disentangle_bench.errors import DbenchError
from disentangle_bench.representation import Representation

RNG = np.random.default_rng(0)
CODES = RNG.standard_normal((30, 4))
FACTORS = RNG.integers(-1, 3, (30, 2))


def given(**options: Any) -> Representation:
    posterior = {name: {"mean": CODES[:, 0], "log_sigma": CODES[:, 1]} for name in ("c1", "c3")}
    return Representation.of(CODES, FACTORS, factor_names=["shape", "size"], posterior=posterior).select(**options)


def test_codes_and_factors_by_name_and_by_position() -> None:
    some = given(codes=["c3", 0], factors=["1"])
    assert some.codes.names == ("c3", "c1")
    np.testing.assert_array_equal(some.codes.values, CODES[:, [2, 0]])
    assert some.factors is not None
    assert some.factors.names == ("size",)
    assert set(some.posterior) == {"c1", "c3"}
    assert set(given(codes=["c1"]).posterior) == {"c1"}


def test_values_that_stand_for_unknown() -> None:
    factors = given(missing=["-1"]).factors
    assert factors is not None
    np.testing.assert_array_equal(factors.known, FACTORS >= 0)
    assert factors.kinds == ("categorical", "categorical")
    texts = Representation.of(CODES, np.where(FACTORS < 0, "?", "a")).select(missing=["?"]).factors
    assert texts is not None
    np.testing.assert_array_equal(texts.known, FACTORS >= 0)


def test_kinds_of_codes_and_factors() -> None:
    some = given(kinds={"size": "ordinal", "c2": "ordinal"})
    assert some.factors is not None
    assert some.factors.kinds == ("categorical", "ordinal")
    assert some.codes.kinds == ("continuous", "ordinal", "continuous", "continuous")


def test_numbers_that_are_one_code() -> None:
    codes = given(groups={"pose": ["c2", "c4"]}).codes
    assert (codes.names, codes.kinds, codes.widths) == (("c1", "pose", "c3"), ("continuous",) * 3, (1, 2, 1))
    np.testing.assert_array_equal(codes.block(1), CODES[:, [1, 3]])
    np.testing.assert_array_equal(codes.select(["c3", "pose"]).values, CODES[:, [2, 1, 3]])
    np.testing.assert_array_equal(codes.rows(np.array([4, 2])).block(1), CODES[[4, 2]][:, [1, 3]])
    assert len(codes.summaries) == 3


def test_categories_that_are_one_code() -> None:
    codes = Representation.of(FACTORS, groups={"both": ["c1", "c2"]}).codes
    assert (codes.names, codes.kinds, codes.widths) == (("both",), ("categorical",), ())
    pairs = {tuple(pair) for pair in FACTORS}
    assert len({(code, *pair) for code, pair in zip(codes.values[:, 0], FACTORS.tolist(), strict=True)}) == len(pairs)


def test_angles_are_cosine_and_sine() -> None:
    codes = Representation.of(CODES[:, :2], kinds=["cyclic", "continuous"], groups={"a": ["c1", "c2"]}).codes
    expected = np.stack([np.cos(CODES[:, 0]), np.sin(CODES[:, 0]), CODES[:, 1]], axis=1)
    np.testing.assert_allclose(codes.block(0), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"codes": ["c9"]}, "no code named 'c9'"),
        ({"factors": ["2"]}, "no factor named '2'"),
        ({"codes": ["c1", 0]}, "The code 'c1' is named twice"),
        ({"kinds": {"shap": "ordinal"}}, "no code or factor named 'shap'"),
        ({"kinds": {"shape": "nominal"}}, "'nominal' is not a kind"),
        ({"missing": ["none"]}, "'none' is to count as unknown, and the factors are numbers"),
        ({"groups": {"a": ["c1", "c2"], "b": ["c2", "c3"]}}, "The code 'c2' is merged twice"),
        ({"groups": {"c4": ["c1", "c2"]}}, "'c4' is already the name of a code"),
        ({"groups": {"a": ["c1", "c7"]}}, "no code named 'c7'"),
        ({"kinds": {"c1": "categorical"}, "groups": {"a": ["c1", "c2"]}}, "categories and numbers"),
    ],
)
def test_what_cannot_be_chosen_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DbenchError, match=message):
        given(**options)


def test_files_hold_columns(tmp_path: Any) -> None:
    with pytest.raises(DbenchError, match="A file holds one column for each code"):
        given(groups={"pose": ["c2", "c4"]}).save(tmp_path / "merged.npz")
