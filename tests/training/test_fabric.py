"""Device, precision and number of processes: what is chosen, and what is refused before anything begins."""

from __future__ import annotations

import pytest
import torch

from disentangle_bench.errors import DeviceError, SettingError
from disentangle_bench.training.fabric import PRECISIONS, Machine, choose_precision, make_fabric

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def no_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


class TestPrecision:
    @pytest.mark.parametrize(
        ("device", "has_bf16", "chosen"), [(CPU, True, "32"), (CUDA, True, "bf16-mixed"), (CUDA, False, "32")]
    )
    def test_auto(self, monkeypatch: pytest.MonkeyPatch, device: torch.device, has_bf16: bool, chosen: str) -> None:
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: has_bf16)
        assert choose_precision("auto", device) == chosen

    @pytest.mark.parametrize("name", [name for name in PRECISIONS if name != "auto"])
    def test_by_name_on_a_gpu(self, name: str) -> None:
        assert choose_precision(name, CUDA) == name

    def test_half_on_a_cpu_is_refused(self) -> None:
        with pytest.raises(DeviceError, match="--precision 16-mixed needs a CUDA device") as caught:
            choose_precision("16-mixed", CPU)
        assert "bf16-mixed" in caught.value.remedy

    @pytest.mark.parametrize("name", ["16", "fp32", "", "64-true"])
    def test_an_unknown_one_is_refused(self, name: str) -> None:
        with pytest.raises(SettingError, match="is not a precision") as caught:
            choose_precision(name, CPU)
        assert "auto, 32, bf16-mixed, 16-mixed" in caught.value.remedy


@pytest.mark.usefixtures("no_accelerator")
class TestMachine:
    def test_without_an_accelerator_it_is_the_cpu_in_single_precision(self) -> None:
        assert Machine().info() == {
            "device": "cpu", "precision": "32-true", "devices": 1, "threads": torch.get_num_threads(),
        }  # fmt: skip
        assert Machine().options() == []

    def test_what_was_asked_for_can_be_asked_for_again(self) -> None:
        machine = Machine("cpu", "bf16-mixed", 2)
        assert machine.options() == ["--device", "cpu", "--precision", "bf16-mixed", "--devices", "2"]
        assert machine.info()["precision"] == "bf16-mixed"
        assert machine.info()["devices"] == 2

    @pytest.mark.parametrize(
        ("device", "precision", "devices", "error", "message"),
        [
            ("tpu", "auto", 1, SettingError, "'tpu' is not a device"),
            ("cuda", "auto", 1, DeviceError, "--device cuda: PyTorch .* finds no cuda device on this machine"),
            ("mps", "auto", 1, DeviceError, "finds no mps device on this machine"),
            ("cpu", "16-mixed", 1, DeviceError, "needs a CUDA device"),
            ("cpu", "8", 1, SettingError, "'8' is not a precision"),
            ("cpu", "auto", 0, SettingError, "--devices 0: at least one is required"),
            ("cpu", "auto", -2, SettingError, "--devices -2: at least one is required"),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, device: str, precision: str, devices: int, error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            Machine(device, precision, devices).info()


def test_more_gpus_than_there_are_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(DeviceError, match="--devices 3: this machine has 2 CUDA devices"):
        make_fabric("cuda", "32", 3)


def test_mps_trains_on_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(DeviceError, match="MPS trains on one device"):
        make_fabric("mps", "32", 2)


def test_a_clusters_variables_are_of_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a job of several tasks, one `dbench` with two processes is two processes of this machine."""
    for name, value in {"SLURM_NTASKS": "8", "SLURM_JOB_NAME": "job", "SLURM_JOB_ID": "1", "SLURM_PROCID": "3"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLURM_LOCALID", "3")
    fabric = make_fabric("cpu", "32", 2)
    assert fabric.world_size == 2
    assert make_fabric("cpu", "32", 1).world_size == 1
