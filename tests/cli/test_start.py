"""What starts at once stays light."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

HEAVY = {"torch", "torchvision", "lightning_fabric", "numpy", "scipy", "sklearn", "skimage", "matplotlib", "h5py"}
HEAVIER_THAN_HELP = HEAVY | {"pydantic"}


def modules_after(statement: str) -> set[str]:
    report = f"import sys; sys.stdout = sys.stderr; {statement}; sys.__stdout__.write('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["eval", "-h"], ["--version"], ["trian"], []])
def test_help_version_and_usage_errors_import_nothing_heavy(words):
    loaded = modules_after(f"from disentangle_bench.cli import run; run({words!r})")
    assert "disentangle_bench.cli.app" in loaded
    assert not loaded & HEAVIER_THAN_HELP


@pytest.mark.parametrize("words", [["list", "recipes"], ["show", "infogan-mnist"]])
def test_looking_at_recipes_imports_nothing_heavy(words):
    loaded = modules_after(f"from disentangle_bench.cli import run; assert run({words!r}) == 0")
    assert "disentangle_bench.recipe" in loaded
    assert not loaded & HEAVY


LIST_DATA = """
from disentangle_bench.cli import run
from disentangle_bench import storage
storage.sha256 = None
assert run(["data", "list"]) == 0
"""


def test_listing_datasets_imports_no_framework_and_hashes_nothing():
    loaded = modules_after(f"exec({LIST_DATA!r})")
    assert "disentangle_bench.datasets.mnist" in loaded
    assert not loaded & {"torch", "torchvision", "sklearn", "matplotlib", "requests"}


def test_importing_the_package_imports_nothing_heavy():
    loaded = modules_after("import disentangle_bench")
    assert not loaded & HEAVIER_THAN_HELP


def test_processes_that_fit_the_trees_of_dci_import_no_framework():
    loaded = modules_after("import disentangle_bench.metrics.predictor.dci")
    assert "sklearn.tree" in loaded
    assert not loaded & {"torch", "matplotlib"}


def test_the_table_of_a_suite_imports_no_framework_once_the_versions_of_metrics_are_cached():
    table = "from disentangle_bench.cli import run; assert run(['bench', 'table', 'smoke']) == 0"
    modules_after(table)  # reads the versions of the metrics, unless they are cached
    loaded = modules_after(table)
    assert "disentangle_bench.suites.table" in loaded
    assert not loaded & {"torch", "torchvision", "sklearn"}


@pytest.mark.parametrize("words", [["damaged.npz"], ["codes.npz", "--bootstrap", "5"]])
def test_scoring_codes_imports_no_framework(words, tmp_path):
    (tmp_path / "damaged.npz").write_bytes(b"not an archive")
    factors = np.random.default_rng(0).integers(0, 3, (60, 2))
    np.savez(tmp_path / "codes.npz", codes=factors.astype(float), factors=factors)
    words = ["eval", str(tmp_path / words[0]), *words[1:], "--metrics", "mig,sap"]
    loaded = modules_after(f"from disentangle_bench.cli import run; run({words!r})")
    assert "disentangle_bench.representation.representation" in loaded
    assert not loaded & {"torch", "matplotlib"}
