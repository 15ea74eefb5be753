"""The contract of models: their state, and the names of what they report."""

from __future__ import annotations

import pytest
import torch

from disentangle_bench.means import Mean, log_values
from disentangle_bench.models.model import part
from tests.models.two_players import TwoPlayers


def test_a_state_comes_back_and_other_tensors_are_ignored() -> None:
    model, other = TwoPlayers(), TwoPlayers()
    other.load({**model.state(), "all_optimizer.0.step": torch.ones(1)})
    assert all(torch.equal(value, other.state()[name]) for name, value in model.state().items())
    with pytest.raises(RuntimeError):
        other.load({name: value for name, value in model.state().items() if not name.startswith("F.")})


def test_a_part_has_whole_names() -> None:
    tensors = {"G.a": torch.zeros(1), "G_optimizer.0.step": torch.ones(1), "D.a": torch.ones(1)}
    assert part("G", tensors).keys() == {"a"}


def test_means_of_a_group_are_nested_in_the_log() -> None:
    means = [Mean("loss", label="D"), Mean("c1", "L_I"), Mean("c2", "L_I")]
    assert [mean.key for mean in means] == ["loss", "L_I/c1", "L_I/c2"]
    assert [str(mean) for mean in means] == ["loss", "L_I of c1", "L_I of c2"]
    values = {"loss": 1.0, "L_I/c1": 2.0, "L_I/c2": 3.0}
    assert log_values(means, values) == {"loss": 1.0, "L_I": {"c1": 2.0, "c2": 3.0}}
