"""The command line in processes that are forked from one that has imported everything: imports take seconds."""

from __future__ import annotations

import atexit
import importlib
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.reduction import DupFd
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "disentangle_bench.cli.app",
        "disentangle_bench.metrics",
        "disentangle_bench.models",
        "disentangle_bench.reports.figures",
        "disentangle_bench.training.train",
        "disentangle_bench.workflow.evaluate",
        "sklearn.datasets",
        "torchvision",
    ]
)


def dbench(words: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run `dbench` in a process of its own, in this process's working folder.

    Args:
        words: after `dbench`.
        environment: all of it; folders in PYTHONPATH are seen, what an interpreter reads when it starts is not.

    Returns:
        Its exit status, standard output and standard error.
    """
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    ends = [DupFd(end) for end in (out_end, err_end)]
    process = CONTEXT.Process(target=_run, args=([*words], {**environment}, str(Path.cwd()), *ends))
    process.start()
    os.close(out_end)
    os.close(err_end)
    with ThreadPoolExecutor(2) as readers:
        printed, said = readers.map(_read, (out, err))
    process.join()
    assert process.exitcode is not None
    return process.exitcode, printed, said


def _read(stream: int) -> str:
    with os.fdopen(stream) as file:
        return file.read()


def _run(words: list[str], environment: dict[str, str], folder: str, *streams: DupFd) -> None:
    from disentangle_bench.cli import main

    for number, stream in enumerate(streams, start=1):
        os.dup2(stream.detach(), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))  # of another kind than before
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[1:1] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    importlib.invalidate_caches()
    sys.argv = ["dbench", *words]
    try:
        main()
    finally:
        with suppress(ValueError):  # a stream that was closed
            sys.stdout.flush()
        atexit._run_exitfuncs()
