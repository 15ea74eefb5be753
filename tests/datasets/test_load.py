from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.datasets import DATASETS, Dataset
from disentangle_bench.datasets import load as loading
from disentangle_bench.datasets.load import load_dataset
from disentangle_bench.errors import DataError, DbenchError, SettingError, UnknownNameError
from disentangle_bench.settings import defaults_of


class Resizable:
    """The digits, of any size."""

    info = DATASETS.get("digits").info

    def load(
        self, data_dir: Path | None = None, *, size: int = 8, extra: bool = False, zoom: float = 1.0, key: str = "a",
        table: str | None = None,
    ) -> Dataset:  # fmt: skip
        self.asked = {"size": size, "extra": extra, "zoom": zoom, "key": key, "table": table}
        return DATASETS.get("digits").load(data_dir)


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Resizable:
    adapter = Resizable()
    monkeypatch.setattr(loading, "DATASETS", type("Registry", (), {"get": lambda self, name: adapter})())
    return adapter


def test_a_dataset_has_the_settings_that_its_adapter_takes(adapter: Resizable) -> None:
    assert defaults_of(adapter.load) == {"size": 8, "extra": False, "zoom": 1.0, "key": "a", "table": None}
    assert defaults_of(DATASETS.get("digits").load) == {}


def test_settings_reach_the_adapter(adapter: Resizable) -> None:
    load_dataset("digits", settings={"size": 16, "extra": True, "zoom": 2, "table": "factors.csv"})
    assert adapter.asked == {"size": 16, "extra": True, "zoom": 2, "key": "a", "table": "factors.csv"}


def test_numpy_numbers_are_accepted(adapter: Resizable) -> None:
    load_dataset("digits", settings={"size": np.int64(16), "extra": np.True_, "zoom": np.float32(0.5)})
    assert [(type(value), value) for value in adapter.asked.values()][:3] == [(int, 16), (bool, True), (float, 0.5)]
    load_dataset("digits", settings={"zoom": Fraction(1, 4)})
    assert adapter.asked["zoom"] == 0.25
    for settings in ({"size": np.True_}, {"size": np.float64(16)}, {"extra": np.int64(1)}):
        with pytest.raises(SettingError):
            load_dataset("digits", settings=settings)


def test_an_unknown_setting_is_reported_with_those_that_there_are(adapter: Resizable) -> None:
    with pytest.raises(UnknownNameError, match="setting of the dataset 'digits' named 'sise'") as caught:
        load_dataset("digits", settings={"sise": 16})
    assert "'size'" in caught.value.remedy


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": "16"}, "size = '16' of the dataset 'digits' is invalid: input should be a valid integer"),
        ({"size": True}, "size = True .* is invalid: input should be a valid integer"),
        ({"size": 1.5}, "is invalid: input should be a valid integer"),
        ({"extra": 1}, "is invalid: input should be a valid boolean"),
        ({"key": 3}, "is invalid: input should be a valid string"),
        ({"zoom": True}, "is invalid: input should be a valid number"),
    ],
)
def test_a_value_of_another_type_is_reported(adapter: Resizable, settings, message: str) -> None:
    with pytest.raises(SettingError, match=message) as caught:
        load_dataset("digits", settings=settings)
    assert "The default is" in caught.value.remedy


def test_real_ones_are_loaded_by_name() -> None:
    np.testing.assert_array_equal(load_dataset("digits").images, DATASETS.get("digits").load().images)
    with pytest.raises(DbenchError, match="The dataset 'digits' takes no settings, and 'size' was given"):
        load_dataset("digits", settings={"size": 3})
    with pytest.raises(UnknownNameError) as caught:
        load_dataset("sprites", settings={"correlations": "shape:scale=0.4"})
    assert "correlate" in caught.value.remedy
    with pytest.raises(UnknownNameError, match="dataset named 'digit'"):
        load_dataset("digit")
    with pytest.raises(UnknownNameError, match="dataset named 3"):
        load_dataset(3)
    assert load_dataset("sprites", settings={"size": np.int64(32)}).info.shape == (1, 32, 32)


def test_a_list_stands_for_several_names() -> None:
    settings = {"shapes": ["heart"], "positions": 2, "orientations": 1}
    assert load_dataset("sprites", settings=settings).info.images == 24
    with pytest.raises(SettingError, match="shapes = 'heart' of the dataset 'sprites' is invalid"):
        load_dataset("sprites", settings={"shapes": "heart"})


def test_an_embedded_dataset_takes_no_folder(tmp_path: Path) -> None:
    assert len(load_dataset("digits", None).images) == 1797
    with pytest.raises(DataError, match=f"--data-dir names {tmp_path}, but the dataset 'digits' is embedded"):
        load_dataset("digits", tmp_path)
