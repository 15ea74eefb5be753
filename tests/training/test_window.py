"""Sums of what updates report, and what a model reports that it should not."""

from __future__ import annotations

import pytest
import torch

from disentangle_bench.errors import DbenchError
from disentangle_bench.training.window import Window


def test_sums_in_the_order_of_the_keys() -> None:
    window = Window(["a", "b"], torch.device("cpu"))
    for value in (1.0, 2.0):
        window.add({"b": torch.tensor(10 * value), "a": torch.tensor(value, requires_grad=True), "more": None})
    assert (window.sums.tolist(), window.steps) == ([3.0, 30.0], 2)
    assert not window.sums.requires_grad


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (None, "'a', 'b'"),
        ({}, "'a', 'b'"),
        ({"a": torch.tensor(1.0)}, "'b'"),
        ({"a": torch.tensor(1.0), "b": 2.0}, "'b'"),
        ({"a": torch.tensor([1.0]), "b": torch.tensor(1.0)}, "'a'"),
    ],
)
def test_what_a_model_should_not_report_is_its_mistake(values: object, named: str) -> None:
    with pytest.raises(DbenchError, match=f"update reports no scalar tensor {named}, which"):
        Window(["a", "b"], torch.device("cpu")).add(values)
