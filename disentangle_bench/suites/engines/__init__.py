"""Where cells are worked on: processes of this machine, jobs of a Slurm cluster, tasks of a Ray cluster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from disentangle_bench.errors import SettingError
from disentangle_bench.suites.engines.engine import Engine
from disentangle_bench.suites.suite import Suite

ENGINES = ("local", "slurm", "ray")


def make_engine(
    name: str,
    suite: Suite,
    folder: Path,
    *,
    jobs: int | None = None,
    address: str | None = None,
    gpus: float | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Engine:
    """Make the engine of that name.

    Args:
        name: one of `ENGINES`.
        suite: whose `training.threads` each cell gets, and whose table `[slurm]` has parameters of submitit.
        folder: of the results.
        jobs: cells at a time.
        address: of the Ray cluster.
        gpus: of each cell, on Ray.
        parameters: more parameters of submitit.

    Raises:
        SettingError: an option of another engine.
    """
    given = {"address": address, "gpus-per-cell": gpus}
    threads = suite.training.threads
    for option, value in given.items():
        if value is not None and name != "ray":
            raise SettingError(f"--{option} is for --engine ray, not {name}.", "Leave it out.")
    if parameters and name != "slurm":
        raise SettingError(f"--engine-set is for --engine slurm, not {name}.", "Leave it out.")
    if name == "slurm":
        from disentangle_bench.suites.engines.slurm import SlurmEngine

        return SlurmEngine(threads, folder / "slurm", jobs, {**suite.slurm, **(parameters or {})})
    if name == "ray":
        from disentangle_bench.suites.engines.ray import RayEngine

        return RayEngine(threads, address, gpus or 0.0, jobs)
    from disentangle_bench.suites.engines.local import LocalEngine

    return LocalEngine(suite.training, jobs)
