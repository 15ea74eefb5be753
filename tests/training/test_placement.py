from __future__ import annotations

import numpy as np
import pytest
import torch

from disentangle_bench.datasets.images import LazyImages, SomeImages
from disentangle_bench.training import placement
from disentangle_bench.training.placement import placed, resident_bytes

ARRAY = np.random.default_rng(0).integers(0, 256, size=(50, 1, 4, 4), dtype=np.uint8)
CPU = torch.device("cpu")


class Drawn(LazyImages):
    """The array, when it is asked for."""

    shape = ARRAY.shape

    def read(self, rows):
        return ARRAY[rows]


def test_an_array_is_a_tensor_in_the_same_memory() -> None:
    assert placed(ARRAY, CPU).data_ptr() == ARRAY.ctypes.data


def test_images_that_fit_are_read_once() -> None:
    assert torch.equal(placed(Drawn(), CPU), torch.from_numpy(ARRAY))


def test_images_that_do_not_fit_stay_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "RESIDENT_BYTES", ARRAY.nbytes - 1)
    images = Drawn()
    assert placed(images, CPU) is images


def test_images_that_are_kept_once_they_are_drawn_are_not_waited_for() -> None:
    images = Drawn()
    images.kept = True
    assert placed(images, CPU) is images
    some = SomeImages(images, np.arange(3))
    assert placed(some, CPU) is some


def test_a_cpu_has_room_for_small_sets_and_not_for_photographs() -> None:
    assert 70_000 * 28 * 28 < resident_bytes(CPU) < 202_599 * 3 * 32 * 32


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_has_room_by_its_free_memory() -> None:
    device = torch.device("cuda")
    assert 0 < resident_bytes(device) < torch.cuda.mem_get_info(device)[1]
    assert placed(Drawn(), device).device.type == "cuda"
