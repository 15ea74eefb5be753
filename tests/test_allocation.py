"""Freed memory is kept while steps run, and returned afterwards."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from disentangle_bench.allocation import kept_memory

MEASURE = """
import contextlib, resource, torch
from disentangle_bench.allocation import kept_memory

def tensor():
    return torch.ones(16 * 2**20, dtype=torch.uint8)

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 2**20

tensor()
before = resident()
with contextlib.suppress(KeyError), kept_memory():
    with kept_memory():  # its end changes nothing, since it is within another
        pass
    tensors = [tensor() for _ in range(40)]
    del tensors
    pages = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(40):
        tensor()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - pages, resident() - before)
    raise KeyError
print(resident() - before)
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or not Path("/proc/self/statm").is_file(),
    reason="other C libraries are left as they are, and only Linux tells how much memory a process holds",
)
def test_what_is_freed_is_used_again_and_returned_even_after_an_exception() -> None:
    """In a process of its own, whose memory has no gaps of other tests."""
    said = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True).stdout
    mapped_again, kept, left = map(int, said.split())
    assert mapped_again < 4096, "one tensor's pages"
    assert kept > 500, "MiB of 640"
    assert left < 100, "MiB"


def test_other_libraries_are_left_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr("ctypes.CDLL", lambda name: pytest.fail("a library was opened"))
    with kept_memory():
        pass
