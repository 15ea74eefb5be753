"""How the processors are shared with whatever else runs on the machine."""

from __future__ import annotations

import os

SPINS = "1000"
"""How often a waiting OpenMP thread spins before it sleeps; GNU's library has 300,000."""


def share_processors() -> None:
    """Let waiting threads sleep sooner; to be called before PyTorch is loaded, which reads the variable once.

    In a training step threads wait for each other hundreds of times. Where another program keeps a processor busy, a
    thread that spins takes the time of the one that it waits for: InfoGAN on digits is then 30 times as slow as with
    threads that sleep, which cost about an eighth of its speed on an idle machine, and nothing at MNIST's size
    (`python -m benchmarks.perf sharing`). An evaluation of images would lose a quarter of its speed, and is left as it
    is. No number depends on it, and what the user has set stays.
    """
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys():
        os.environ["GOMP_SPINCOUNT"] = SPINS
