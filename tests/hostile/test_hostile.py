"""Whatever is thrown at the command line: one message, a known exit status, bounded time and memory, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile import inputs
from tests.hostile.harness import Ended

pytestmark = pytest.mark.slow

STATUSES = (0, 1, 2, 3, 4)
SECONDS = 8.0
"""Of processor time, on a machine with other work; alone, a refusal takes less than 5."""
SECONDS_OF_WIDE = 40.0
"""For what is scored; without a limit on what is computed it took minutes to hours."""
KINDS = ("damaged_files", "headers", "arrays", "archives", "declared_h5", "options", "paths", "toml_files")


def run(commands: list[inputs.Command], folder: Path) -> list[Ended]:
    """Run the harness as a process of its own, which forks a child for each command."""
    lines = "".join(json.dumps(command) + "\n" for command in commands)
    environment = {**os.environ, "DBENCH_OFFLINE": "1", "DBENCH_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path.cwd()), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.hostile.harness"],
        input=lines,
        capture_output=True,
        text=True,
        env=environment,
        timeout=900,
        check=True,
    )
    return [Ended(**json.loads(line)) for line in done.stdout.splitlines()]


def faults(ended: Ended, most: float = SECONDS) -> list[str]:
    """What is wrong with how a command ended."""
    said = ended.out + ended.err
    control = [character for character in said if ord(character) < 32 and character not in "\n\t"]
    found = {
        f"exit status {ended.code}": ended.code not in STATUSES,
        "a traceback": "Traceback" in said or "This is a bug" in said,
        f"control characters {control[:3]}": bool(control) or any(0x7F <= ord(of) < 0xA0 for of in said),
        f"{ended.seconds:.1f} seconds": ended.seconds > most,
        "not a word": ended.code == 2 and not ended.err.strip(),
    }
    return [fault for fault, is_so in found.items() if is_so]


def require_sound(commands: list[inputs.Command], folder: Path) -> None:
    """No command has a fault."""
    ends = run(commands, folder)
    assert len(ends) == len(commands), f"the harness ended after {ends[-1:]}"
    wrong = [f"{of.name}: {', '.join(found)}\n{of.err[-600:]}" for of in ends if (found := faults(of))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_inputs_are_refused(kind: str, tmp_path: Path) -> None:
    make: Callable[[Path], object] = getattr(inputs, kind)
    require_sound(list(make(tmp_path)), tmp_path)  # type: ignore[call-overload]


def test_wide_input_is_scored_by_what_takes_no_time(tmp_path: Path) -> None:
    for ended in run(list(inputs.wide(tmp_path)), tmp_path):
        assert (ended.code, faults(ended, SECONDS_OF_WIDE)) == (0, []), ended
        assert "Left out, since so many codes, factors or classes would take long: " in ended.err
        if ended.name != "many columns of codes":  # of which even this is foretold to take longer than the limits here
            assert "active-units" in ended.out, ended.name


def test_files_of_a_run_with_other_values(tmp_path: Path) -> None:
    dbench = [sys.executable, "-m", "disentangle_bench"]
    made = tmp_path / "run"
    for words in (
        ["train", "infogan-digits", "--steps", "3", "--out", str(made)],
        ["eval", str(made), "--metrics", "mutual-information", "--no-figures"],
    ):
        subprocess.run([*dbench, *words], check=True, capture_output=True)
    require_sound(list(inputs.run_files(tmp_path, made)), tmp_path)


def test_there_are_enough(tmp_path: Path) -> None:
    """At least 400 inputs, the same in every run of the tests."""
    first = [name for kind in KINDS for name, _ in getattr(inputs, kind)(tmp_path)]
    assert len(first) >= 400
    assert len(set(first)) == len(first)


def test_a_limit_on_memory_is_set(tmp_path: Path) -> None:
    """The harness sees what takes too much: 3 GB of random numbers are not to be had."""
    program = (
        "import numpy; from tests.hostile.harness import _ended; "
        "print(_ended('x', lambda: numpy.ones(3 << 27).size).err)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=str(Path.cwd())
    )
    assert "MemoryError" in done.stdout
