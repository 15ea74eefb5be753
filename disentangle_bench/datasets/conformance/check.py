"""Try every rule on a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from disentangle_bench.conformance import Outcome, outcomes
from disentangle_bench.datasets.conformance.declared import DECLARED
from disentangle_bench.datasets.conformance.loaded import LOADED, LOADS
from disentangle_bench.datasets.conformance.trial import Trial
from disentangle_bench.datasets.dataset import Adapter, Dataset
from disentangle_bench.settings import check_settings

RULES = {**DECLARED, **LOADED}
"""All rules by name; those of `LOADED` load the dataset."""


def check_dataset(
    adapter: Adapter,
    settings: Mapping[str, Any] | None = None,
    *,
    name: str = "",
    data_dir: Path | None = None,
    at_hand: Dataset | None = None,
) -> Iterator[Outcome]:
    """Check a dataset, one outcome at a time; one that cannot be loaded is not checked further.

    Args:
        adapter: of the dataset.
        settings: to load it with.
        name: under which it is registered; by default that of its info.
        data_dir: a folder with its files.
        at_hand: the dataset with these settings, if it is loaded already.

    Raises:
        UnknownNameError: the dataset has no such setting.
        SettingError: a setting has an invalid value.
    """
    called = name or adapter.info.name
    given = check_settings(adapter.load, settings, kind="dataset", name=called) if settings else {}
    return outcomes(RULES, Trial(adapter, called, given, data_dir, at_hand), needed=(LOADS,))
