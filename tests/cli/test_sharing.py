"""What `dbench train` sets before PyTorch is loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from disentangle_bench.cli.sharing import SPINS


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, SPINS),
        ({"GOMP_SPINCOUNT": "7"}, "7"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, None),
    ],
)
def test_threads_sleep_while_they_wait_unless_the_user_decides(given, expected):
    script = """if True:
        import atexit, os, sys
        from disentangle_bench.cli import main

        atexit.register(lambda: print(os.environ.get("GOMP_SPINCOUNT")))
        sys.argv = ["dbench", "train", "no-such-recipe"]
        main()
    """
    names = {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}
    others = {name: value for name, value in os.environ.items() if name not in names}
    words = [sys.executable, "-c", script]
    ended = subprocess.run(words, env=others | given, capture_output=True, text=True, check=False)
    assert ended.stdout.splitlines()[-1] == str(expected)
