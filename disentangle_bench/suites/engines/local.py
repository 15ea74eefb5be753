"""Processes of this machine, each with its share of the processors, or with a GPU of its own."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIG_BLOCK, SIGINT, pthread_sigmask

from joblib import cpu_count

from disentangle_bench.suites.suite import Training

GRACE = 60.0
"""Seconds that an interrupted worker has for its checkpoint."""


@dataclass
class LocalEngine:
    """Cells in worker processes; a worker that dies is replaced.

    Attributes:
        training: the suite's: `threads` of each worker, and the device.
        jobs: how many cells at a time; by default one for each GPU, or as many as the processors have room for.
    """

    here = True
    training: Training
    jobs: int | None = None
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
        environments = self._environments(len(folders))
        threads = [
            threading.Thread(target=self._serve, args=(environment, waiting, finished, stop), daemon=True)
            for environment in environments
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in folders:
                yield finished.get()
        finally:
            stop.set()
            self._end()

    def _environments(self, most: int) -> list[dict[str, str]]:
        """The variables of each worker: its share of the processors, its threads, and the GPU that it takes."""
        gpus = _gpus(self.training.device)
        jobs = self.jobs or len(gpus) or max(1, cpu_count() // self.training.threads)
        threads = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        common = dict.fromkeys(threads, str(self.training.threads))
        common["LOKY_MAX_CPU_COUNT"] = str(max(1, cpu_count() // jobs))
        own = [{"CUDA_VISIBLE_DEVICES": str(gpus[job % len(gpus)])} if gpus else {} for job in range(min(jobs, most))]
        return [common | device for device in own]

    def _serve(
        self,
        environment: Mapping[str, str],
        waiting: queue.SimpleQueue[Path],
        finished: queue.SimpleQueue[Path],
        stop: threading.Event,
    ) -> None:
        """Hand one cell after the other to a worker, and to a new one if it has died."""
        pthread_sigmask(SIG_BLOCK, [SIGINT])  # of workers, which unblock it once they can be interrupted
        worker = None
        while not stop.is_set():
            try:
                folder = waiting.get_nowait()
            except queue.Empty:
                return
            if worker is None or worker.poll() is not None:
                worker = self._started(environment)
            self._busy.add(worker.pid)
            with suppress(BrokenPipeError):
                print(folder, file=worker.stdin, flush=True)
            if worker.stdout is None or not worker.stdout.readline():
                worker.wait()
            self._busy.discard(worker.pid)
            finished.put(folder)

    def _started(self, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        worker = subprocess.Popen(
            [sys.executable, "-m", "disentangle_bench.suites.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
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
            if worker.pid in self._busy:  # one that is ending already would complain
                worker.send_signal(SIGINT)
        for worker in alive:
            try:
                worker.wait(GRACE)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self._workers.clear()


def _gpus(device: str) -> range:
    """The indices of the CUDA devices that may be used."""
    if device not in ("auto", "cuda"):
        return range(0)
    import torch  # takes longer than to find that nothing is left to do

    return range(torch.cuda.device_count())
