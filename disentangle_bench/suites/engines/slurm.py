"""Jobs of a Slurm cluster, submitted as an array by submitit; they outlive the process that submits them."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import Any

from disentangle_bench.errors import DeviceError, SettingError, close_names
from disentangle_bench.storage import write_json
from disentangle_bench.suites.work import work

POLL = 5.0
"""Seconds between two queries to Slurm."""
MISSES = 2
"""Queries in a row that must not list a job before it counts as over: a new one may not be listed at once."""


@dataclass
class SlurmEngine:
    """Cells as jobs of an array.

    A cell's folder records its job. If the submitting process is lost, the jobs keep running, and the same command
    finds them again; Ctrl-C leaves them alone, too.

    Attributes:
        threads: of each job.
        max_jobs: how many at a time; by default as many as Slurm allows.
        parameters: submitit's, such as `slurm_partition`, `gpus_per_node`, `mem_gb` and `timeout_min`.
        logs: a folder for the files of submitit.
        poll: seconds between two queries to Slurm.
    """

    here = False
    threads: int
    logs: Path
    max_jobs: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    poll: float = POLL

    def check(self) -> None:
        """Make sure that submitit and Slurm's commands are there, and that the cluster answers.

        Raises:
            DeviceError: they are not. SettingError: a parameter that submitit does not take.
        """
        try:
            import submitit
        except ImportError:
            raise DeviceError(
                "--engine slurm needs submitit, which is not installed.", "`pip install 'disentangle-bench[slurm]'`"
            ) from None
        for command in ("sbatch", "squeue"):
            if which(command) is None:
                raise DeviceError(
                    f"--engine slurm needs Slurm's {command}, which is not on this machine.",
                    "Run it on a login node of the cluster, or use --engine local.",
                )
        self._ask([])
        general = set(submitit.AutoExecutor._typed_parameters())
        known = general | {f"slurm_{name}" for name in submitit.SlurmExecutor._valid_parameters()}
        for name in self.parameters.keys() - known:
            close = " or ".join(close_names(name, known)) or "slurm_partition, mem_gb or timeout_min"
            raise SettingError(f"submitit has no parameter {name!r}.", f"Did you mean {close}?")

    def submit(self, folders: Sequence[Path]) -> Iterator[Path]:
        """Work on cells; see `Engine`."""
        jobs = {folder: job for folder in folders if (job := _noted_job(folder)) is not None}
        queued = self._ask(jobs.values())
        new = [folder for folder in folders if jobs.get(folder) not in queued]
        jobs = {folder: job for folder, job in jobs.items() if folder not in new} | self._submitted(new)
        misses = dict.fromkeys(jobs, 0)
        while jobs:
            time.sleep(self.poll)
            queued = self._ask(jobs.values())
            for folder, job in list(jobs.items()):
                misses[folder] = 0 if job in queued else misses[folder] + 1
                if misses[folder] >= MISSES:
                    del jobs[folder]
                    yield folder

    def _submitted(self, folders: Sequence[Path]) -> dict[Path, str]:
        if not folders:
            return {}
        import submitit

        executor = submitit.AutoExecutor(folder=self.logs, cluster="slurm")
        variables = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
        parameters = {
            "name": "dbench",
            "cpus_per_task": self.threads,
            "slurm_array_parallelism": self.max_jobs or len(folders),
            "slurm_setup": [f"export {name}={self.threads}" for name in variables],
            **self.parameters,
        }
        executor.update_parameters(**parameters)
        jobs = {}
        for folder, job in zip(folders, executor.map_array(work, [path.resolve() for path in folders]), strict=True):
            jobs[folder] = str(job.job_id)
            write_json(folder / "job.json", {"engine": "slurm", "job": job.job_id})
        return jobs

    def _ask(self, jobs: Any) -> set[str]:
        """Which of these jobs are waiting or running.

        Raises:
            DeviceError: Slurm does not answer.
        """
        try:
            done = subprocess.run(
                ["squeue", "--me", "--array", "--noheader", "--format=%i"],
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
            raise DeviceError(
                f"Slurm does not answer: {said[-1] if said else error}.",
                "Jobs that were submitted keep running; the same command finds them again once it answers.",
            ) from error
        return set(done.stdout.split()) & set(jobs)


def _noted_job(folder: Path) -> str | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads((folder / "job.json").read_text(encoding="utf-8"))["job"])
    return None
