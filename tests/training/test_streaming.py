"""Streamed batches are a function of seed and step alone, and read each block about once an epoch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from disentangle_bench.datasets.images import LazyImages
from disentangle_bench.errors import DataError, SettingError
from disentangle_bench.recipe import Recipe
from disentangle_bench.storage import sha256
from disentangle_bench.training import placement, streaming
from disentangle_bench.training.batches import Batches
from disentangle_bench.training.streaming import StreamedBatches, StreamedImages, window_size
from disentangle_bench.training.train import train_recipe


class Numbered(LazyImages):
    """Images of one row of two pixels that tell their number; notes what is read."""

    def __init__(self, count: int, block: int = 1) -> None:
        self.shape, self.block = (count, 1, 1, 2), block
        self.asked: list[np.ndarray] = []

    def read(self, rows):
        self.asked.append(rows)
        return np.stack([rows // 256, rows % 256], axis=1).astype(np.uint8).reshape(-1, 1, 1, 2)


def shown(batch: torch.Tensor) -> list[int]:
    pixels = (batch * 255).round().to(torch.int64).reshape(len(batch), 2)
    return (pixels[:, 0] * 256 + pixels[:, 1]).tolist()


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "WINDOW_BATCHES", 3)
    monkeypatch.setattr(streaming, "LEAST_BYTES", 64)
    monkeypatch.setattr(streaming, "WINDOW_BLOCKS", 4)


counts = {
    "size": st.integers(2, 20),
    "extra": st.integers(0, 200),
    "seed": st.integers(0, 2**62),
    "block": st.sampled_from([1, 2, 7, 64]),
}


@settings(max_examples=40)
@given(**counts, step=st.integers(1, 200))
def test_a_batch_is_a_function_of_seed_and_step(size: int, extra: int, seed: int, block: int, step: int) -> None:
    images = Numbered(size + extra, block)
    straight, elsewhere = StreamedBatches(images, size, seed), StreamedBatches(images, size, seed)
    elsewhere.at(1)
    elsewhere.at(step + 7)
    assert torch.equal(straight.at(step), elsewhere.at(step))
    straight.close()
    elsewhere.close()


@settings(max_examples=40)
@given(**counts)
def test_an_epoch_shows_no_image_twice(size: int, extra: int, seed: int, block: int) -> None:
    batches = StreamedBatches(Numbered(size + extra, block), size, seed)
    for epoch in (0, 1):
        steps = range(epoch * batches.per_epoch + 1, (epoch + 1) * batches.per_epoch + 1)
        seen = [number for step in steps for number in shown(batches.at(step))]
        assert len(seen) == len(set(seen)) == batches.per_epoch * size
    batches.close()


@settings(max_examples=40)
@given(share=st.integers(2, 6), world=st.integers(1, 3), extra=st.integers(0, 60), step=st.integers(1, 40))
@pytest.mark.parametrize("block", [1, 5])
def test_the_processes_share_a_batch(share: int, world: int, extra: int, step: int, block: int) -> None:
    size = share * world
    images = Numbered(size + extra, block)
    ranks = [StreamedBatches(images, size, 3, rank, world) for rank in range(world)]
    alone = StreamedBatches(images, size, 3)
    assert [number for rank in ranks for number in shown(rank.at(step))] == shown(alone.at(step))
    for batches in (*ranks, alone):
        batches.close()


@pytest.mark.parametrize("step", [1, 2, 9, 10, 11, 35])
def test_without_blocks_the_order_is_that_of_images_on_the_device(step: int) -> None:
    images = Numbered(100)
    streamed = StreamedBatches(images, 10, 5)
    assert torch.equal(streamed.at(step), Batches(torch.from_numpy(images[:]), 10, 5).at(step))
    streamed.close()


def test_each_block_is_read_about_once_an_epoch_and_neighbors_are_shown_apart() -> None:
    images = Numbered(4000, block=20)
    batches = StreamedBatches(images, 50, 0)
    seen = [number for step in range(1, 81) for number in shown(batches.at(step))]
    batches.close()
    assert sorted(seen) == list(range(4000))
    blocks_of_windows = [set((rows // 20).tolist()) for rows in images.asked[:50]]
    assert sum(map(len, blocks_of_windows)) == 200
    assert np.mean(np.abs(np.diff(seen)) <= 20) < 0.4
    assert np.corrcoef(seen, np.arange(4000))[0, 1] < 0.3


def test_a_window_has_room_for_blocks_but_not_for_too_much() -> None:
    assert window_size(Numbered(10**6), 128) == 3 * 128
    assert window_size(Numbered(10**6, block=1000), 128) == 4000
    assert window_size(Numbered(10**6, block=10), 128) == 40
    assert window_size(Numbered(10**6, block=2**27), 128) == 2**27


def test_the_next_windows_are_read_while_a_batch_is_in_use() -> None:
    images = Numbered(400)
    batches = StreamedBatches(images, 10, 0)
    batches.at(1)
    for future in batches._read.values():
        future.result(timeout=60)
    assert len(images.asked) == 3
    batches.at(2)
    assert len(images.asked) == 3
    batches.close()


def test_what_cannot_be_read_is_told_at_the_step_that_needs_it() -> None:
    class Broken(Numbered):
        def read(self, rows):
            raise DataError("image 7 is damaged.")

    batches = StreamedBatches(Broken(100), 10, 0)
    with pytest.raises(DataError, match="image 7"):
        batches.at(1)
    batches.close()


@pytest.mark.parametrize(("size", "world", "message"), [(11, 1, "exceeds the 10"), (9, 2, "shared"), (2, 2, "one")])
def test_invalid_batches_are_refused(size: int, world: int, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        StreamedBatches(Numbered(10), size, 0, 0, world)


def test_images_that_are_not_in_memory_are_indexed_as_a_tensor_is() -> None:
    images = StreamedImages(Numbered(30), torch.device("cpu"))
    assert len(images) == 30
    assert shown(images[torch.tensor([4, 2])].float() / 255) == [4, 2]
    assert shown(images[:3].float() / 255) == [0, 1, 2]


def test_training_from_a_stream_ends_with_the_bits_of_training_from_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: Callable[..., Recipe]
) -> None:
    sprites = {"dataset.size": 8, "dataset.orientations": 4, "dataset.positions": 4, "dataset.name": "sprites"}
    digests = {}
    for name, room in {"memory": 2**29, "stream": 0}.items():
        monkeypatch.setattr(placement, "RESIDENT_BYTES", room)
        run = train_recipe(tiny(**sprites), out=tmp_path / name, device="cpu")
        digests[name] = sha256(run.model_file)
    assert digests["memory"] == digests["stream"]


@pytest.mark.slow
def test_a_stream_can_be_trained_on_by_two_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: Callable[..., Recipe]
) -> None:
    monkeypatch.setattr(placement, "RESIDENT_BYTES", 0)
    sprites = {"dataset.size": 8, "dataset.orientations": 4, "dataset.positions": 4, "dataset.name": "sprites"}
    run = train_recipe(tiny(**sprites), out=tmp_path / "run", device="cpu", devices=2)
    assert run.provenance()["steps"] == 4
    assert run.has_whole_model()
