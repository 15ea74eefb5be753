"""Two CPU processes that train as one: the same weights, and one end, however it comes."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch.multiprocessing.spawn import ProcessRaisedException

from disentangle_bench.datasets import DATASETS
from disentangle_bench.errors import DbenchError, RunError, SettingError, UnknownNameError
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import Run
from disentangle_bench.training import processes
from disentangle_bench.training.fabric import Machine
from disentangle_bench.training.folder import prepare
from disentangle_bench.training.processes import launch

TWO = Machine("cpu", "32", 2)


@pytest.fixture
def two_processes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import two_processes

    return two_processes


@pytest.mark.slow
class TestTraining:
    @pytest.fixture(
        scope="class",
        params=[
            ("infogan", {}),
            ("infogan-invariant", {"agreement_from": 0, "agreement_within": 0, "neighbors": 3, "split_every": 1}),
        ],
    )
    @classmethod
    def run(
        cls, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tiny: Callable[..., Recipe]
    ) -> Iterator[Run]:
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.syspath_prepend(str(Path(__file__).parent))
            from two_processes import WatchedJob

            model, settings = request.param
            changes = {f"model.{key}": value for key, value in settings.items()}
            recipe = tiny(model, steps=8, checkpoint_every=3, **changes)
            run = Run(tmp_path_factory.mktemp("two") / "run")
            run.path.mkdir()
            prepare(run, recipe, 0, False, {"options": TWO.options(), **TWO.info(), "compile": False})
            images = torch.from_numpy(DATASETS.get("digits").load().split("train"))
            launch(WatchedJob(run, recipe, 0, images, None, False, False), TWO)
            yield run

    def test_both_end_with_the_same_weights(self, run: Run) -> None:
        one, other = (load_file(run.path / f"rank-{rank}.safetensors") for rank in (0, 1))
        assert not torch.equal(one.pop("batch"), other.pop("batch"))  # though they see different images
        assert len(one) > 20
        for name in one:
            assert torch.equal(one[name], other[name]), name

    def test_these_are_the_models(self, run: Run) -> None:
        one, model = load_file(run.path / "rank-0.safetensors"), load_file(run.model_file)
        one.pop("batch")
        for name in (name for name in one if not name.startswith("mass.")):
            assert torch.equal(one[name], model[name]), name

    def test_the_run_is_whole(self, run: Run) -> None:
        assert Run.open(run.path).status == "ok" or run.status.startswith("collapsed: ")
        assert run.provenance()["devices"] == 2
        assert [entry["step"] for entry in run.log()] == [3, 6, 8]
        assert sorted(path.name for path in run.checkpoints.iterdir()) == [
            "step-00000006.safetensors", "step-00000008.safetensors",
        ]  # fmt: skip
        assert not list(run.path.rglob("*.tmp*"))


@pytest.mark.slow
class TestEnds:
    def test_an_error_of_one_arrives_as_itself(
        self, two_processes: ModuleType, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(UnknownNameError, match="There is no dataset named 'mnits'") as caught:
            launch(two_processes.be_refused, TWO)
        assert "Did you mean 'mnist'" in caught.value.remedy
        captured = capfd.readouterr()
        assert captured.out == ""
        assert "Traceback" not in captured.err

    @pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="this system does not list a process's threads")
    def test_no_thread_of_the_process_group_outlives_the_work(self, two_processes: ModuleType, tmp_path: Path) -> None:
        launch(two_processes.CountThreads(tmp_path), TWO)
        for rank in (0, 1):
            trained, exiting = (int((tmp_path / f"{when}-{rank}").read_text()) for when in ("train", "exit"))
            assert exiting < trained - 1

    def test_one_that_is_killed_is_reported(self, two_processes: ModuleType) -> None:
        with pytest.raises(RunError, match=r"A process of this run was killed \(SIGKILL\)") as caught:
            launch(two_processes.be_killed, TWO)
        assert "--resume" in caught.value.remedy

    def test_what_nobody_expects_comes_with_its_traceback(self, two_processes: ModuleType) -> None:
        with pytest.raises(ProcessRaisedException, match=r"(?s)break_down.*ZeroDivisionError: nobody expects this"):
            launch(two_processes.break_down, TWO)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_stop_saves_once_and_can_be_resumed(
        self,
        tmp_path: Path,
        tiny: Callable[..., Recipe],
        dbench: list[str],
        plain_environment: dict[str, str],
        number: int,
    ) -> None:
        """Ctrl-C reaches all processes of a terminal; `kill` reaches the first alone."""
        (tmp_path / "mine.toml").write_text(tiny(steps=100_000, checkpoint_every=50_000).to_toml())
        command = [*dbench, "train", "mine.toml", "--device", "cpu", "--devices", "2", "--out", "run"]
        with subprocess.Popen(
            command, cwd=tmp_path, env=plain_environment, start_new_session=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            wait_for(lambda: bool(Run(tmp_path / "run").log()), process)
            if number == signal.SIGINT:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
            out, err = process.communicate(timeout=120)
        run = Run(tmp_path / "run")
        assert (process.returncode, out) == (130, "")
        assert "Traceback" not in err
        assert run.status == "interrupted"
        (command_line,) = re.findall(r"Stopped; saved up to step \d+\. Resume with:\n  (dbench train .*)", err)
        assert "--devices 2" in command_line
        assert len(list(run.checkpoints.iterdir())) == 1  # of the step at which it was stopped
        assert not list(run.path.rglob("*.tmp*"))

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
    def test_without_the_first_process_the_others_end_at_once(
        self, tmp_path: Path, tiny: Callable[..., Recipe], dbench: list[str], plain_environment: dict[str, str]
    ) -> None:
        """Nobody holds the run any more, so nothing more may be written."""
        (tmp_path / "mine.toml").write_text(tiny(steps=100_000, checkpoint_every=10).to_toml())
        command = [*dbench, "train", "mine.toml", "--device", "cpu", "--devices", "2", "--out", "run"]
        run = Run(tmp_path / "run")
        with subprocess.Popen(command, cwd=tmp_path, env=plain_environment, stderr=subprocess.DEVNULL) as process:
            wait_for(lambda: bool(run.log()), process)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            process.kill()
        assert len(children) >= 2
        deadline = time.monotonic() + 180
        while any(runs(child) for child in children):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
        with run.held():
            assert run.status == "running"
        assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def runs(process: str) -> bool:
    """Whether a process has not ended; one that has may stay listed until its adopter asks how."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[Any]) -> None:
    """Until a condition holds; fails if the process has ended before."""
    for _ in range(2400):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    process.kill()
    pytest.fail("It never came.")


