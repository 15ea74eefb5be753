"""Processes of this machine, each with its share of the processors, or with a GPU of its own."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT

from joblib import cpu_count

from disentangle_bench.suites.suite import Training

GRACE = 60.0
"""Seconds that an interrupted worker has for its checkpoint."""


@dataclass
class LocalEngine:
    """Cells in worker processes; a worker that dies is replaced.

    Attributes:
        jobs: how many cells at a time.
        threads: of each worker.
        gpus: the indices of CUDA devices, which the workers take in turn.
    """

    jobs: int
    threads: int = 1
    gpus: Sequence[int] = ()
    _workers: list[subprocess.Popen[str]] = field(default_factory=list, init=False)
    _busy: set[int] = field(default_factory=set, init=False)

    def check(self) -> None:
        """Nothing can be missing."""

    def submit(self, folders: Sequence[Path]) -> Iterator[Path]:
        """Work on cells; see `Engine`."""
        waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
        finished: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for folder in folders:
            waiting.put(folder)
        stop = threading.Event()
        threads = [
            threading.Thread(target=self._serve, args=(number, waiting, finished, stop), daemon=True)
            for number in range(min(self.jobs, len(folders)))
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in folders:
                yield finished.get()
        finally:
            stop.set()
            self._end()

    def _serve(
        self,
        number: int,
        waiting: queue.SimpleQueue[Path],
        finished: queue.SimpleQueue[Path],
        stop: threading.Event,
    ) -> None:
        """Hand one cell after the other to a worker, and to a new one if it has died."""
        worker = None
        while not stop.is_set():
            try:
                folder = waiting.get_nowait()
            except queue.Empty:
                return
            if worker is None or worker.poll() is not None:
                worker = self._started(number)
            with suppress(BrokenPipeError):
                print(folder, file=worker.stdin, flush=True)
            if worker.stdout is None or not worker.stdout.readline():
                worker.wait()
            self._busy.discard(worker.pid)
            finished.put(folder)

    def _started(self, number: int) -> subprocess.Popen[str]:
        share = str(max(1, cpu_count() // self.jobs))
        threads = {name: str(self.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        device = {"CUDA_VISIBLE_DEVICES": str(self.gpus[number % len(self.gpus)])} if self.gpus else {}
        worker = subprocess.Popen(
            [sys.executable, "-m", "disentangle_bench.suites.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **threads, **device, "LOKY_MAX_CPU_COUNT": share},
            start_new_session=True,  # the terminal's Ctrl-C is for the first process, which passes it on
        )
        self._workers.append(worker)
        return worker

    def _end(self) -> None:
        """Let idle workers end, interrupt the others, and wait for their checkpoints."""
        alive = [worker for worker in self._workers if worker.poll() is None]
        for worker in alive:
            if worker.stdin is not None:
                with suppress(BrokenPipeError):
                    worker.stdin.close()
            if worker.pid in self._busy:  # one that ends already would complain
                worker.send_signal(SIGINT)
        for worker in alive:
            try:
                worker.wait(GRACE)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self._workers.clear()


def local_engine(training: Training, jobs: int | None = None) -> LocalEngine:
    """Choose how cells are worked on here: one for each GPU, or on a CPU as many as its processors have room for.

    Args:
        training: the suite's; `threads` of each cell, and the device.
        jobs: cells at a time.
    """
    gpus: Sequence[int] = ()
    if training.device in ("auto", "cuda"):
        import torch

        gpus = range(torch.cuda.device_count())
    if gpus:
        return LocalEngine(jobs or len(gpus), training.threads, gpus)
    return LocalEngine(jobs or max(1, cpu_count() // training.threads), training.threads)
