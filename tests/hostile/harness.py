"""Run `dbench` on hostile inputs in forked children with little memory and time, and say how each of them ended."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

MEMORY = 2 << 30
"""Bytes that a command may take beside what its imports have taken."""
IMPORTED = (
    "torch", "sklearn.ensemble", "disentangle_bench.suites.bench", "disentangle_bench.training.train",
    "disentangle_bench.workflow.compare", "disentangle_bench.workflow.evaluate", "disentangle_bench.workflow.sample",
)  # fmt: skip
LONGEST, TOGETHER = 0.3, 1.0
"""Seconds for the metrics of wide input that nobody asked for, instead of the minutes that a person has."""
PATIENCE = 30
"""Seconds after which a command is ended; on a quiet machine a refusal takes less than 5."""


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        name: of the input.
        code: its exit status; negative for a signal.
        out, err: what it printed.
        seconds: of processor time.
    """

    name: str
    code: int
    out: str
    err: str
    seconds: float


def run_all(commands: Iterable[tuple[str, list[str]]]) -> Iterator[Ended]:
    """Run commands, named, one after the other; each in a child that is forked once everything is imported."""
    for module in IMPORTED:
        import_module(module)
    from disentangle_bench.cli import run
    from disentangle_bench.evaluation import prediction

    prediction.LONGEST, prediction.TOGETHER = LONGEST, TOGETHER
    for name, words in commands:
        yield _ended(name, lambda words=words: run(words))  # type: ignore[misc]


def _ended(name: str, work: Callable[[], int]) -> Ended:
    with tempfile.TemporaryFile("w+b") as out, tempfile.TemporaryFile("w+b") as err:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        child = os.fork()
        if child == 0:
            _be_limited(out.fileno(), err.fileno())
            try:
                code = work()
            except BaseException:  # noqa: BLE001 - whatever it is, the test has to see it
                traceback.print_exc()
                code = 99
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return Ended(name, os.waitstatus_to_exitcode(status), *texts, after.ru_utime - before.ru_utime)


def _be_limited(out: int, err: int) -> None:
    """In the child: streams into files, no more memory than is allowed, an end after a while."""
    os.dup2(out, 1)
    os.dup2(err, 2)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(PATIENCE)


def main() -> None:
    """As a process of its own: commands as JSON lines on standard input, ends as JSON lines on standard output."""
    answers = os.fdopen(os.dup(1), "w")
    for ended in run_all((name, words) for name, words in map(json.loads, sys.stdin)):
        answers.write(json.dumps(asdict(ended)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
