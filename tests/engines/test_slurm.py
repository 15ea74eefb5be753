"""The Slurm engine on a real cluster of one node, started for the test."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from disentangle_bench.errors import DeviceError, SettingError
from disentangle_bench.suites.engines.slurm import SlurmEngine
from tests.engines.conftest import command, require_same, run, wait_for, workers_of

SCRIPT = Path(__file__).with_name("slurm_cluster.sh")
PATH = f"{os.environ['PATH']}:/usr/sbin"
LACKING = [name for name in ("munged", "slurmctld", "slurmd", "sbatch", "squeue") if which(name, path=PATH) is None]
if os.getuid() != 0:
    LACKING.append("root")
needs_slurm = pytest.mark.skipif(
    bool(LACKING), reason=f"needs Debian's slurm-wlm and munge, and root; lacking: {', '.join(LACKING)}"
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Slurm's configuration file."""
    folder = tmp_path_factory.mktemp("slurm")
    environment = {**os.environ, "PATH": PATH}
    try:
        started = ["bash", str(SCRIPT), "start", str(folder), "2"]
        subprocess.run(started, check=True, env=environment, timeout=120, capture_output=True, text=True)
    except subprocess.SubprocessError as error:
        pytest.skip(f"no Slurm cluster can be started here: {getattr(error, 'stderr', '') or error}")
    yield folder / "slurm.conf"
    subprocess.run(["bash", SCRIPT, "stop", folder], check=True, env=environment, timeout=60)


@pytest.fixture
def on_cluster(cluster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_CONF", str(cluster))


@needs_slurm
@pytest.mark.slow
@pytest.mark.usefixtures("on_cluster")
def test_jobs_outlive_the_driver_and_give_the_same_bits(suite: Path, tmp_path: Path, undisturbed: Path) -> None:
    """The submitting process is killed; the same command finds its jobs again and submits none of them twice."""
    words = ("--engine", "slurm", "--max-jobs", "2")
    driver = subprocess.Popen(command(suite, "out", *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: workers_of(tmp_path / "out"))
    driver.kill()
    driver.wait()
    assert workers_of(tmp_path / "out"), "the jobs go on"
    ended = run(suite, "out", *words)
    assert ended.returncode == 0, ended.stderr
    require_same(tmp_path / "out", undisturbed)
    attempts = [path.read_text().count('"began"') for path in (tmp_path / "out").glob("cells/*/*/attempts.json")]
    assert attempts == [1] * 4


@needs_slurm
@pytest.mark.slow
@pytest.mark.usefixtures("on_cluster")
def test_a_killed_job_is_submitted_again(suite: Path, tmp_path: Path, undisturbed: Path) -> None:
    driver = subprocess.Popen(command(suite, "out", "--engine", "slurm"), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any((tmp_path / "out").glob("cells/*/*/run/checkpoints/*")))
    os.kill(workers_of(tmp_path / "out")[0], signal.SIGKILL)
    _, said = driver.communicate(timeout=600)
    assert driver.returncode == 0, said
    require_same(tmp_path / "out", undisturbed)


@needs_slurm
@pytest.mark.usefixtures("on_cluster")
def test_an_unknown_parameter_is_refused(tmp_path: Path) -> None:
    engine = SlurmEngine(1, tmp_path, parameters={"slurm_partitoin": "main"})
    with pytest.raises(SettingError, match=r"slurm_partitoin.*\n.*slurm_partition"):
        engine.check()


def test_a_machine_without_slurm_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match="needs Slurm's sbatch"):
        SlurmEngine(1, tmp_path).check()


def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sbatch", "squeue"):
        (tmp_path / name).write_text(
            "#!/bin/sh\necho 'squeue: error: Unable to contact slurm controller' >&2\nexit 1\n"
        )
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(DeviceError, match=r"Slurm does not answer: .*Unable to contact slurm controller"):
        SlurmEngine(1, tmp_path).check()
