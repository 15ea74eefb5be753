from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.datasets import Factor
from disentangle_bench.datasets.columns import as_factors, label_of, numbers, parse_kinds
from disentangle_bench.datasets.table import Table
from disentangle_bench.errors import DataError, SettingError

N = 60


def one(values, kind: str | None = None) -> tuple[Factor, list[float]]:
    (factor,), variables = as_factors({"x": np.asarray(values)}, {"x": kind} if kind else {}, "mine.csv")
    return factor, variables.column("x").tolist()


@pytest.mark.parametrize(
    ("values", "kind", "size"),
    [
        (np.arange(N) % 3, "categorical", 3),
        (np.arange(N) % 4 * 10, "ordinal", 4),
        (0.75 + np.arange(N) % 5 / 8, "ordinal", 5),
        (np.linspace(-1, 1, N), "continuous", None),
        (np.array(["left", "right", "up"])[np.arange(N) % 3], "categorical", 3),
        (np.arange(N) % 2 == 0, "categorical", 2),
        (np.arange(N), "categorical", N),
    ],
)
def test_kinds_are_guessed(values: np.ndarray, kind: str, size: int | None) -> None:
    factor, _ = one(values)
    assert (factor.kind, factor.size) == (kind, size)


@pytest.mark.parametrize("kind", ["ordinal", "cyclic", "categorical"])
def test_values_are_kept_and_ranked_into_classes(kind: str) -> None:
    factor, classes = one([90, 0, 270, 0, 180], kind)
    assert factor == Factor.of("x", kind, [0.0, 90.0, 180.0, 270.0])
    assert classes == [1, 0, 3, 0, 2]
    factor, values = one([90, 0, 270, 0, 180], "continuous")
    assert (factor.size, values) == (None, [90, 0, 270, 0, 180])


def test_text_has_its_classes_in_alphabetical_order() -> None:
    factor, classes = one(["up", "down", "up"])
    assert factor.values == ("down", "up")
    assert classes == [1, 0, 1]


def test_decimals_as_text_are_refused_unless_they_are_declared_as_categories():
    with pytest.raises(DataError, match=r"'x' holds numbers as text, such as '0.5'") as refused:
        one(["0.5", "1.5", ""])
    assert "set kinds to x=categorical" in refused.value.remedy
    assert one(["0.5", "1.5", "0.5"], "categorical")[1] == [0, 1, 0]


@pytest.mark.parametrize("values", [[5.0, np.nan, 2.0, 5.0], ["b", "", "a", "b"]])
def test_unknown_values_have_no_class(values) -> None:
    factor, classes = one(values, "categorical")
    assert factor.size == 2
    np.testing.assert_array_equal(classes, [1, np.nan, 0, 1])


def test_unknown_numbers_of_a_table_are_numbers() -> None:
    table = Table("mine.csv", {"x": np.array(["1", "", "3"]), "y": np.array(["a", "", "b"])}, np.arange(2, 5))
    found = numbers(table, {})
    np.testing.assert_array_equal(found["x"], [1, np.nan, 3])
    assert found["y"].tolist() == ["a", "", "b"]


def test_classes_alone_are_whole_numbers_so_that_they_can_be_sampled() -> None:
    factors, values = as_factors({"a": np.arange(6) % 2, "b": np.array(list("xyzxyz"))}, {}, "mine.csv")
    assert values.values.dtype == np.int64
    assert [factor.size for factor in factors] == [2, 3]
    assert as_factors({}, {}, "mine.csv") == ((), None)


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ([1.0, np.nan, np.inf], None, "1 values of 'x' are infinite"),
        ([np.nan, np.nan], None, "no value of 'x' is known"),
        (["", ""], None, "no value of 'x' is known"),
        (["left", "right"], "ordinal", "'x' is ordinal and holds text"),
    ],
)
def test_values_that_cannot_be_are_reported(values, kind: str | None, message: str) -> None:
    with pytest.raises(DataError, match=rf"mine\.csv: {message}"):
        one(values, kind)


def test_kinds_are_given_as_a_setting() -> None:
    assert parse_kinds(" azimuth = cyclic, shape=categorical ,") == {"azimuth": "cyclic", "shape": "categorical"}
    assert parse_kinds("") == {}
    for text in ("azimuth", "azimuth=round", "=cyclic", "azimuth:cyclic"):
        with pytest.raises(SettingError, match="cannot be read"):
            parse_kinds(text)
    with pytest.raises(SettingError, match=r"kinds names 'y', which mine\.csv does not have"):
        as_factors({"x": np.arange(3)}, {"y": "cyclic"}, "mine.csv")


def table(**columns: list[str]) -> Table:
    return Table("mine.csv", {name: np.array(texts) for name, texts in columns.items()}, np.array([2, 3, 5]))


def test_columns_of_numbers_are_numbers() -> None:
    found = numbers(table(file=["x", "y", "z"], a=["1", "-2.5", "1e3"], b=["up", "down", "7"]), {}, leave=["file"])
    assert found["a"].tolist() == [1, -2.5, 1000]
    assert found["b"].tolist() == ["up", "down", "7"]
    assert list(found) == ["a", "b"]


def test_a_text_among_numbers_is_reported_by_its_line() -> None:
    mixed = table(a=["1", "2", "O"])
    with pytest.raises(DataError, match=r"mine\.csv: line 5: 'O' in the column 'a' is not a number; 2 of its 3 values"):
        numbers(mixed, {})
    assert numbers(mixed, {"a": "categorical"})["a"].tolist() == ["1", "2", "O"]
    with pytest.raises(DataError, match="is not a number"):
        numbers(table(a=["x", "y", "1"]), {"a": "ordinal"})


def test_the_label_is_the_categorical_factor_of_that_name() -> None:
    assert label_of([Factor("x", "continuous"), Factor("Label", "categorical", 3)]) == "Label"
    assert label_of([Factor("label", "ordinal", 3)]) is None
