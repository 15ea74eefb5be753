"""A run that is made longer ends like one that was that long from the start: bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from disentangle_bench.errors import RunError
from disentangle_bench.run import Run
from disentangle_bench.storage import write_text
from disentangle_bench.training import folder, loop
from tests.training.conftest import log_without_times, tensors

Train = Callable[..., Run]
LONG: dict[str, Any] = {"steps": 24, "checkpoint_every": 9}


@pytest.fixture(autouse=True)
def logs_every_tenth_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LOG_EVERY", 10)


@pytest.fixture
def straight(tmp_path: Path, train_tiny: Train) -> Run:
    return train_tiny(LONG, out=tmp_path / "straight")


def longer(train_tiny: Train, *lengths: int) -> Run:
    """A run that is trained to each of some lengths in turn."""
    first, *others = lengths
    run = train_tiny({**LONG, "steps": first})
    for steps in others:
        assert train_tiny({**LONG, "steps": steps}, resume=True) == run
    return run


def assert_same(run: Run, straight: Run) -> None:
    one, other = tensors(run.path), tensors(straight.path)
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []
    assert log_without_times(run.path) == log_without_times(straight.path)
    assert run.recipe == straight.recipe
    assert (run.status, run.provenance()["steps"]) == (straight.status, straight.recipe.steps)


@pytest.mark.parametrize("lengths", [(13, 24), (18, 24), (4, 20, 24)])
def test_ends_as_one_that_was_that_long(lengths: tuple[int, ...], straight: Run, train_tiny: Train) -> None:
    run = longer(train_tiny, *lengths)
    assert_same(run, straight)
    entries = run.provenance()["prolonged"]
    assert [(entry["from"], entry["to"]) for entry in entries] == [*pairwise(lengths)]
    assert all(entry["time"] and entry["command"] for entry in entries)
    assert "prolonged" not in straight.provenance()


def test_keeps_what_fewer_steps_came_to_as_a_run(tmp_path: Path, train_tiny: Train) -> None:
    short = train_tiny({**LONG, "steps": 13}, out=tmp_path / "short")
    run = train_tiny({**LONG, "steps": 13})
    for path in (run.results_file, run.representation_file, run.samples_file, run.figures / "traversal-c1.png"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{path.name} after 13 steps")
    assert train_tiny(LONG, resume=True) == run
    kept = Run.open(run.path / "steps-13")
    assert (kept.recipe.steps, kept.seed, kept.status) == (13, 0, short.status)
    assert kept.has_whole_model()
    before, after = load_file(short.model_file), load_file(kept.model_file)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert log_without_times(kept.path) == log_without_times(short.path)
    for path in (run.results_file, run.representation_file, run.samples_file, run.figures / "traversal-c1.png"):
        assert not path.exists()
        assert (kept.path / path.relative_to(run.path)).read_text() == f"{path.name} after 13 steps"


@pytest.mark.parametrize("place", ["recipe.toml", "model.safetensors"])
def test_interrupted_in_the_middle_is_prolonged_by_the_same_command(
    place: str, straight: Run, train_tiny: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the recipe is written, and as the model is moved."""
    run = train_tiny({**LONG, "steps": 13})

    def stop(original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(path: Path, *rest: Any) -> Any:
            if path == run.path / place:
                raise KeyboardInterrupt
            return original(path, *rest)

        return wrapped

    with monkeypatch.context() as patch:
        patch.setattr(folder, "write_text", stop(write_text))
        patch.setattr(Path, "rename", stop(Path.rename))
        with pytest.raises(KeyboardInterrupt):
            train_tiny(LONG, resume=True)
    assert_same(train_tiny(LONG, resume=True), straight)
    assert [(entry["from"], entry["to"]) for entry in run.provenance()["prolonged"]] == [(13, 24)]


def test_is_refused_without_resume_and_with_other_settings(train_tiny: Train) -> None:
    train_tiny({**LONG, "steps": 13})
    with pytest.raises(RunError, match="already holds a run"):
        train_tiny(LONG)
    with pytest.raises(RunError, match="steps was 13, now 24, batch_size was 16, now 8"):
        train_tiny({**LONG, "batch_size": 8}, resume=True)


def test_a_run_whose_learning_rate_falls_with_its_steps_is_not_prolonged(train_tiny: Train) -> None:
    falling = {**LONG, "optimizer.G.decay_last": 0.5}
    run = train_tiny({**falling, "steps": 13})
    with pytest.raises(RunError, match=r"cannot be prolonged: the learning rate of G falls to 0 by step 13") as caught:
        train_tiny(falling, resume=True)
    assert "--out" in caught.value.remedy
    assert train_tiny({**falling, "steps": 13}, resume=True) == run
