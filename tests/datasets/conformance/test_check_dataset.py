"""Each rule for datasets finds the mistake that it is for, and a sound dataset breaks none."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.datasets import Dataset, DatasetInfo, Factor, File
from disentangle_bench.datasets.conformance import RULES, check_dataset
from disentangle_bench.datasets.factor import as_variables
from disentangle_bench.errors import UnknownNameError

INFO = DatasetInfo(
    name="grid",
    title="A grid",
    images=120,
    shape=(1, 8, 8),
    factors=(Factor("row", "ordinal", 3), Factor("class", "categorical", 4)),
    license="MIT",
    citation="defined here",
    labels="class",
)


class Grid:
    """Ten images of each combination of two factors; what a test gives replaces what is right."""

    def __init__(self, info: DatasetInfo = INFO, **wrong: object) -> None:
        self.info, self.wrong = info, wrong

    def load(self, data_dir: Path | None = None, *, seed: int = 0) -> Dataset:
        classes = np.stack(np.unravel_index(np.arange(120) // 10, (3, 4)), axis=1)
        images = np.random.default_rng(seed).integers(0, 256, size=(120, 1, 8, 8), dtype=np.uint8)
        made = Dataset(self.info, images, as_variables(self.info.factors, classes), np.arange(120) % 10 > 0)
        return replace(made, **{key: value() if callable(value) else value for key, value in self.wrong.items()})


def faults(adapter: object, **options: object) -> dict[str, str]:
    return {outcome.rule: outcome.fault for outcome in check_dataset(adapter, **options) if outcome.fault}


def test_a_sound_one_passes_every_rule() -> None:
    assert [outcome.rule for outcome in check_dataset(Grid())] == list(RULES)
    assert faults(Grid()) == {}
    assert faults(Grid(), settings={"seed": 3}) == {}
    with pytest.raises(UnknownNameError, match="sead"):
        check_dataset(Grid(), {"sead": 3})


@pytest.mark.parametrize(
    ("info", "rule", "says"),
    [
        ({"title": " ", "license": ""}, "title, a license", "no title and no license"),
        ({"shape": (8, 8, 1)}, "how many images", "1 channel or 3"),
        ({"train_images": 120}, "how many images", "info.train_images is 120 of 120 images; hold some out"),
        ({"train_images": 0}, "how many images", "info.train_images is 0 of 120 images"),
        (
            {"factors": (Factor("class", "ordinal", 3), Factor("class", "categorical", 4))},
            "known kinds",
            "another name",
        ),
        ({"factors": (Factor("row", "numeric", 3), INFO.factors[1])}, "known kinds", "'numeric'"),
        ({"factors": (Factor("row", "ordinal"), INFO.factors[1])}, "known kinds", "how many classes"),
        ({"factors": (Factor("row", "continuous", 3), INFO.factors[1])}, "known kinds", "a continuous one has none"),
        ({"labels": "row"}, "as its labels", "'row'"),
        ({"labels": "kind"}, "as its labels", "'kind'"),
        ({"files": {"a": File("12ab")}, "bytes": 3}, "hashes", "which is not one"),
        ({"bytes": 3}, "hashes", "0 files"),
    ],
)
def test_a_wrong_declaration(info: dict, rule: str, says: str) -> None:
    found = faults(Grid(replace(INFO, **info)))
    [fault] = [fault for name, fault in found.items() if rule in name]
    assert says in fault


def test_another_name_than_it_is_registered_under() -> None:
    assert faults(Grid(), name="gird") == {
        "has the name under which it is registered": "info.name is 'grid', and the name is 'gird'"
    }


def other_each_time() -> object:
    calls = count()
    return lambda: (
        np.full((120, 1, 8, 8), 1, np.uint8) * (np.arange(120, dtype=np.uint8) + next(calls))[:, None, None, None]
    )


def other_factors_each_time() -> object:
    calls = count()
    return lambda: as_variables(
        INFO.factors, np.stack([np.arange(120) % 3, (np.arange(120) + next(calls)) % 4], axis=1)
    )


@pytest.mark.parametrize(
    ("wrong", "rule", "says"),
    [
        ({"images": np.zeros((120, 1, 8, 8), np.uint8)}, "differ", "are equal"),
        ({"images": np.eye(120, 64, dtype=np.uint8).reshape(120, 1, 8, 8)}, "differ", "not from 0 to 1"),
        ({"images": other_each_time()}, "to the bit", "the images differ"),
        ({"train": lambda: np.ones(120, bool)}, "splits", "100%"),
        ({"train": lambda: np.arange(120) < 30}, "splits", "25%"),
        ({"train": lambda: np.arange(120) % 40 < 30}, "every class", "no image of the classes"),
        ({"train": lambda: np.arange(120)}, "splits", "give a mask"),
        ({"factors": other_factors_each_time()}, "to the bit", "the factors differ"),
        ({"factors": None}, "gives the factors", "and the dataset has none"),
    ],
)
def test_what_is_loaded_is_wrong(wrong: dict, rule: str, says: str) -> None:
    [fault, *_] = [fault for name, fault in faults(Grid(**wrong)).items() if rule in name]
    assert says in fault


def test_classes_beyond_the_declared_size() -> None:
    shifted = as_variables(INFO.factors, np.stack(np.unravel_index(np.arange(120) // 10, (3, 4)), axis=1) + 1)
    found = faults(Grid(factors=shifted))
    assert (
        "the factor 'row' has the class 3; it declares 3"
        in found["numbers the classes of factors from 0 to their size"]
    )


def test_a_split_of_another_size_than_published() -> None:
    assert faults(Grid(replace(INFO, train_images=108))) == {}
    found = faults(Grid(replace(INFO, train_images=100)))
    assert found == {
        "splits its images, most of them to train on and some to test on": (
            "108 images are to train on; info.train_images is 100"
        )
    }
    assert faults(Grid(replace(INFO, train_images=100)), settings={"seed": 1}) == {}  # a setting may split otherwise
    assert Grid(replace(INFO, train_images=108)).load().some(np.arange(20)).info.train_images is None


def test_images_that_depend_on_their_neighbors() -> None:
    class Shifting(Grid):
        def load(self, data_dir: Path | None = None) -> Dataset:
            return super().load()

    loaded = Grid().load()

    class Lazy:
        shape, dtype = loaded.images.shape, loaded.images.dtype

        def __len__(self) -> int:
            return 120

        def __getitem__(self, rows: object) -> np.ndarray:
            found = loaded.images[rows]
            return found + np.uint8(1) if np.ndim(rows) == 0 and not isinstance(rows, slice) else found

    found = faults(Shifting(images=Lazy()))
    assert found["gives each image alike alone, in any order and by a slice"].startswith("an image read alone")


def test_nothing_follows_where_nothing_is_loaded() -> None:
    class Broken(Grid):
        def load(self, data_dir: Path | None = None) -> Dataset:
            raise KeyError("images")

    class Tuple(Grid):
        def load(self, data_dir: Path | None = None) -> tuple:
            return ([], [])

    [fault] = faults(Broken()).values()
    assert fault.startswith("KeyError: 'images' (in load, test_check_dataset.py line ")
    assert list(faults(Tuple()).values()) == ["load returned tuple; return a Dataset"]
    assert (
        "the images are (120, 1, 8, 8); the adapter's info declares (90, 1, 8, 8)"
        in faults(Grid(replace(INFO, images=90)), at_hand=Grid().load()).values()
    )


def test_settings_without_a_default() -> None:
    class Unset(Grid):
        def load(self, data_dir: Path | None = None, *, side: int) -> Dataset:
            return super().load()

    assert faults(Unset())["has settings with defaults"] == "load cannot be called without 'side'"
