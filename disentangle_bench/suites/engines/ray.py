"""Tasks of a Ray cluster."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from disentangle_bench.errors import DeviceError
from disentangle_bench.suites.work import work

PATIENCE = 10.0
"""Seconds in which the address of a cluster has to answer."""
RETRIES = 3
"""How often Ray starts a task again whose node or process is lost; it resumes from the cell's last checkpoint."""


@dataclass
class RayEngine:
    """Cells as tasks of a Ray cluster, whose nodes share the folder of the results.

    Attributes:
        threads: processors of each task.
        address: of the cluster; `auto` for the one that this machine is part of. By default a cluster of this machine
            alone is started.
        gpus: of each task; may be a fraction.
        max_jobs: how many at a time; by default as many as there is room for.
    """

    threads: int
    address: str | None = None
    gpus: float = 0.0
    max_jobs: int | None = None

    @property
    def here(self) -> bool:
        """Whether the cluster is one of this machine alone, which is started for the purpose."""
        return self.address is None

    def check(self) -> None:
        """Make sure that Ray is installed and the cluster answers.

        Raises:
            DeviceError: it is not, or does not, or has no node with so many processors or GPUs.
        """
        self._connected()
        import ray

        wanted = {"CPU": float(self.threads), "GPU": self.gpus}
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
        if not any(all(node.get(name, 0.0) >= number for name, number in wanted.items()) for node in nodes):
            raise DeviceError(
                f"No node of the Ray cluster has {self.threads} processors and {self.gpus:g} GPUs for a cell.",
                "Lower training.threads of the suite or --gpus-per-cell, or add a node.",
            )

    def submit(self, folders: Sequence[Path]) -> Iterator[Path]:
        """Work on cells; see `Engine`."""
        self._connected()
        import ray

        variables = {"LOKY_MAX_CPU_COUNT": str(self.threads), "OMP_NUM_THREADS": str(self.threads)}
        task = ray.remote(work).options(
            num_cpus=self.threads,
            num_gpus=self.gpus,
            max_retries=RETRIES,
            runtime_env={"env_vars": variables},
        )
        waiting = list(folders)
        running: dict[Any, Path] = {}
        try:
            while waiting or running:
                while waiting and len(running) < (self.max_jobs or len(folders)):
                    folder = waiting.pop(0)
                    running[task.remote(folder.resolve())] = folder
                (ended, *_), _ = ray.wait(list(running), num_returns=1)
                yield running.pop(ended)  # whether it went well is written in the folder
        finally:
            for reference in running:
                ray.cancel(reference)
            if running:
                ray.wait(list(running), num_returns=len(running), timeout=60)

    def _connected(self) -> None:
        try:
            import ray
        except ImportError:
            raise DeviceError(
                "--engine ray needs Ray, which is not installed.", "`pip install 'disentangle-bench[ray]'`"
            ) from None
        if ray.is_initialized():
            return
        options: dict[str, Any] = {"include_dashboard": False} if self.address is None else {"address": self.address}
        try:
            _knock(self.address or "")  # Ray itself would try for minutes
            ray.init(log_to_driver=False, logging_level=logging.ERROR, configure_logging=False, **options)
        except (ValueError, RuntimeError, OSError, OverflowError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise DeviceError(
                f"No Ray cluster answers at {self.address or 'this machine'}: {reason}",
                "Start one with `ray start --head`, or give its --address.",
            ) from error


def _knock(address: str) -> None:
    """Make sure that something listens at an address with a port.

    Raises:
        OSError: nothing does.
    """
    found = re.fullmatch(r"(?:ray://)?([^:/]+):(\d{1,5})", address)
    if found is not None:
        socket.create_connection((found[1], int(found[2])), timeout=PATIENCE).close()
