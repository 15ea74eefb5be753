"""Memory that a process keeps between steps which allocate and free the same tensors again and again."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h
NEVER, DEFAULT_TRIM_THRESHOLD = -1, 128 * 1024
DEFAULT_MMAP_MAX = 65_536

_blocks: list[None] = []
"""One entry for each block that memory is kept in: those that lie in another change nothing."""


@contextmanager
def kept_memory() -> Iterator[None]:
    """Keep freed memory for what is allocated next, instead of returning it to the system; results do not change.

    The C library maps every large tensor anew, page by page, each of which the system fills with zeros first, and
    unmaps it when it is freed: 18,000 pages a training step on MNIST. Without that a step was measured 1.1 (float32)
    and 1.2 (bfloat16) times as fast (`python -m benchmarks.perf memory`), and the metrics of a generator 1.2 to 1.4
    times. At the end of the outermost block what is free is returned.

    Other C libraries than glibc, and other devices' memory, are left as they are.
    """
    if platform.libc_ver()[0] != "glibc":
        yield
        return
    library = ctypes.CDLL(None)
    if not _blocks:
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, NEVER)
    _blocks.append(None)
    try:
        yield
    finally:
        _blocks.pop()
        if not _blocks:
            library.mallopt(M_MMAP_MAX, DEFAULT_MMAP_MAX)
            library.mallopt(M_TRIM_THRESHOLD, DEFAULT_TRIM_THRESHOLD)
            library.malloc_trim(0)
