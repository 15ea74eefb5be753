"""Run by `runpy` in a process of its own: trains JOB, and lets something befall it at a place of its choice.

JOB: recipe (values), out, streams (a folder for what it prints); optionally options (of `train_recipe`), threads, place
(one of PLACES), time (at which passage of the place, from 1) and event (kill, interrupt, terminate, either of
these with ` twice`, or full).
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from disentangle_bench.datasets.digits import Digits
from disentangle_bench.errors import DbenchError
from disentangle_bench.models import trained
from disentangle_bench.models.model import Play
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import Run
from disentangle_bench.storage import atomic
from disentangle_bench.training import checkpoint, log, loop
from disentangle_bench.training import train as training

JOB: dict[str, Any] = globals()["JOB"]  # `runpy` has put it there
EVENTS = {"kill": signal.SIGKILL, "interrupt": signal.SIGINT, "terminate": signal.SIGTERM}


def befall() -> None:
    """Let the event happen, the given time that this is called."""
    befall.times += 1  # type: ignore[attr-defined]
    if befall.times == JOB.get("time", 1):  # type: ignore[attr-defined]
        if JOB["event"] == "full":
            resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
            return
        for _ in range(2 if JOB["event"].endswith(" twice") else 1):
            os.kill(os.getpid(), EVENTS[JOB["event"].removesuffix(" twice")])


befall.times = 0  # type: ignore[attr-defined]


def before(owner: Any, name: str) -> None:
    """Let it happen as a function is called."""
    original = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        befall()
        return original(*args, **kwargs)

    setattr(owner, name, wrapped)


def after(owner: Any, name: str) -> None:
    """Let it happen when a function is done."""
    original = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        befall()
        return result

    setattr(owner, name, wrapped)


def between_d_and_g() -> None:
    @contextmanager
    def wrapped(play: Play, name: str) -> Iterator[Any]:
        befall()
        with frozen(play, name) as network:
            yield network

    frozen, Play.frozen = Play.frozen, wrapped  # type: ignore[method-assign]


def half_written(owner: Any) -> None:
    """Let it happen when half of a file's bytes are on the disk, under its temporary name."""

    def write(path: Path, content: bytes) -> None:
        with atomic.atomic_path(path) as temporary:
            temporary.write_bytes(content[: len(content) // 2])
            befall()
            temporary.write_bytes(content)

    owner.write_bytes = write


def half_a_line() -> None:
    original = log.TrainingLog.append

    def append(self: log.TrainingLog, *args: Any, **options: Any) -> None:
        with self.path.open("a") as file:
            size = file.tell()
            file.write('{"step": 1')
        befall()
        os.truncate(self.path, size)
        original(self, *args, **options)

    log.TrainingLog.append = append  # type: ignore[method-assign]


PLACES: dict[str, Callable[[], None]] = {
    "loading the data": lambda: after(Digits, "load"),
    "the recipe is there, the provenance not yet": lambda: before(sys.modules["disentangle_bench.run"], "write_json"),
    "building the networks": lambda: before(loop, "wrap"),
    "the log is opened": lambda: after(loop.Loop, "__init__"),
    "before a step": lambda: before(loop.Loop, "_update"),
    "between D's and G's half of a step": between_d_and_g,
    "after a step": lambda: after(loop.Loop, "_update"),
    "half a line of the log": half_a_line,
    "half of a checkpoint": lambda: half_written(checkpoint),
    "a checkpoint is whole, the old ones are there": lambda: before(checkpoint, "keep_last"),
    "a checkpoint is done": lambda: after(loop.Loop, "save"),
    "half of the trained model": lambda: half_written(trained),
    "the model is whole, the status is not noted": lambda: after(loop, "save_trained"),
    "all is done": lambda: after(loop.Loop, "finish"),
}


def main() -> int:
    """Train; the exit code is the command line's."""
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(Path(JOB["streams"]) / name, os.O_CREAT | os.O_WRONLY)
        os.dup2(file, number)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background may ignore it
    torch.set_num_threads(JOB.get("threads", 1))
    loop.LOG_EVERY = 10
    if "place" in JOB:
        PLACES[JOB["place"]]()
    recipe = Recipe.parse(JOB["recipe"], where="JOB")
    try:
        run = training.train_recipe(recipe, **{"out": Path(JOB["out"]), "device": "cpu", **JOB.get("options", {})})
    except DbenchError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    except KeyboardInterrupt as interruption:
        print(interruption, end="", file=sys.stderr)  # noqa: T201
        return 130
    assert isinstance(run, Run)
    return 0


if __name__ == "__main__":
    sys.exit(main())
