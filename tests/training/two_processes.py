"""What the tests do in each of two processes: a module of its own, which these import by its name."""

from __future__ import annotations

import atexit
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from safetensors.torch import save_file

from disentangle_bench.errors import UnknownNameError
from disentangle_bench.training.job import Job
from disentangle_bench.training.loop import Loop
from disentangle_bench.training.progress import TrainingProgress


def be_refused(fabric: Fabric) -> None:
    """The second process raises; the first waits for it."""
    if fabric.global_rank == 1:
        raise UnknownNameError("dataset", "mnits", ["mnist"])
    fabric.barrier()


def be_killed(fabric: Fabric) -> None:
    """The second process is killed; the first waits for it."""
    if fabric.global_rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    fabric.barrier()


def break_down(fabric: Fabric) -> None:
    """The second process raises what nobody expects; the first waits for it."""
    if fabric.global_rank == 1:
        raise ZeroDivisionError("nobody expects this")
    fabric.barrier()


@dataclass(frozen=True)
class CountThreads:
    """Each process trains a step, and counts the system's threads of its own before that and as it exits."""

    folder: Path

    def __call__(self, fabric: Fabric) -> None:
        network = torch.nn.Linear(4, 2)
        network, optimizer = fabric.setup(network, torch.optim.SGD(network.parameters()))
        fabric.backward(network(torch.ones(3, 4)).sum())
        optimizer.step()
        atexit.register(self.write, f"exit-{fabric.global_rank}")
        self.write(f"train-{fabric.global_rank}")

    def write(self, name: str) -> None:
        (self.folder / name).write_text(str(len(list(Path("/proc/self/task").iterdir()))))


@dataclass(frozen=True)
class WatchedJob(Job):
    """Trains, and keeps what each process has at the end: its weights, its categories' shares, and its first images."""

    def __call__(self, fabric: Fabric) -> None:
        def finish(loop: Loop, progress: TrainingProgress) -> None:
            parts = loop.model.networks.items()
            tensors = {f"{part}.{name}": value for part, network in parts for name, value in network.named_parameters()}
            tensors |= {f"mass.{code}": mass for code, mass in loop.model.kept.get("mass", {}).items()}
            batch = loop.batches.at(1)
            path = Path(self.run.path) / f"rank-{fabric.global_rank}.safetensors"
            save_file({name: value.detach().contiguous() for name, value in tensors.items()} | {"batch": batch}, path)
            original(loop, progress)

        original, Loop.finish = Loop.finish, finish  # type: ignore[method-assign]
        torch.set_num_threads(1)
        super().__call__(fabric)
