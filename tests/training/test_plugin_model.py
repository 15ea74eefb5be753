"""A model of another package: registered, trained, killed, resumed and evaluated without a change to this one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from disentangle_bench.representation import open_representation
from disentangle_bench.run import Run

pytestmark = pytest.mark.slow

RECIPE = """
name = "toy-vae-digits"
steps = 50
batch_size = 64
checkpoint_every = 20

[model]
name = "toy-vae"
beta = 2.0

[dataset]
name = "digits"

[optimizer.vae]
lr = 1e-3
beta1 = 0.9

[latents]
codes = [{ kind = "gaussian" }, { kind = "gaussian" }, { kind = "gaussian" }]
"""
KILL_IN_STEP_33 = """

import os
import signal

_update, _calls = ToyVAE.update, []


def _killed(self, draw, play):
    _calls.append(None)
    if len(_calls) == 33:
        os.kill(os.getpid(), signal.SIGKILL)
    return _update(self, draw, play)


ToyVAE.update = _killed
"""
Dbench = Callable[..., "subprocess.CompletedProcess[str]"]


def install(folder: Path, code: str = "") -> None:
    """The toy VAE as a package with an entry point, in a folder for PYTHONPATH."""
    info = folder / "toy_vae-1.0.dist-info"
    info.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("toy_vae.py"), folder)
    with (folder / "toy_vae.py").open("a") as file:
        file.write(code)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-vae\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[disentangle_bench.models]\ntoy-vae = toy_vae:ToyVAE\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    install(folder / "plugin")
    install(folder / "killed", KILL_IN_STEP_33)
    (folder / "toy.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def dbench(folder: Path) -> Dbench:
    """The command line in a process that has the plug-in, which may be the one that gets killed."""

    def call(*words: str, plugin: str = "plugin") -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(filter(None, (str(folder / plugin), os.environ.get("PYTHONPATH", ""))))
        environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "200", "NO_COLOR": "1"}
        command = [sys.executable, "-c", "from disentangle_bench.cli import main; main()", *words]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    return call


TRAIN = ("train", "toy.toml", "--device", "cpu", "--out")


@pytest.fixture(scope="module")
def straight(folder: Path, dbench: Dbench) -> Run:
    done = dbench(*TRAIN, "straight")
    assert (done.returncode, done.stdout) == (0, "straight\n"), done.stderr
    assert "  reconstruction " in done.stderr
    assert "  KL in nats: c1 " in done.stderr
    return Run(folder / "straight")


def test_the_log_has_what_the_model_declares(straight: Run) -> None:
    first, *_, last = straight.log()
    assert list(last["KL"]) == ["c1", "c2", "c3"]
    assert last["reconstruction_loss"] < first["reconstruction_loss"]
    assert straight.status == "ok"


def test_killed_and_resumed_it_ends_with_the_same_bits(
    folder: Path, dbench: Dbench, straight: Run, same_run: Callable[[Path, Path], None]
) -> None:
    assert dbench(*TRAIN, "stopped", plugin="killed").returncode == -9
    stopped = Run(folder / "stopped")
    assert [path.name for path in stopped.checkpoints.iterdir()] == ["step-00000020.safetensors"]
    resumed = dbench(*TRAIN, "stopped", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    same_run(stopped.path, straight.path)


def test_is_evaluated_as_any_other(dbench: Dbench, straight: Run) -> None:
    asked = ["mig", "mig/chen", "mutual-information", "traversal-consistency"]
    done = dbench("eval", str(straight.path), "--metrics", ",".join(asked), "--no-levels", "--format", "json")
    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)["scores"]
    assert {score["metric"] for score in scores.values() if score["value"] is not None} == set(asked)
    codes = open_representation(straight.representation_file).codes
    assert (codes.names, codes.kinds) == (("c1", "c2", "c3"), ("continuous",) * 3)
    assert (straight.figures / "traversal-c1.pdf").is_file()
    assert (straight.figures / "information.pdf").is_file()


def test_its_images_are_drawn(folder: Path, dbench: Dbench, straight: Run) -> None:
    done = dbench("sample", str(straight.path), "--sweep", "c1=all", "--sweep", "c2=-1..1:3", "--out", "vae.png")
    assert (done.returncode, done.stdout, done.stderr) == (0, "vae.png\n", "")
    assert (folder / "vae.png").read_bytes().startswith(b"\x89PNG")


def test_is_listed(dbench: Dbench) -> None:
    listed = dbench("list", "models", "--format", "json")
    (toy,) = (entry for entry in json.loads(listed.stdout) if "toy-vae" in entry.values())
    assert "VAE with one hidden layer: the codes are its latent dimensions." in toy.values()
    assert "arXiv:1312.6114, eq. 10" in toy.values()


def test_a_setting_that_it_does_not_have_is_named(dbench: Dbench) -> None:
    done = dbench("train", "toy.toml", "--device", "cpu", "--out", "other", "--set", "model.betta=4")
    assert done.returncode == 2
    assert "There is no setting of the model 'toy-vae' named 'betta'" in done.stderr
    assert "'beta'" in done.stderr
