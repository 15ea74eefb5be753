"""What holds for every dataset, whoever registered it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from disentangle_bench.conformance import Outcome
from disentangle_bench.datasets import DATASETS, Dataset
from disentangle_bench.datasets.conformance import RULES, check_dataset
from disentangle_bench.datasets.conformance.declared import DECLARED
from disentangle_bench.datasets.dataset import Published
from disentangle_bench.datasets.files.fetch import fetch
from disentangle_bench.errors import DataError, DownloadError

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


def faults(outcomes: Iterable[Outcome]) -> dict[str, str]:
    return {outcome.rule: outcome.fault for outcome in outcomes if outcome.fault}


def test_every_dataset_is_collected_and_has_tests_of_its_own() -> None:
    assert set(NAMES) == set(DATASETS)
    assert {"digits", "mnist"} <= set(NAMES)
    here = Path(__file__).parent.parent / "datasets"
    for name in NAMES:
        module = type(DATASETS.get(name)).__module__
        if module.startswith("disentangle_bench."):
            assert (here / f"test_{module.rpartition('.')[2]}.py").is_file(), f"{name} has no tests of its own"


@pytest.mark.parametrize("name", NAMES)
def test_what_it_declares_follows_the_rules(name: str) -> None:
    adapter = DATASETS.get(name)
    assert faults(islice(check_dataset(adapter, name=name), len(DECLARED))) == {}
    assert adapter.info.images > 0 or (name in OWN and not adapter.info.factors)


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
def test_what_it_gives_follows_the_rules(dataset: Dataset) -> None:
    outcomes = list(check_dataset(DATASETS.get(dataset.info.name), at_hand=dataset))
    assert [outcome.rule for outcome in outcomes] == list(RULES)
    assert faults(outcomes) == {}


@pytest.mark.parametrize("dataset", LOADABLE, indirect=True)
def test_images_of_the_package_use_the_whole_range_of_a_byte(dataset: Dataset) -> None:
    images = dataset.images[np.linspace(0, dataset.info.images - 1, 300).astype(np.int64)]
    assert images.min() <= 16
    assert images.max() >= 250
    assert images[:100].std(axis=0).max() > 10


@pytest.mark.parametrize("dataset", LOADABLE, indirect=True)
def test_classes_are_numbered_without_gaps(dataset: Dataset) -> None:
    labels = dataset.labels()
    if labels is not None:
        assert set(labels.tolist()) == set(range(int(labels.max()) + 1))
