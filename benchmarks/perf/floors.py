"""How soon the floors are fitted: `dbench train` of each on images of one's own, PyTorch's start included."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.perf.timing import Row, Spread, report
from benchmarks.perf.training import Plan
from disentangle_bench.datasets import DATASETS

FLOORS = ("pca", "ica", "random-encoder", "pixels")
IMAGES = 10_000
MOST_SECONDS = 30


def measure(plan: Plan) -> str:
    """The report, in Markdown."""
    drawn = DATASETS.get("sprites").load().images
    count = min(IMAGES, plan.images)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows = np.random.default_rng(0).choice(len(drawn), count, replace=False)
        np.savez(folder / "images.npz", images=drawn[rows])
        seconds = plan.interleave({name: partial(train, name, folder) for name in FLOORS})
    fitted = [Row(f"seconds of {name}", Spread.of(seconds[name]), target=f"under {MOST_SECONDS}") for name in FLOORS]
    return report(f"Floors on {count:,} images of 1 x 64 x 64", fitted)


def train(name: str, folder: Path) -> None:
    words = ["train", name, "--dataset", "arrays", "--data-dir", str(folder / "images.npz")]
    with TemporaryDirectory() as out:
        words += ["--out", out]
        subprocess.run([sys.executable, "-m", "disentangle_bench", *words], check=True, capture_output=True)