def ended(*codes: int) -> list[Any]:
    return [SimpleNamespace(exitcode=code) for code in codes]


class TestCause:
    """Why a run of several processes ended badly, when they tell different stories."""

    def cause(self, *reports: object, codes: tuple[int, ...] = (1, 1), asked: bool = False) -> BaseException:
        queue: SimpleQueue[object] = SimpleQueue()
        for report in reports:
            queue.put(report)
        event = threading.Event()
        if asked:
            event.set()
        return processes._cause(ValueError("lost the others"), ended(*codes), queue, event)

    def test_an_error_counts_most(self) -> None:
        error = DbenchError("No space.")
        assert self.cause("interrupted", error, DbenchError("Later."), asked=True) is error

    def test_then_a_stop(self) -> None:
        assert isinstance(self.cause("interrupted", codes=(1, 0), asked=True), KeyboardInterrupt)
        assert isinstance(self.cause(codes=(-15, -15), asked=True), KeyboardInterrupt)

    def test_then_a_process_that_was_killed(self) -> None:
        assert "(SIGKILL)" in str(self.cause(codes=(1, -9)))
        assert "(SIGSEGV)" in str(self.cause(codes=(-15, -11)))

    def test_else_it_is_what_it_is(self) -> None:
        assert str(self.cause(codes=(1, -15))) == "lost the others"


@pytest.mark.slow
def test_a_script_without_a_main_guard_is_told_what_it_lacks(tmp_path: Path, plain_environment: dict[str, str]) -> None:
    script = tmp_path / "mine.py"
    script.write_text("import disentangle_bench as db\ndb.train('infogan-digits', devices=2, device='cpu')\n")
    ended = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env=plain_environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "Guard it with `if __name__ == '__main__':`" in ended.stderr


def test_in_the_first_process_there_is_no_need_of_a_guard() -> None:
    processes.check_main_guard(2)


def test_a_process_that_is_still_importing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "current_process", lambda: SimpleNamespace(_inheriting=True))
    with pytest.raises(SettingError, match="imports your script again"):
        processes.check_main_guard(2)
    processes.check_main_guard(1)


def test_the_printed_command_is_a_command(tmp_path: Path, tiny: Callable[..., Recipe]) -> None:
    run = Run(tmp_path / "a run")
    run.path.mkdir()
    prepare(run, tiny(), 5, False, {"options": [*TWO.options(), "--data-dir", "my data"]})
    assert shlex.split(run.resume_command()) == [
        "dbench", "train", str(run.recipe_file), "--seed", "5", "--out", str(run.path), "--device", "cpu",
        "--precision", "32", "--devices", "2", "--data-dir", "my data", "--resume",
    ]  # fmt: skip
