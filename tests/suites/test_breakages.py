"""Three deliberate breakages turn gates red, each for its own reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from disentangle_bench.metrics.predictor import labeling
from disentangle_bench.models.gan_with_q import GANWithQ
from disentangle_bench.models.infogan import InfoGAN
from disentangle_bench.suites.bench import EXIT_FELL_SHORT, Bench, exit_status
from tests.suites.conftest import Inline

pytestmark = pytest.mark.slow

SUITE = """
name = "gates"
version = 1
seeds = [0]
metrics = ["c1-accuracy", "mutual-information"]
baseline = "gan-with-q"

[evaluation]
bootstrap = 0
levels = false

[entries.infogan]
recipe = "infogan-digits"
settings = { steps = 300 }

[entries.gan-with-q]
recipe = "gan-with-q-digits"
settings = { steps = 300 }

[[gates]]
score = "mutual-information.c1"
entry = "infogan"
at_least = 1.5

[[gates]]
score = "mutual-information.c1"
entry = "infogan"
above_baseline = 1.0

[[gates]]
score = "c1-accuracy.accuracy"
entry = "infogan"
at_least = 0.2  # shuffled labels give 0.1; after so few steps rounding decides how much more there is
"""
FLOOR, LEAD, ACCURACY = range(3)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite and its results before anything is broken."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "gates.toml").write_text(SUITE)
    assert red(folder) == []
    return folder


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of it without some of the results, which are then made with what is broken."""

    def without(pattern: str) -> Path:
        folder = tmp_path / "copy"
        shutil.copytree(sound, folder)
        for path in folder.glob(f"results/cells/{pattern}"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return folder

    return without


def red(folder: Path) -> list[int]:
    """Run the suite; which of its gates fall short."""
    bench = Bench.open(str(folder / "gates.toml"), out=folder / "results")
    table = bench.run(Inline())
    gates = bench.check_gates(table, None)
    assert {gate.verdict for gate in gates} <= {"PASS", "FAIL"}
    fallen = [number for number, gate in enumerate(gates) if gate.verdict == "FAIL"]
    assert exit_status(table, gates) == (EXIT_FELL_SHORT if fallen else 0)
    return fallen


def test_the_information_term_is_dropped(copy: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_model: InfoGAN, L_I: Tensor, _step: int) -> Tensor:
        return 0 * L_I.sum()

    monkeypatch.setattr(InfoGAN, "weigh", nothing)
    assert {FLOOR, LEAD} <= set(red(copy("infogan/*")))


def test_the_matching_is_of_shuffled_labels(copy: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def shuffled(table: np.ndarray) -> np.ndarray:
        return np.random.default_rng(0).permutation(table.shape[0])

    monkeypatch.setattr(labeling, "one_to_one", shuffled)
    assert red(copy("*/*/run/results.json")) == [ACCURACY]


def test_the_baseline_is_given_the_information_term(
    copy: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GANWithQ, "update", InfoGAN.update)
    assert red(copy("gan-with-q/*")) == [LEAD]
