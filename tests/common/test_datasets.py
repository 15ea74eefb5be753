"""What holds for every dataset, whoever registered it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from disentangle_bench.datasets import DATASETS, Adapter, Dataset
from disentangle_bench.datasets.dataset import Published
from disentangle_bench.datasets.files.fetch import fetch
from disentangle_bench.errors import DataError, DownloadError
from disentangle_bench.representation.kinds import KINDS

NAMES = sorted(DATASETS)
OWN = {name for name in NAMES if not DATASETS.get(name).info.images}
"""Those of which nothing is known before the user says where the images are."""
# One that brings no images along may have to fetch them.
LOADABLE = [
    pytest.param(name, marks=pytest.mark.slow if DATASETS.get(name).info.files else ())
    for name in NAMES
    if name not in OWN
]
LARGE = 100_000_000
"""Bytes that no test fetches; a set that has more is tested here where it has been fetched already."""


@pytest.fixture(scope="module")
def loaded() -> dict[str, Dataset | str]:
    return {}


@pytest.fixture
def dataset(
    request: pytest.FixtureRequest, loaded: dict[str, Dataset | str], monkeypatch: pytest.MonkeyPatch
) -> Dataset:
    name = request.param
    if DATASETS.get(name).info.bytes > LARGE:
        monkeypatch.setenv("DBENCH_OFFLINE", "1")
    if name not in loaded:
        try:
            loaded[name] = DATASETS.get(name).load()
        except DownloadError as error:
            loaded[name] = f"{name} cannot be had here: {error}"
    answer = loaded[name]
    if isinstance(answer, str):
        pytest.skip(answer)
    return answer


def some(dataset: Dataset) -> NDArray[np.uint8]:
    """Images from the whole set, not too many for those that are drawn or read one by one."""
    return dataset.images[np.linspace(0, dataset.info.images - 1, 300).astype(np.int64)]


def test_every_dataset_is_collected_and_has_tests_of_its_own() -> None:
    assert set(NAMES) == set(DATASETS)
    assert {"digits", "mnist"} <= set(NAMES)
    here = Path(__file__).parent.parent / "datasets"
    for name in NAMES:
        module = type(DATASETS.get(name)).__module__
        if module.startswith("disentangle_bench."):
            assert (here / f"test_{module.rpartition('.')[2]}.py").is_file(), f"{name} has no tests of its own"


@pytest.mark.parametrize("name", NAMES)
def test_facts_are_complete(name: str) -> None:
    adapter: Adapter = DATASETS.get(name)
    info = adapter.info
    assert info.name == name
    assert info.title.strip()
    assert info.license.strip()
    assert info.citation.strip()
    assert info.images > 0 or (name in OWN and not info.factors and not info.files)
    assert len(info.shape) == 3
    assert min(info.shape) > 0 or name in OWN
    factors = {factor.name: factor for factor in info.factors}
    assert len(factors) == len(info.factors)
    assert {factor.kind for factor in info.factors} <= set(KINDS)
    assert all((factor.size is None) == (factor.kind == "continuous") for factor in info.factors)
    assert info.labels is None or factors[info.labels].kind == "categorical"
    for file in info.files.values():
        assert file.sha256 is None or len(bytes.fromhex(file.sha256)) == 32
        assert file.md5 is None or (len(bytes.fromhex(file.md5)) == 16 and not file.sha256 and not file.verified)
        assert file.bytes is None or file.bytes > 0
    assert (info.bytes > 0) == bool(info.files)


@pytest.mark.parametrize("name", [name for name in NAMES if DATASETS.get(name).info.files])
def test_files_can_be_asked_for_without_loading(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    adapter = cast(Published, DATASETS.get(name))
    sources = list(adapter.sources())
    assert sources
    assert len({source.name for source in sources}) == len(sources), "a failure names the source"
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path))
    monkeypatch.delenv("DBENCH_DATA", raising=False)
    monkeypatch.delenv("DBENCH_MIRROR", raising=False)
    if any(not source.network for source in sources):
        return  # it may have them
    with pytest.raises(DownloadError) as caught:
        fetch(adapter.info.file_set, adapter.sources, optional=True)
    for source in sources:
        assert f"{source.name}: not tried" in caught.value.problem


@pytest.mark.parametrize("name", sorted(OWN))
def test_the_users_own_have_to_be_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"The dataset '{name}' is your own, and no path to it was given") as caught:
        DATASETS.get(name).load()
    assert caught.value.remedy == "Give it with --data-dir, or data_dir=."
    with pytest.raises(DataError, match="nothing does not exist"):
        DATASETS.get(name).load(tmp_path / "nothing")


@pytest.mark.parametrize("dataset", LOADABLE, indirect=True)
def test_facts_are_true(dataset: Dataset) -> None:
    info = dataset.info
    assert dataset.images.shape == (info.images, *info.shape)
    assert dataset.images.dtype == np.uint8
    if dataset.factors is not None:
        assert dataset.factors.names == tuple(factor.name for factor in info.factors)
        assert dataset.factors.kinds == tuple(factor.kind for factor in info.factors)
        assert len(dataset.factors) == info.images
        for factor in info.factors:
            if factor.size is not None:
                assert set(np.unique(dataset.factors.column(factor.name))) <= set(range(factor.size))


@pytest.mark.parametrize("dataset", LOADABLE, indirect=True)
def test_images_use_the_range_of_a_byte_and_differ(dataset: Dataset) -> None:
    images = some(dataset)
    assert images.min() <= 16
    assert images.max() >= 250
    assert images[:100].std(axis=0).max() > 10


@pytest.mark.parametrize("dataset", LOADABLE, indirect=True)
def test_both_splits_hold_images_of_every_class(dataset: Dataset) -> None:
    assert dataset.train.dtype == bool
    assert 0.5 < dataset.train.mean() < 1
    assert len(dataset.split("train")) + len(dataset.split("test")) == dataset.info.images
    labels = dataset.labels()
    if labels is not None:
        classes = set(labels.tolist())
        assert set(dataset.labels("train").tolist()) == set(dataset.labels("test").tolist()) == classes
        assert classes == set(range(len(classes)))


@pytest.mark.parametrize("dataset", LOADABLE, indirect=True)
def test_loading_again_gives_the_same(dataset: Dataset) -> None:
    again = DATASETS.get(dataset.info.name).load()
    np.testing.assert_array_equal(some(again), some(dataset))
    np.testing.assert_array_equal(again.train, dataset.train)
    np.testing.assert_array_equal(again.factors, dataset.factors)
