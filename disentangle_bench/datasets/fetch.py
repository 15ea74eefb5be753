"""Having the files of any dataset, without loading it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from disentangle_bench.datasets.cache import obtain
from disentangle_bench.datasets.dataset import Adapter, Published


def fetch(adapter: Adapter) -> dict[str, Path]:
    """Paths of the files of a dataset, every one verified, fetched if need be; none for an embedded set.

    Raises:
        DownloadError: some file could not be had. StorageError: the cache cannot be written.
    """
    if not adapter.facts.files:
        return {}
    return obtain(adapter.facts, cast(Published, adapter).sources)
