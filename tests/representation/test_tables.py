"""Arrays as people have them become the same columns as a plain array of the same values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from disentangle_bench.errors import RepresentationError
from disentangle_bench.representation import Representation
from disentangle_bench.representation.tables import as_columns, as_table

VALUES = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float16).astype(np.float64)  # exact in half precision


@pytest.mark.parametrize(
    "given",
    [
        VALUES.astype(np.float16),
        VALUES.astype(np.longdouble),
        VALUES.astype(">f8"),
        np.asfortranarray(VALUES),
        np.repeat(VALUES, 2, axis=0)[::2],
        np.ma.array(VALUES),
        VALUES.tolist(),
        [VALUES[:5], VALUES[5:]],
        torch.tensor(VALUES, requires_grad=True),
        torch.tensor(VALUES).half(),
        torch.tensor(np.repeat(VALUES, 2, axis=1))[:, ::2],
        [torch.tensor(VALUES[:5]), torch.tensor(VALUES[5:])],
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_kind_of_array_gives_the_same_columns(given: Any) -> None:
    columns = as_columns(given, "codes")
    assert columns.dtype == np.float64
    np.testing.assert_array_equal(columns, VALUES)


def test_bfloat16_is_read() -> None:
    given = torch.tensor(VALUES).bfloat16()
    np.testing.assert_array_equal(as_columns(given, "codes"), given.double().numpy())


def test_masked_values_are_refused() -> None:
    given = np.ma.array(VALUES, mask=VALUES > 0)
    with pytest.raises(RepresentationError, match=f"{(VALUES > 0).sum()} of 36 values of the codes are masked"):
        as_columns(given, "codes")


@pytest.mark.parametrize("form", ["frame", "structured"])
def test_a_table_keeps_its_names_and_each_column_has_a_kind(form: str) -> None:
    shape, scale = np.array(["square", "heart", "heart"]), np.array([0.5, 1.0, 0.5])
    number, seen = np.array([2, 0, 1]), np.array([True, False, True])
    frame = pd.DataFrame({"shape": shape, "scale": scale, "number": number, "seen": seen})
    values, names, kinds = as_table(frame if form == "frame" else frame.to_records(index=False), "factors")
    assert names == ("shape", "scale", "number", "seen")
    assert kinds == ("categorical", "continuous", "categorical", "categorical")
    np.testing.assert_array_equal(values, np.stack([[1, 0, 0], scale, number, seen], axis=1))  # heart before square


def test_a_table_of_text_alone_stays_text() -> None:
    values, names, kinds = as_table(pd.DataFrame({"shape": ["a", "b"], "color": ["r", "g"]}), "factors")
    assert values.tolist() == [["a", "r"], ["b", "g"]]
    assert (names, kinds) == (("shape", "color"), ("categorical", "categorical"))


DECIMALS = ["0.5", "2.0", "1e-3", "nan"]


@pytest.mark.parametrize(
    "given",
    [
        np.array(DECIMALS),
        DECIMALS,
        np.array([["a", text] for text in DECIMALS]),
        pd.DataFrame({"f1": DECIMALS}),
        pd.DataFrame({"f1": DECIMALS, "number": range(4)}),
        np.array(list(zip(DECIMALS, range(4), strict=True)), [("f1", "U5"), ("number", int)]),
    ],
    ids=lambda given: type(given).__name__,
)
def test_decimals_as_text_are_refused_unless_they_are_declared_as_categories(given: Any) -> None:
    with pytest.raises(RepresentationError, match=r"Column 'f[12]' holds numbers as text, such as '0.5'"):
        Representation.of(VALUES[:4], given)
    width = as_table(given, "factors", declared=True).values.shape[1]
    taken = Representation.of(VALUES[:4], given, factor_kinds=["categorical"] * width).factors
    assert taken is not None
    assert len(taken.summaries[0].values) in (1, 4)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "names", [["7", "-3", "12"], ["a", "0.5", "nan"], ["nan", "nan", "inf"], ["1.2.3", "1.3", "2"]]
)
def test_texts_that_may_be_names_stay_text(names: list[str]) -> None:
    factors = Representation.of(VALUES[:3], names).factors
    assert factors is not None
    assert factors.values[:, 0].tolist() == names


def test_numbers_beside_text_in_a_list_are_not_made_text() -> None:
    factors = Representation.of(VALUES[:3], ["cat", float("nan"), None]).factors
    assert factors is not None
    assert factors.values[:, 0].tolist() == ["cat", "", ""]
    with pytest.raises(RepresentationError, match="The factors are of the type object"):
        Representation.of(VALUES[:3], ["cat", 1.5, "dog"])


@pytest.mark.parametrize(("name", "expected"), [("digit", "digit"), (None, "factors")])
def test_a_series_is_one_column(name: str | None, expected: str) -> None:
    values, names, _ = as_table(pd.Series([3, 1, 2], name=name), "factors")
    assert (values.tolist(), names) == ([[3], [1], [2]], (expected,))


@pytest.mark.parametrize(
    ("given", "kind", "known"),
    [
        (np.ma.array([3, 4, 5], mask=[0, 1, 0]), "categorical", [3, np.nan, 5]),
        (np.ma.array(["a", "b", "c"], mask=[0, 1, 0]), "categorical", ["a", "", "c"]),
        ([1, None, 0], "categorical", [1, np.nan, 0]),
        (np.array([0.5, None, 0.25], dtype=object), "continuous", [0.5, np.nan, 0.25]),
        (np.array([True, None, False], dtype=object), "categorical", [1, np.nan, 0]),
        (np.array(["cat", None, "dog"], dtype=object), "categorical", ["cat", "", "dog"]),
        (np.array(["cat", float("nan"), "dog"], dtype=object), "categorical", ["cat", "", "dog"]),
        (pd.Series([0, None, 2], dtype="Int64"), "categorical", [0, np.nan, 2]),
        (pd.Series(["cat", None, "dog"]), "categorical", ["cat", "", "dog"]),
        (torch.tensor([2.0, float("nan"), 1.0]).half(), "categorical", [2, np.nan, 1]),
    ],
)
def test_values_of_factors_may_be_unknown(given: Any, kind: str, known: list[Any]) -> None:
    factors = Representation.of(VALUES[:3], given).factors
    assert factors is not None
    assert factors.kinds == (kind,)
    np.testing.assert_array_equal(factors.values[:, 0], known)
    assert factors.known[:, 0].tolist() == [True, False, True]
    assert factors.summaries[0].samples == 2


def test_unknown_text_beside_numbers() -> None:
    frame = pd.DataFrame({"shape": ["square", None, "heart"], "scale": [1.0, 2.0, None]})
    factors = Representation.of(VALUES[:3], frame).factors
    assert factors is not None
    np.testing.assert_array_equal(factors.values, [[1, 1], [np.nan, 2], [0, np.nan]])  # heart before square


@pytest.mark.parametrize("unknown", [np.full(3, np.nan), np.array(["", "", ""]), np.ma.array([1, 2, 3], mask=True)])
def test_a_factor_of_which_nothing_is_known_is_refused(unknown: Any) -> None:
    with pytest.raises(RepresentationError, match="No value of column 'f1' is known"):
        Representation.of(VALUES[:3], unknown)


def test_infinite_factors_and_missing_codes_are_refused() -> None:
    with pytest.raises(RepresentationError, match="Column 'f1' has 1 of 3 values that are infinite"):
        Representation.of(VALUES[:3], [0.5, np.inf, np.nan])
    with pytest.raises(RepresentationError, match="Column 'shape' has 1 of 3 values that are NaN"):
        Representation.of(pd.DataFrame({"shape": [0, None, 2]}), VALUES[:3])


def test_every_column_of_a_table_has_its_own_kind() -> None:
    rng = np.random.default_rng(0)
    scale, x = rng.choice([0.5, 0.6, 1.0], 300), rng.random(300)
    frame = pd.DataFrame({"shape": rng.integers(0, 3, 300), "scale": scale, "x": x})
    for factors in (frame, frame.to_records(index=False), frame.to_numpy(), torch.tensor(frame.to_numpy())[:, :]):
        found = Representation.of(x, factors).factors
        assert found is not None
        assert found.kinds == ("categorical", "ordinal", "continuous")
    found = Representation.of(x, frame, factor_kinds=["ordinal", "continuous", "continuous"]).factors
    assert found is not None
    assert found.kinds == ("ordinal", "continuous", "continuous")
    assert Representation.of(frame).codes.kinds == ("categorical", "continuous", "continuous")  # codes go by their type


def test_columns_of_one_name_are_refused() -> None:
    with pytest.raises(RepresentationError, match="Several columns of the factors have one name"):
        as_table(pd.DataFrame(VALUES, columns=["a", "b", "a"]), "factors")


def test_names_and_kinds_that_are_given_come_first() -> None:
    given = Representation.of(
        pd.DataFrame(VALUES, columns=["a", "b", "c"]),
        np.arange(12),
        names=["x", "y", "z"],
        kinds=["cyclic", "continuous", "continuous"],
        factor_names=["row"],
        factor_kinds=["ordinal"],
        posterior={"x": {"mean": torch.zeros(12, requires_grad=True), "logvar": torch.zeros(12)}},
    )
    assert given.codes.names == ("x", "y", "z")
    assert given.codes.kinds[0] == "cyclic"
    assert given.factors is not None
    assert (given.factors.names, given.factors.kinds) == (("row",), ("ordinal",))
    assert given.posterior["x"].shape == (12, 2)


def test_numbers_whose_squares_are_infinite_are_refused() -> None:
    with pytest.raises(RepresentationError, match=r"Column 'c2' has values up to 1e\+160, beyond 1e\+151"):
        Representation.of(np.array([[0.0, 1.0], [1.0, -1e160]]))


@pytest.mark.parametrize(
    "given",
    [
        torch.tensor([[0.0, 1.5], [2.0, 0.0]]).to_sparse(),
        torch.tensor([[0.0, 1.5], [2.0, 0.0]]).to(torch.float8_e4m3fn),
        torch._neg_view(torch.tensor([[0.0, -1.5], [-2.0, 0.0]])),
    ],
    ids=["sparse", "float8", "negated view"],
)
def test_tensors_of_any_layout_and_precision_are_read(given: torch.Tensor) -> None:
    assert as_columns(given, "codes").tolist() == [[0, 1.5], [2, 0]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (torch.zeros(3, 2, device="meta"), "codes are a tensor of torch.float32 on meta that cannot be read"),
        ({"a": VALUES[:, 0]}, "The codes are of the type dict"),
        ((row for row in VALUES), "The codes are of the type generator"),
        (None, "The codes are of the type NoneType"),
    ],
)
def test_what_is_no_array_is_named(given: Any, said: str) -> None:
    with pytest.raises(RepresentationError, match=said):
        as_columns(given, "codes")


def test_rows_keep_their_masks() -> None:
    mask = VALUES[:, :2] > 0
    rows = list(np.ma.array(VALUES[:, :2], mask=mask))
    factors = Representation.of(VALUES, rows).factors
    assert factors is not None
    np.testing.assert_array_equal(factors.known, ~mask)
    with pytest.raises(RepresentationError, match=f"{mask.sum()} of 24 values of the codes are masked"):
        Representation.of(rows)


@pytest.mark.parametrize("form", ["frame", "structured", "masked"])
def test_batches_of_a_table_keep_their_names_and_masks(form: str) -> None:
    frame = pd.DataFrame({"shape": ["square", "heart", "heart"], "number": [2, 0, 1]})
    whole: Any = frame if form == "frame" else frame.to_records(index=False)
    expected = [[1, 2], [0, 0], [0, 1]]
    if form == "masked":
        whole = np.ma.array(whole, mask=[(False, True), (False, False), (False, False)])
        expected[0][1] = None
    values, names, _ = as_table([whole[:2], whole[2:]], "factors", partly=True)
    assert names == ("shape", "number")
    assert [[None if np.isnan(value) else value for value in row] for row in values] == expected


def test_batches_with_other_columns_are_refused() -> None:
    with pytest.raises(RepresentationError, match="The batches of the codes differ in their columns"):
        as_table([pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": [1.0]})], "codes")


@pytest.mark.parametrize("part", ["factors", "train"])
def test_rows_with_the_same_labels_in_another_order_are_refused(part: str) -> None:
    codes = pd.DataFrame(VALUES)
    other = pd.Series(np.arange(12) % 2 == 0, index=[1, 0, *range(2, 12)])
    with pytest.raises(RepresentationError, match=f"codes and {part} have the same labels in another order"):
        Representation.of(codes, **{"factors": VALUES, part: other})
    alike = Representation.of(codes.set_axis(range(100, 112)), other)  # labels of another table say nothing
    assert alike.factors is not None


@pytest.mark.parametrize(
    ("part", "given"),
    [
        ("train mask", {"train": np.ma.array(np.arange(12) < 8, mask=np.arange(12) == 0)}),
        (
            "values of 'logvar'",
            {"posterior": {"mean": VALUES, "logvar": np.ma.masked_less(VALUES, VALUES.min() + 0.1)}},
        ),
    ],
)
def test_masks_are_dropped_nowhere(part: str, given: dict[str, Any]) -> None:
    with pytest.raises(RepresentationError, match=f"values of the {part} are masked"):
        Representation.of(VALUES, **given)
