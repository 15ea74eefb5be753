"""The device of a name, on machines that have it and on those that do not."""

from __future__ import annotations

import pytest
import torch

from disentangle_bench.devices import DEVICES, choose_device, computes_in_bfloat16, emulates
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


@pytest.mark.parametrize(
    ("capabilities", "mkldnn", "able"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, True, True),
        ({"avx512_bf16": False, "amx_bf16": True}, True, True),
        ({"bf16": True}, True, True),
        ({"avx512_f": True, "avx_ne_convert": True, "l2_cache_size": 524288}, True, False),
        ({"avx512_bf16": True}, False, False),
    ],
)
def test_bfloat16_is_a_matter_of_instructions_and_of_onednn(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, object], mkldnn: bool, able: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: mkldnn)
    assert computes_in_bfloat16() is able


@pytest.mark.parametrize("able", [True, False])
def test_where_pytorch_lists_no_capabilities_it_is_asked_for_each(monkeypatch: pytest.MonkeyPatch, able: bool) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: able)
    assert computes_in_bfloat16() is able


def test_a_cpu_without_bfloat16_emulates_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    for able in (True, False):
        monkeypatch.setattr("disentangle_bench.devices.computes_in_bfloat16", lambda able=able: able)
        assert emulates("bf16-mixed", "auto") is emulates("bf16-mixed", "cpu") is not able
        assert not any(emulates(precision, "cpu") for precision in ("auto", "32"))
        assert not emulates("bf16-mixed", "cuda")
    pretend(monkeypatch, "cuda")
    assert not emulates("bf16-mixed", "auto")
    assert emulates("bf16-mixed", "cpu")
