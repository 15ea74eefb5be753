"""A run in one process, or in several that start, train and end together."""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing import current_process
from multiprocessing.process import BaseProcess
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import find_free_network_port
from torch.multiprocessing import get_context
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, spawn

from disentangle_bench.errors import DbenchError, RunError, SettingError
from disentangle_bench.training import signals
from disentangle_bench.training.fabric import Machine

Work = Callable[[Fabric], None]
FAILED = 1
_INTERRUPTED = "interrupted"


def launch(work: Work, machine: Machine) -> None:
    """Run `work` in this process for one device, else in a new process for each device.

    Args:
        work: takes the launched fabric; picklable.
        machine: device, precision and number of devices.

    Raises:
        DbenchError: raised in any of the processes, or one of them was killed.
        KeyboardInterrupt: a person or the system asked to stop.
    """
    if machine.devices == 1:
        fabric = machine.fabric()
        fabric.launch()
        work(fabric)
        return
    reports = get_context("spawn").SimpleQueue()
    arguments = (work, machine, find_free_network_port(), reports)
    processes: list[BaseProcess] = []
    with signals.forwarded(processes) as asked:
        with signals.held_back():
            started = spawn(_in_process, arguments, nprocs=machine.devices, join=False)  # type: ignore[no-untyped-call]
            processes.extend(started.processes)
        try:
            while not started.join():
                pass
        except (ProcessExitedException, ProcessRaisedException) as error:
            raise _cause(error, processes, reports, asked) from None
    if not reports.empty():
        raise KeyboardInterrupt


def check_main_guard(devices: int) -> None:
    """Refuse to train while a new process imports the main script, which would start processes without end.

    Raises:
        SettingError: this is such a process.
    """
    if devices > 1 and getattr(current_process(), "_inheriting", False):
        raise SettingError(
            f"With {devices} devices each process imports your script again, and the script trains on import.",
            "Guard it with `if __name__ == '__main__':`.",
        )


def _in_process(rank: int, work: Work, machine: Machine, port: int, reports: Any) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "NODE_RANK": "0", "LOCAL_RANK": str(rank)}
    if rank > 0:
        logging.getLogger("disentangle_bench").setLevel(logging.ERROR)  # the first process warns for all
    try:
        try:
            signals.heed_the_first_process()
            fabric = machine.fabric()
            if fabric.device.type == "cpu":
                torch.set_num_threads(max(1, (os.cpu_count() or 1) // machine.devices))
            fabric.launch()
            work(fabric)
            _end_communication()
        finally:
            signals.heed_nothing()  # before anything is reported, which must not be interrupted
    except KeyboardInterrupt:
        reports.put(_INTERRUPTED)
    except DbenchError as error:
        reports.put(error)
        raise SystemExit(FAILED) from None  # so that the others, which wait for this one, are terminated


def _end_communication() -> None:
    """End the threads of the process group: one that frees a tensor while the interpreter exits aborts the process."""
    gc.collect()  # they end with the last model that holds the group
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _cause(error: Exception, processes: Sequence[BaseProcess], reports: Any, asked: threading.Event) -> BaseException:
    """Find why a process failed: an error that one reported, a request to stop, or that one was killed."""
    while not reports.empty():
        report = reports.get()
        if isinstance(report, DbenchError):
            return report
    if asked.is_set():  # the others failed because the first one stopped
        return KeyboardInterrupt()
    for process in processes:
        if process.exitcode is not None and process.exitcode < 0 and process.exitcode != -signal.SIGTERM:
            return RunError(
                f"A process of this run was killed ({signal.Signals(-process.exitcode).name}).",
                "If memory ran out, give fewer --devices or a smaller batch_size; resume with --resume.",
            )
    return error
