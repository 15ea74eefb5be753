"""Checkpoints come back bit for bit, or not at all."""

from __future__ import annotations

import errno
import logging
import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from disentangle_bench.errors import StorageError
from disentangle_bench.models.model import part
from disentangle_bench.models.optimizers import make_optimizer
from disentangle_bench.recipe import AdamWSettings, OptimizerSettings, RMSpropSettings, SGDSettings
from disentangle_bench.training.checkpoint import (
    Checkpoint,
    keep_last,
    load_checkpoint,
    newest_step,
    pack_optimizer,
    save_checkpoint,
    unpack_optimizer,
)

EXTRAS = {"precision": {}, "window": {"steps": 3, "seconds": 0.1 + 0.2}}


def sample(step: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(step)
    return {
        "weight": torch.randn(3, 4, 2, 2, generator=generator).to(memory_format=torch.channels_last),
        "half": torch.randn(5, generator=generator).to(torch.bfloat16),
        "count": torch.tensor(step),
        "scalar": torch.tensor(1.5, dtype=torch.float64),
    }


def save(folder: Path, *steps: int) -> list[Path]:
    return [save_checkpoint(folder, Checkpoint(step, sample(step), EXTRAS)) for step in steps]


def steps_in(folder: Path) -> list[int]:
    return sorted(int(path.stem.removeprefix("step-")) for path in folder.iterdir())


class TestRoundTrip:
    def test_is_exact(self, tmp_path: Path) -> None:
        save(tmp_path, 7)
        loaded = load_checkpoint(tmp_path)
        assert loaded is not None
        assert (loaded.step, loaded.extras) == (7, EXTRAS)
        assert loaded.tensors.keys() == sample().keys()
        for name, value in sample(7).items():
            assert loaded.tensors[name].dtype == value.dtype
            assert torch.equal(loaded.tensors[name], value), name

    def test_of_values_that_are_no_numbers(self, tmp_path: Path) -> None:
        odd = torch.tensor([float("nan"), float("inf"), -0.0])
        save_checkpoint(tmp_path, Checkpoint(1, {"odd": odd}))
        loaded = load_checkpoint(tmp_path)
        assert loaded is not None
        assert torch.equal(loaded.tensors["odd"].view(torch.int32), odd.view(torch.int32))

    def test_of_parameters_that_learn(self, tmp_path: Path) -> None:
        weight = nn.Parameter(torch.randn(3))
        save_checkpoint(tmp_path, Checkpoint(1, {"weight": weight}))
        loaded = load_checkpoint(tmp_path)
        assert loaded is not None
        assert torch.equal(loaded.tensors["weight"], weight)

    def test_the_file_is_for_all_to_read(self, tmp_path: Path) -> None:
        (path,) = save(tmp_path, 1)
        (tmp_path / "other").touch()
        assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


class TestKeeping:
    def test_the_last_two(self, tmp_path: Path) -> None:
        save(tmp_path, 10, 20, 30, 40)
        assert steps_in(tmp_path) == [30, 40]
        assert newest_step(tmp_path) == 40

    def test_steps_are_compared_as_numbers(self, tmp_path: Path) -> None:
        save(tmp_path, 99_999_999, 100_000_000, 100_000_001)
        assert steps_in(tmp_path) == [100_000_000, 100_000_001]
        loaded = load_checkpoint(tmp_path)
        assert loaded is not None
        assert loaded.step == 100_000_001

    def test_one_that_comes_after_damaged_ones_is_not_taken_for_old(self, tmp_path: Path) -> None:
        for path in save(tmp_path, 30, 40):
            path.write_bytes(b"")
        save(tmp_path, 10)
        assert steps_in(tmp_path) == [10]

    def test_other_files_stay(self, tmp_path: Path) -> None:
        (tmp_path / "step-notes.safetensors").touch()
        (tmp_path / "best.safetensors").touch()
        keep_last(tmp_path, 5)
        assert len(list(tmp_path.iterdir())) == 2

    def test_without_any(self, tmp_path: Path) -> None:
        assert load_checkpoint(tmp_path / "none") is None
        assert newest_step(tmp_path / "none") == 0


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_last_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def strip_metadata(path: Path) -> None:
    save_file(load_file(path), path)


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = [truncate, cut_in_half, empty, flip_last_bit, strip_metadata, append, replace_by_folder]


class TestDamage:
    @pytest.mark.parametrize("damage", DAMAGES)
    def test_the_one_before_is_loaded_and_this_is_reported(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: object
    ) -> None:
        _, newest = save(tmp_path, 10, 20)
        damage(newest)  # type: ignore[operator]
        loaded = load_checkpoint(tmp_path)
        assert loaded is not None
        assert loaded.step == 10
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        assert f"Checkpoint {newest} is damaged: " in record.message
        assert "Trying the one before it." in record.message

    def test_without_an_intact_one_training_starts_over_and_this_is_reported(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        for path in save(tmp_path, 10, 20):
            cut_in_half(path)
        assert load_checkpoint(tmp_path) is None
        assert len(caplog.records) == 3
        assert f"No checkpoint in {tmp_path} is intact: training starts from the first step." in caplog.text

    def test_every_bit_counts(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """Of the header, whose step and extras matter as much as the tensors, every byte; of these, some."""
        (path,) = save(tmp_path, 10)
        content = path.read_bytes()
        header = 8 + int.from_bytes(content[:8], "little")
        chosen = random.Random(0)
        places = [*range(header), *(chosen.randrange(header, len(content)) for _ in range(200))]
        loaded = []
        for place in places:
            flipped = bytearray(content)
            flipped[place] ^= 1 << chosen.randrange(8)
            path.write_bytes(flipped)
            survivor = load_checkpoint(tmp_path)
            if survivor is not None:
                loaded.append(survivor)
        for survivor in loaded:  # a bit that changes nothing, such as white space, may pass
            assert (survivor.step, survivor.extras) == (10, EXTRAS)
            assert all(torch.equal(survivor.tensors[name], value) for name, value in sample(10).items())
        assert len(loaded) < 0.02 * len(places)
        assert caplog.records

    def test_one_that_may_not_be_read_is_not_taken_for_damaged(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (path,) = save(tmp_path, 10)

        def refuse(self: Path, *_: object, **__: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))

        monkeypatch.setattr(Path, "open", refuse)
        with pytest.raises(StorageError, match=rf"Could not read {path}: Permission denied"):
            load_checkpoint(tmp_path)


class TestFullDisk:
    def test_leaves_those_before_and_nothing_half_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save(tmp_path, 10, 20)
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        whole = Path.write_bytes

        def run_out(self: Path, content: bytes) -> int:
            whole(self, content[:100])
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", run_out)
        with pytest.raises(StorageError, match=r"Could not write .*step-00000030.*: No space left") as caught:
            save(tmp_path, 30)
        assert "Free some space" in caught.value.remedy
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


class TestOptimizer:
    """Adam's moments come back in the memory layout of their weights, which the fused update walks side by side."""

    def network(self) -> nn.Sequential:
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(3, 8, 4), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8 * 9, 5))
        return network.to(memory_format=torch.channels_last)

    def learn(self, network: nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> None:
        for step in steps:
            images = torch.rand(4, 3, 6, 6, generator=torch.Generator().manual_seed(step))
            optimizer.zero_grad()
            network(images.to(memory_format=torch.channels_last)).square().sum().backward()
            optimizer.step()

    def adam(self, network: nn.Module) -> torch.optim.Adam:
        return torch.optim.Adam(network.parameters(), lr=1e-2, betas=(0.5, 0.999), fused=True)

    def test_a_resumed_one_goes_on_bit_for_bit(self, tmp_path: Path) -> None:
        straight = self.network()
        self.learn(straight, self.adam(straight), range(6))

        first = self.network()
        optimizer = self.adam(first)
        self.learn(first, optimizer, range(3))
        tensors = {f"N.{name}": value for name, value in first.state_dict().items()} | pack_optimizer("adam", optimizer)
        save_checkpoint(tmp_path, Checkpoint(3, tensors))

        resumed, loaded = self.network(), load_checkpoint(tmp_path)
        assert loaded is not None
        resumed.load_state_dict(part("N", loaded.tensors))
        again = self.adam(resumed)
        unpack_optimizer("adam", again, loaded.tensors)
        for weight in resumed.parameters():
            assert again.state[weight]["exp_avg"].stride() == weight.stride()
            assert again.state[weight]["exp_avg_sq"].stride() == weight.stride()
        assert resumed[0].weight.is_contiguous(memory_format=torch.channels_last)
        self.learn(resumed, again, range(3, 6))
        for name, value in straight.state_dict().items():
            assert torch.equal(value, resumed.state_dict()[name]), name

    @pytest.mark.parametrize(
        "settings",
        [
            AdamWSettings(kind="adamw", lr=1e-2),
            RMSpropSettings(kind="rmsprop", lr=1e-3, momentum=0.5),
            SGDSettings(kind="sgd", lr=1e-3),
            SGDSettings(kind="sgd", lr=1e-3, momentum=0.9),
        ],
        ids=lambda settings: f"{settings.kind}-{getattr(settings, 'momentum', '')}",
    )
    def test_of_every_kind_resumes(self, settings: OptimizerSettings) -> None:
        straight, stopped = self.network(), self.network()
        self.learn(straight, make_optimizer(settings, straight.parameters()), range(6))
        optimizer = make_optimizer(settings, stopped.parameters())
        self.learn(stopped, optimizer, range(3))
        again = make_optimizer(settings, stopped.parameters())
        unpack_optimizer("player", again, pack_optimizer("player", optimizer))
        self.learn(stopped, again, range(3, 6))
        for name, value in straight.state_dict().items():
            assert torch.equal(value, stopped.state_dict()[name]), name

    def test_before_its_first_step(self) -> None:
        network = self.network()
        optimizer = self.adam(network)
        assert pack_optimizer("adam", optimizer) == {}
        unpack_optimizer("adam", optimizer, {})
        self.learn(network, optimizer, range(1))

    def test_settings_are_the_recipes_not_the_checkpoints(self) -> None:
        network = self.network()
        optimizer = self.adam(network)
        self.learn(network, optimizer, range(1))
        other = torch.optim.Adam(network.parameters(), lr=0.5, fused=True)
        unpack_optimizer("adam", other, pack_optimizer("adam", optimizer))
        assert other.param_groups[0]["lr"] == 0.5
