"""Files: whole writes, locks, HDF5, hashes, room on the disk, and paths; what the system refuses, with a remedy."""

from __future__ import annotations

from disentangle_bench.storage.atomic import (
    atomic_path,
    flush_to_disk,
    remove_all_leftovers,
    remove_leftovers,
    write_bytes,
    write_json,
    write_text,
    write_through,
)
from disentangle_bench.storage.faults import storage_errors
from disentangle_bench.storage.hdf5 import require_own_data, write_hdf5
from disentangle_bench.storage.locks import locked, once
from disentangle_bench.storage.paths import cache_errors, usable_path, user_cache
from disentangle_bench.storage.reading import parse_json, parse_toml, require_regular, sha256
from disentangle_bench.storage.space import in_bytes, require_space, require_writable

__all__ = [
    "atomic_path",
    "cache_errors",
    "flush_to_disk",
    "in_bytes",
    "locked",
    "once",
    "parse_json",
    "parse_toml",
    "remove_all_leftovers",
    "remove_leftovers",
    "require_own_data",
    "require_regular",
    "require_space",
    "require_writable",
    "sha256",
    "storage_errors",
    "usable_path",
    "user_cache",
    "write_bytes",
    "write_hdf5",
    "write_json",
    "write_text",
    "write_through",
]
