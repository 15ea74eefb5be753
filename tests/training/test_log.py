"""The log of a run: its lines, what a resumed run keeps of them, and TensorBoard's files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from disentangle_bench.errors import SettingError, StorageError
from disentangle_bench.means import Mean
from disentangle_bench.run import Run
from disentangle_bench.training.log import TrainingLog
from disentangle_bench.training.loop import Loop

MEANS = (Mean("discriminator_loss"), Mean("generator_loss"), Mean("c1", "L_I"), Mean("c2", "L_I"))
VALUES = {"discriminator_loss": 1.3, "generator_loss": 0.7, "L_I/c1": 2.1, "L_I/c2": -0.1}


def append(log: TrainingLog, step: int, status: str = "ok", **changed: float) -> None:
    log.append(step, VALUES | changed, seconds=5.0, speed=10.0, judge=lambda _: status)


def interrupt(_: Loop) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def run(tmp_path: Path) -> Run:
    log = TrainingLog(Run(tmp_path), MEANS, 0)
    for step in (50, 100, 150):
        append(log, step, "ok" if step < 100 else "collapsed: why")
    return Run(tmp_path)


def test_each_entry_is_a_line(run: Run) -> None:
    assert [json.loads(line) for line in run.log_file.read_text().splitlines()] == run.log()
    assert run.log()[0] == {
        "step": 50, "seconds": 5.0, "steps_per_second": 10.0, "discriminator_loss": 1.3, "generator_loss": 0.7,
        "L_I": {"c1": 2.1, "c2": -0.1}, "status": "ok",
    }  # fmt: skip
    assert [(there["step"], there["seconds"]) for there in run.log()] == [(50, 5), (100, 10), (150, 15)]


@pytest.mark.parametrize(("step", "kept"), [(0, []), (49, []), (50, [50]), (120, [50, 100]), (900, [50, 100, 150])])
def test_a_resumed_run_keeps_what_came_before_its_step(run: Run, step: int, kept: list[int]) -> None:
    log = TrainingLog(run, MEANS, step)
    assert [there["step"] for there in run.log()] == kept
    assert log.seconds == (kept[-1] / 10 if kept else 0)
    assert log.status == (None if not kept else "ok" if kept == [50] else "collapsed: why")


def test_a_line_that_a_crash_cut_short_is_dropped(run: Run) -> None:
    with run.log_file.open("a") as file:
        file.write('{"step": 200, "sec')
    append(TrainingLog(run, MEANS, 150), 200)
    assert [there["step"] for there in run.log()] == [50, 100, 150, 200]
    assert len(run.log_file.read_text().splitlines()) == 4


def test_what_is_not_json_is_not_written(run: Run) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        append(TrainingLog(run, MEANS, 150), 200, generator_loss=float("nan"))
    assert [there["step"] for there in run.log()] == [50, 100, 150]


def test_a_log_that_cannot_be_written_is_named(run: Run) -> None:
    log = TrainingLog(run, MEANS, 150)
    run.log_file.unlink()
    run.log_file.mkdir()
    with pytest.raises(StorageError, match=r"Could not write .*log\.jsonl: Is a directory"):
        append(log, 200)


class TestTensorBoard:
    def scalars(self, run: Run) -> dict[str, list[tuple[int, float]]]:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(run.path / "tensorboard"), purge_orphaned_data=True)
        events.Reload()
        return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}

    def test_gets_the_same_values(self, train_tiny: Callable[..., Run]) -> None:
        run = train_tiny({"steps": 4, "checkpoint_every": 2}, tensorboard=True)
        scalars = self.scalars(run)
        assert scalars.keys() == {
            "discriminator_loss", "generator_loss", "steps_per_second", "L_I/c1", "L_I/c2", "L_I/c3",
            "spread", "effect/c1", "effect/c2", "effect/c3", "sigma/c2", "sigma/c3",
        }  # fmt: skip
        for there, (step, value) in zip(run.log(), scalars["L_I/c1"], strict=True):
            assert step == there["step"]
            assert value == pytest.approx(there["L_I"]["c1"], rel=1e-6)

    @pytest.mark.parametrize("stopped", [False, True])
    def test_is_told_that_the_run_has_ended(
        self, train_tiny: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, stopped: bool
    ) -> None:
        """Else what it still holds may be lost."""
        from torch.utils.tensorboard import SummaryWriter

        closed: list[str] = []
        original = SummaryWriter.close
        monkeypatch.setattr(SummaryWriter, "close", lambda self: (closed.append(self.log_dir), original(self)))
        if stopped:
            monkeypatch.setattr(Loop, "_update", interrupt)
            with pytest.raises(KeyboardInterrupt):
                train_tiny(tensorboard=True)
        else:
            train_tiny(tensorboard=True)
        assert len(closed) == 1

    def test_a_resumed_run_takes_back_what_it_does_again(self, run: Run) -> None:
        first = TrainingLog(run, MEANS, 150, tensorboard=True)
        for step in (200, 250):
            append(first, step)
        first.close()
        again = TrainingLog(run, MEANS, 200, tensorboard=True)
        append(again, 250, generator_loss=9.0)
        again.close()
        assert self.scalars(run)["generator_loss"] == [(200, pytest.approx(0.7)), (250, 9.0)]

    def test_where_it_is_missing_nothing_is_begun(
        self, tmp_path: Path, train_tiny: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
        monkeypatch.setitem(sys.modules, "tensorboard", None)
        with pytest.raises(SettingError, match="--tensorboard needs the package tensorboard") as caught:
            train_tiny(tensorboard=True)
        assert "disentangle-bench[tensorboard]" in caught.value.remedy
        assert not (tmp_path / "run").exists()
