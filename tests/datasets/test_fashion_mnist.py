from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.datasets import fashion_mnist as module
from disentangle_bench.datasets.fashion_mnist import FashionMnist, fashion_mnist
from disentangle_bench.datasets.files.sources import PackedFolder, WebFolder
from disentangle_bench.errors import DataError, DownloadError
from tests.datasets.conftest import declared, idx

ARRAYS = {
    "train-images-idx3-ubyte": np.random.default_rng(0).integers(256, size=(3, 28, 28), dtype=np.uint8),
    "train-labels-idx1-ubyte": np.array([9, 0, 3], dtype=np.uint8),
    "t10k-images-idx3-ubyte": np.zeros((1, 28, 28), dtype=np.uint8),
    "t10k-labels-idx1-ubyte": np.array([5], dtype=np.uint8),
}


@pytest.fixture
def small(cache: Path) -> FashionMnist:
    """Fashion-MNIST with four images, the last one black."""
    adapter = FashionMnist()
    files = {name: declared(idx(array)) for name, array in ARRAYS.items()}
    adapter.info = replace(fashion_mnist.info, images=4, files=files)
    return adapter


@pytest.mark.parametrize("folder", [".", "fashion-mnist", "FashionMNIST/raw"])
def test_loads_from_a_folder(small: FashionMnist, tmp_path: Path, folder: str) -> None:
    place = tmp_path / "data" / folder
    place.mkdir(parents=True)
    for name, array in ARRAYS.items():
        (place / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
    dataset = small.load(tmp_path / "data")
    np.testing.assert_array_equal(dataset.images[:3, 0], ARRAYS["train-images-idx3-ubyte"])
    assert dataset.labels().tolist() == [9, 0, 3, 5]
    assert [dataset.info.factors[0].values[label] for label in dataset.labels()] == [
        "ankle boot", "T-shirt/top", "dress", "sandal",
    ]  # fmt: skip
    assert dataset.train.tolist() == [True, True, True, False]
    assert dataset.factors.values[3].tolist() == [5, 0, 0, 0, 0, 0], "a black image has 0 of all that is measured"


def test_a_truncated_file_is_reported(small: FashionMnist, tmp_path: Path) -> None:
    for name, array in ARRAYS.items():
        (tmp_path / name).write_bytes(idx(array))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(ARRAYS["train-images-idx3-ubyte"])[:-9])
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte has 2,359 bytes instead of 2,368"):
        small.load(tmp_path)


def test_sources_are_debians_package_and_then_torchvisions_mirrors() -> None:
    from torchvision.datasets import FashionMNIST

    first, *mirrors = fashion_mnist.sources()
    assert first == PackedFolder(Path("/usr/share/datasets/fashion-mnist"))
    assert mirrors == [WebFolder(url, suffix=".gz") for url in FashionMNIST.mirrors]
    assert {name.removesuffix(".gz") for name, _ in FashionMNIST.resources} == set(fashion_mnist.info.files)
    named = [name.lower() for name in FashionMNIST.classes]
    assert [str(name).lower() for name in module.fashion_mnist.info.factors[0].values] == named


@pytest.mark.slow
def test_the_real_files_are_whole() -> None:
    try:
        dataset = fashion_mnist.load(measures=False)
    except DownloadError as error:
        pytest.skip(f"Fashion-MNIST cannot be had here: {error}")
    assert dataset.images.shape == (70_000, 1, 28, 28)
    # As published: as many of each class, and the mean and spread that everybody normalizes with.
    assert np.bincount(dataset.labels("train")).tolist() == [6000] * 10
    assert np.bincount(dataset.labels("test")).tolist() == [1000] * 10
    train = dataset.split("train") / np.float32(255)
    assert train.mean(dtype=np.float64) == pytest.approx(0.2860, abs=5e-5)
    assert train.std(dtype=np.float64) == pytest.approx(0.3530, abs=5e-5)
