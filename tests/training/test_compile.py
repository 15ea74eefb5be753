"""Compiled networks learn what the others learn."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from disentangle_bench.run import Run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not any(map(shutil.which, ("g++", "clang++", "c++"))),
        reason="torch.compile needs a C++ compiler for the CPU, and there is none here",
    ),
]


def test_compiled_networks_end_near_the_others(tmp_path: Path, train_tiny: Callable[..., Run]) -> None:
    settings = {"steps": 3, "checkpoint_every": 2}
    plain, compiled = train_tiny(settings, out=tmp_path / "a"), train_tiny(settings, out=tmp_path / "b", compile=True)
    assert compiled.provenance()["compile"] is True
    assert "--compile" in compiled.resume_command()
    one, other = load_file(plain.model_file), load_file(compiled.model_file)
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(other[name], one[name], atol=2e-3, rtol=1e-2, msg=name)
    for first, second in zip(plain.log(), compiled.log(), strict=True):
        assert second["discriminator_loss"] == pytest.approx(first["discriminator_loss"], abs=1e-3)
