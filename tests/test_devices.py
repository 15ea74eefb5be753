"""The device of a name, on machines that have it and on those that do not."""

from __future__ import annotations

import pytest
import torch

from disentangle_bench.devices import DEVICES, choose_device
from disentangle_bench.errors import DeviceError, SettingError


def pretend(monkeypatch: pytest.MonkeyPatch, *there: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in there)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in there)


@pytest.mark.parametrize(
    ("there", "chosen"), [((), "cpu"), (("cuda",), "cuda"), (("mps",), "mps"), (("mps", "cuda"), "cuda")]
)
def test_auto_prefers_cuda_then_mps(monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], chosen: str) -> None:
    pretend(monkeypatch, *there)
    assert choose_device().type == choose_device("auto").type == chosen


@pytest.mark.parametrize("name", [name for name in DEVICES if name != "auto"])
def test_a_name_gives_that_device(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    pretend(monkeypatch, "cuda", "mps")
    assert choose_device(name) == torch.device(name)


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    pretend(monkeypatch)
    with pytest.raises(DeviceError, match=f"--device {name}: PyTorch .* finds no {name} device") as caught:
        choose_device(name)
    assert "--device cpu" in caught.value.remedy


@pytest.mark.parametrize("name", ["gpu", "cuda:1", "", "CPU"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match="is not a device") as caught:
        choose_device(name)
    assert "auto, cpu, cuda, mps" in caught.value.remedy
