"""The peer's side: reads one question per line from standard input and writes one answer per line, both as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Data(NamedTuple):
    """Arrays to score: `codes (n, d)`, `factors (n, k)`, `train (n,)`; and `models (m, n, d)`, codes of several.

    `sizes` is the number of values of each factor. The rows of a full grid are in order.
    """

    codes: NDArray[np.float64]
    factors: NDArray[np.int64]
    train: NDArray[np.bool_]
    models: NDArray[np.float64]
    sizes: tuple[int, ...]


Answer = Callable[..., Mapping[str, Any]]
"""`(data, seed, **settings)` -> scores by name."""


def serve(packages: tuple[str, ...], answers: Mapping[str, Answer]) -> None:
    """Report the versions, then answer until the input ends. Seconds do not include reading the data."""
    line, sys.stdout = sys.stdout, sys.stderr  # keeps what the peer prints out of the answers
    versions: dict[str, Any] = {package: version(package) for package in packages}
    print(json.dumps({"versions": versions, "questions": list(answers)}), file=line, flush=True)
    known: dict[str, Data] = {}
    for text in sys.stdin:
        question = json.loads(text)
        path = question["data"]
        if path not in known:
            known[path] = _read(path)
        begun = time.perf_counter(), time.process_time()
        scores = answers[question["question"]](known[path], question["seed"], **question["settings"])
        ended = time.perf_counter(), time.process_time()
        seconds = {"wall": ended[0] - begun[0], "cpu": ended[1] - begun[1]}
        plain = {name: float(value) for name, value in scores.items()}
        print(json.dumps({"scores": plain, "seconds": seconds}), file=line, flush=True)


def _read(path: str) -> Data:
    with np.load(path) as file:
        arrays = {name: file[name] for name in file}
    sizes = tuple(int(size) for size in arrays["factors"].max(axis=0) + 1)
    return Data(**arrays, sizes=sizes)
