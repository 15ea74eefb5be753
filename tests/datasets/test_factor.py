from __future__ import annotations

import pytest

from disentangle_bench.datasets import Factor
from disentangle_bench.errors import DataError


def test_a_factor_of_values_has_a_class_for_each() -> None:
    factor = Factor.of("scale", "ordinal", (0.75, 1.0, 1.25))
    assert factor.size == 3
    assert factor.class_of(1.25) == 2
    assert Factor("shape", "categorical", 4).class_of(3) == 3


@pytest.mark.parametrize(
    ("factor", "remedy"),
    [
        (Factor.of("scale", "ordinal", (0.75, 1.0)), "It has 0.75, 1.0."),
        (Factor("azimuth", "cyclic", 24), "It has 24 values, from 0 to 23."),
        (Factor("ink", "continuous"), "It has no classes."),
    ],
)
def test_a_value_that_there_is_not_is_reported(factor: Factor, remedy: str) -> None:
    with pytest.raises(DataError, match=f"{factor.name!r} has no value 99") as caught:
        factor.class_of(99)
    assert caught.value.remedy == remedy


def test_as_many_values_as_classes() -> None:
    with pytest.raises(ValueError, match="'scale' has 3 classes and 2 values"):
        Factor("scale", "ordinal", 3, (0.75, 1.0))


@pytest.mark.parametrize(
    ("factor", "summary"),
    [
        (Factor("azimuth", "cyclic", 24), "cyclic, 24 classes"),
        (Factor("color", "categorical", 1), "categorical, 1 class"),
        (Factor("ink", "continuous", measured=True), "continuous, measured"),
    ],
)
def test_a_factor_is_reported_in_a_few_words(factor: Factor, summary: str) -> None:
    assert factor.summary == summary
