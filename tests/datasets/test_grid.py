from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.grid import ranked, require_grid
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.errors import DataError

FACTORS = (Factor("a", "categorical", 2), Factor("b", "ordinal", 3), Factor("c", "cyclic", 1))
FILE = Path("file")


def test_a_grid_passes_in_its_order_only() -> None:
    require_grid(FILE, "labels", grid(FACTORS), FACTORS)
    with pytest.raises(DataError, match=r"file: 'labels' is \(5, 3\); the grid 2 x 3 x 1 makes it \(6, 3\)"):
        require_grid(FILE, "labels", grid(FACTORS)[1:], FACTORS)
    swapped = grid(FACTORS)[[0, 1, 3, 2, 4, 5]]
    with pytest.raises(DataError, match="'labels' has a 1 in row 2 where the grid has 0; 2 rows differ"):
        require_grid(FILE, "labels", swapped, FACTORS)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20, unique=True), st.randoms())
def test_values_are_ranked(values: list[float], random) -> None:
    known = sorted(values)
    rows = random.choices(range(len(known)), k=30) + list(range(len(known)))
    stated = np.array([known[row] for row in rows])[:, None]
    classes, factors = ranked(FILE, "labels", stated, [Factor("a", "ordinal", len(known))])
    assert classes[:, 0].tolist() == rows
    assert factors[0].values == tuple(known)
    assert factors[0].kind == "ordinal"


def test_texts_say_more_than_numbers() -> None:
    shapes = Factor.of("shape", "categorical", ["cube", "sphere"])
    _, found = ranked(FILE, "labels", np.array([[1.0], [2.0], [1.0]]), [shapes])
    assert found == (shapes,)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ([0.5, 0.5], r"'labels' has 1 values of a \(0\.5\); there are 2"),
        ([1, 2, 3, 4, 5, 6], r"'labels' has 6 values of a \(1, 2, 3, 4, 5, \.\.\.\); there are 2"),
        ([1, np.inf], r"'labels' has 2 values of a \(1, inf\); there are 2"),
        ([], "'labels' has 0 values of a; there are 2"),
    ],
)
def test_values_that_are_not_as_many_as_classes_are_reported(stated: list[float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        ranked(FILE, "labels", np.array(stated, dtype=float)[:, None], FACTORS[:1])
