"""A published set of two small files, a local web server that may serve them, and a cache of its own."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.datasets.files import downloads
from disentangle_bench.datasets.files.file import File, FileSet
from tests.datasets.server import Web, serving

FILES = {"shapes": bytes(range(256)) * 40, "labels": b"round square round"}


def declared(content: bytes) -> File:
    """What an adapter would declare of these bytes."""
    return File(hashlib.sha256(content).hexdigest(), len(content))


def idx(array: np.ndarray) -> bytes:
    """An IDX file of these bytes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def files() -> dict[str, bytes]:
    return dict(FILES)


@pytest.fixture
def published() -> FileSet:
    return FileSet("shapes", {name: declared(content) for name, content in FILES.items()}, ("SHAPES/raw",))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of the small dataset, with no other settings in the environment."""
    for name in ("DBENCH_DATA", "DBENCH_MIRROR", "DBENCH_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "datasets" / "shapes"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(downloads, "_PAUSES", (0.01, 0.01))
    with serving() as site:
        yield site
