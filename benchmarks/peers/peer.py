"""Another program in an interpreter of its own, which reads questions from one pipe and answers on another."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from disentangle_bench.errors import DbenchError

ROOT = Path(__file__).parents[2]
SCRIPTS = {"disentanglement-lib": "disentanglement_lib", "disent": "disent", "review": "review"}


@dataclass(frozen=True)
class Answer:
    """Scores by name, and the seconds that they took by clock."""

    scores: Mapping[str, float | None]
    seconds: Mapping[str, float]


@dataclass
class Peer:
    """A running peer.

    Args:
        name: one of SCRIPTS.
        python: the interpreter of its environment.
        paths: folders to add to its module path, for peers that are not a package.
    """

    name: str
    python: Path
    paths: Sequence[Path] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    questions: Sequence[str] = ()

    def __enter__(self) -> Self:
        module = f"benchmarks.peers.programs.{SCRIPTS[self.name]}"
        program = f"import runpy, sys; sys.path += {[str(path) for path in self.paths]!r}; "
        program += f"runpy.run_module({module!r}, run_name='__main__')"
        try:
            self._process = subprocess.Popen(
                [str(self.python), "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
            )
        except OSError as error:
            raise DbenchError(
                f"{self.python} cannot be started: {error.strerror}.", "Give a Python interpreter."
            ) from error
        greeting = self._listen()
        self.versions, self.questions = greeting["versions"], greeting["questions"]
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.communicate()

    def ask(self, question: str, data: Path, seed: int, settings: Mapping[str, Any]) -> Answer:
        """Let it score the arrays of a file."""
        message = {"question": question, "data": str(data), "seed": seed, "settings": dict(settings)}
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, which `_listen` reports
        answer = self._listen()
        return Answer(answer["scores"], answer["seconds"])

    def _listen(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise DbenchError(
                f"{self.name} in {self.python} exited with status {code}.",
                "Its message is above; docs/peers.md describes its environment.",
            )
        return json.loads(line)
