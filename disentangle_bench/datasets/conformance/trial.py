"""A dataset under test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Adapter, Dataset, DatasetInfo

SOME = 300
"""How many images are looked at, from the whole set: not too many for those that are drawn or read one by one."""


@dataclass(frozen=True)
class Trial:
    """An adapter, and what it is loaded with.

    Attributes:
        adapter: of the dataset.
        name: under which it is registered; that in its info if it is not.
        settings: keyword arguments of its `load`.
        data_dir: a folder with its files.
        at_hand: the dataset, if it has been loaded.
    """

    adapter: Adapter
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    data_dir: Path | None = None
    at_hand: Dataset | None = None

    @property
    def declared(self) -> DatasetInfo:
        """What is known before the dataset is loaded."""
        return self.adapter.info

    def load(self) -> Dataset:
        return self.adapter.load(self.data_dir, **self.settings)

    @cached_property
    def dataset(self) -> Dataset:
        return self.load() if self.at_hand is None else self.at_hand

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows `(b,)` from the whole set, in ascending order."""
        return np.unique(np.linspace(0, len(self.dataset.images) - 1, SOME).astype(np.int64))
