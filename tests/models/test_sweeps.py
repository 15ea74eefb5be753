"""Sweeps as people write them."""

from __future__ import annotations

import pytest

from disentangle_bench.errors import SettingError
from disentangle_bench.latents import Categorical, Code, Gaussian, Uniform
from disentangle_bench.models.sweeps import sweep_values

C1, C2, C3 = Categorical(10, "c1"), Uniform("c2"), Gaussian("c3")


@pytest.mark.parametrize(
    ("code", "text", "values"),
    [
        (C1, "0..3", [0, 1, 2, 3]),
        (C1, "3..1", [3, 2, 1]),
        (C1, "all", [*range(10)]),
        (C1, "1,4,7", [1, 4, 7]),
        (C1, "5", [5]),
        (C2, "-2..2", [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]),
        (C2, "1 .. -1 : 3", [1, 0, -1]),
        (C2, "-0.5..0.1:2", [-0.5, 0.1]),
        (C2, "all", [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1]),
        (C3, "all", [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]),
        (C2, "0.5,-0.5", [0.5, -0.5]),
    ],
)
def test_values(code: Code, text: str, values: list[float]) -> None:
    assert sweep_values(code, text).tolist() == pytest.approx(values)


@pytest.mark.parametrize(
    ("code", "text", "says"),
    [
        (C2, "", "is not a sweep"),
        (C2, "left", "is not a sweep"),
        (C2, "-2...2", "is not a sweep"),
        (C2, "1,,2", "is not a sweep"),
        (C2, "nan..1", "is not a sweep"),
        (C2, "0..1:101", "has 101 values"),
        (C2, "0..1:0", "has 0 values"),
        (C1, "0..1000000", "has 1,000,001 values"),
        (C1, "0..10", "is not a category"),
        (C1, "0..3:3", "is not a category"),
        (C2, "1e999..2", "is not a sweep"),
        (C2, "2..2", "has one value several times"),
        (C2, "2..2.0:1", "has one value several times"),
        (C1, "3..3", "has one value several times"),
        (C1, "1,2,1", "has one value several times"),
    ],
)
def test_what_is_none_is_refused(code: Code, text: str, says: str) -> None:
    with pytest.raises(SettingError, match=says):
        sweep_values(code, text)
