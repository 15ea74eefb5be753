"""What is suggested to who trains on a CPU."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from disentangle_bench.recipe import Recipe
from disentangle_bench.training.fabric import Machine
from disentangle_bench.training.job import ways_to_shorten


@pytest.mark.parametrize("able", [True, False])
def test_bfloat16_is_suggested_to_a_cpu_that_computes_in_it(
    monkeypatch: pytest.MonkeyPatch, tiny: Callable[..., Recipe], able: bool
) -> None:
    monkeypatch.setattr("disentangle_bench.training.job.computes_in_bfloat16", lambda: able)
    shorter = ways_to_shorten(Machine("cpu", "32", 1).fabric(), tiny(steps=25))
    assert ("--precision bf16-mixed" in shorter) is able


def test_a_width_is_not_suggested_to_a_model_without_one(
    monkeypatch: pytest.MonkeyPatch, tiny: Callable[..., Recipe]
) -> None:
    monkeypatch.setattr("disentangle_bench.models.infogan.InfoGAN.scales_with_width", False)
    recipe = tiny(steps=25)
    assert "width" not in ways_to_shorten(Machine("cpu", "32", 1).fabric(), recipe)
