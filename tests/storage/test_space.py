from __future__ import annotations

import shutil
from collections import namedtuple

import pytest

from disentangle_bench.errors import StorageError
from disentangle_bench.storage import in_bytes, require_space


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (54_950_048, "55.0 MB"), (2e10, "20.0 GB")]
)
def test_sizes_are_said_for_people(size, said):
    assert in_bytes(size) == said


def test_space_is_asked_for_with_a_little_to_spare(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(0, 0, 2**26 + 1000))
    require_space(tmp_path, 1000, "it")
    with pytest.raises(StorageError, match=rf"{tmp_path} has 67\.1 MB free; 67\.1 MB are needed for it"):
        require_space(tmp_path, 1001, "it")
    monkeypatch.undo()
    with pytest.raises(StorageError, match="Could not ask for the free space of"):
        require_space(tmp_path / "none", 1, "it")
