"""What only a GPU can show. Run them where there is one; elsewhere they are skipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from disentangle_bench.run import Run
from disentangle_bench.training.fabric import Machine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device on this machine"),
]
SETTINGS: dict[str, Any] = {"steps": 6, "checkpoint_every": 3}


def test_auto_takes_it_in_bfloat16_where_it_has_that() -> None:
    info = Machine().info()
    assert info["device"] == torch.cuda.get_device_name()
    assert info["precision"] == ("bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true")


@pytest.mark.parametrize("precision", ["32", "bf16-mixed", "16-mixed"])
def test_trains_in_each_precision_near_the_cpu(precision: str, tmp_path: Path, train_tiny: Callable[..., Run]) -> None:
    here = train_tiny(SETTINGS, out=tmp_path / "cpu")
    there = train_tiny(SETTINGS, out=tmp_path / "cuda", device="cuda", precision=precision)
    for first, second in zip(here.log(), there.log(), strict=True):
        assert second["discriminator_loss"] == pytest.approx(first["discriminator_loss"], abs=0.05)
    assert all(value.isfinite().all() for value in load_file(there.model_file).values())


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_a_run_that_was_stopped_goes_on(
    precision: str, tmp_path: Path, train_tiny: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    from disentangle_bench.training.loop import Loop

    options = {"device": "cuda", "precision": precision}
    straight = train_tiny(SETTINGS, out=tmp_path / "straight", **options)
    original = Loop._update

    def stop(self: Loop) -> Any:
        if self.step == 5:
            raise KeyboardInterrupt
        return original(self)

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "_update", stop)
        with pytest.raises(KeyboardInterrupt):
            train_tiny(SETTINGS, **options)
    resumed = train_tiny(SETTINGS, resume=True, **options)
    assert [entry["step"] for entry in resumed.log()] == [3, 6]
    expected = load_file(straight.model_file)
    for name, value in load_file(resumed.model_file).items():
        torch.testing.assert_close(value, expected[name], atol=0.02, rtol=0.1, msg=name)
