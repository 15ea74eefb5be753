"""Suites of codes that others made, which take milliseconds, and an engine in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.work import work


class Inline:
    """Works on cells in this process; remembers which."""

    here = True

    def __init__(self) -> None:
        self.worked: list[str] = []

    def check(self) -> None:
        """Nothing can be missing."""

    def submit(self, folders: Sequence[Path]) -> Iterator[Path]:
        """Work on cells, one after the other."""
        for folder in folders:
            self.worked.append(f"{folder.parent.name}/{folder.name.rsplit('-', 1)[0]}")
            work(folder)
            yield folder


@pytest.fixture
def engine() -> Inline:
    return Inline()


SUITE = """
name = "codes"
version = 1
metrics = ["mig", "sap"]
baseline = "noisy"

[evaluation]
bootstrap = 0
levels = false

[entries.clean]
representations = ["clean/seed-*.npz"]

[entries.noisy]
representations = ["noisy/seed-*.npz"]
"""


def write_codes(path: Path, noise: float, seed: int, n: int = 300, noise_seed: int = 0) -> None:
    """Codes of two factors, which depend on the seed alone, with noise added to them."""
    factors = np.random.default_rng(seed).integers(4, size=(n, 2))
    path.parent.mkdir(exist_ok=True)
    drawn = np.random.default_rng([seed, noise_seed]).normal(size=(n, 2))
    np.savez(path, codes=factors + noise * drawn, factors=factors)


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    """A suite of two entries with three files each."""
    for name, noise in (("clean", 0.2), ("noisy", 1.0)):
        for seed in range(3):
            write_codes(tmp_path / name / f"seed-{seed}.npz", noise, seed)
    path = tmp_path / "codes.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture
def opened(suite_file: Path, tmp_path: Path) -> Callable[..., Bench]:
    """Open the suite, with more lines in its file if need be."""

    def make(more: str = "", **options: object) -> Bench:
        if more:
            suite_file.write_text(SUITE + more)
        return Bench.open(str(suite_file), out=tmp_path / "results", **options)  # type: ignore[arg-type]

    return make
