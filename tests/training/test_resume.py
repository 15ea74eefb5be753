"""A run that is stopped or killed anywhere, and resumed, ends like one that was not: bit for bit."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from disentangle_bench.run import Run
from disentangle_bench.training import checkpoint

pytestmark = pytest.mark.slow

# The child logs every 10 steps, so there are entries at 9, 10, 18, 20 and 24: some with a checkpoint, some without.
SETTINGS: dict[str, Any] = {"steps": 24, "checkpoint_every": 9}
STEPS, CHECKPOINTS = 24, 3
Resume = Callable[[Path], None]
Child = Callable[..., Any]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, child: Child) -> Path:
    out: Path = tmp_path_factory.mktemp("undisturbed") / "run"
    assert child(out, settings=SETTINGS).code == 0
    assert [entry["step"] for entry in Run(out).log()] == [9, 10, 18, 20, 24]
    return out


@pytest.fixture
def resume(child: Child, undisturbed: Path, same_run: Callable[[Path, Path], None]) -> Resume:
    """Resume a run and compare it with the undisturbed one."""

    def call(out: Path) -> None:
        resumed = child(out, settings=SETTINGS, options={"resume": True})
        assert (resumed.code, resumed.out) == (0, "")
        assert "damaged" not in resumed.err
        same_run(out, undisturbed)

    return call


def at(place: str, time: int = 1) -> dict[str, Any]:
    return {"place": place, "time": time}


ONCE = [
    at("loading the data"),
    at("the recipe is there, the provenance not yet"),
    at("building the networks"),
    at("the log is opened"),
    at("half of the trained model"),
    at("the model is whole, the status is not noted"),
]
ANY_STEP = [
    at(place, random.Random(place).randint(1, STEPS))
    for place in ("before a step", "between D's and G's half of a step", "after a step")
]
LAST_STEP = [at("after a step", STEPS)]
ANY_ENTRY = [at("half a line of the log", time) for time in (1, 3)]
CHECKPOINT = [at("a checkpoint is whole, the old ones are there", 3), at("a checkpoint is done", CHECKPOINTS)]
HALF = [at("half of a checkpoint", time) for time in (1, 3)]


def name_of(where: dict[str, Any]) -> str:
    return f"{where['place']}, {where['time']}"


@pytest.mark.parametrize("where", [*ONCE, *ANY_STEP, *LAST_STEP, *ANY_ENTRY, *CHECKPOINT, *HALF], ids=name_of)
def test_killed(where: dict[str, Any], tmp_path: Path, child: Child, resume: Resume) -> None:
    out = tmp_path / "run"
    assert child(out, settings=SETTINGS, event="kill", **where).code == -9
    resume(out)


def test_killed_again_and_again_at_random_steps(tmp_path: Path, child: Child, resume: Resume) -> None:
    out, dice, codes = tmp_path / "run", random.Random(0), []
    for _ in range(5):
        where = at("before a step", dice.randint(2, 8))
        codes.append(child(out, settings=SETTINGS, options={"resume": True}, event="kill", **where).code)
    assert codes[0] == -9
    assert set(codes) <= {0, -9}
    resume(out)


@pytest.mark.parametrize(
    "settings",
    [
        {"model.agreement_from": 5, "model.agreement_within": 15},  # warps and weight are functions of the step
        {"model.agreement_from": 0, "model.agreement_within": 0, "model.split_every": 2},  # shares are kept
        {"model.agreement_from": 0, "model.neighbors": 3},  # which are found anew
    ],
)
def test_killed_while_categories_are_sorted(
    settings: dict[str, Any], tmp_path: Path, child: Child, same_run: Callable[[Path, Path], None]
) -> None:
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    settings = {**SETTINGS, **settings}
    job: dict[str, Any] = {"model": "infogan-invariant", "settings": settings}
    assert child(straight, **job).code == 0
    assert child(killed, event="kill", **at("between D's and G's half of a step", 14), **job).code == -9
    assert child(killed, options={"resume": True}, **job).code == 0
    same_run(killed, straight)


def test_killed_before_a_player_begins_to_move(
    tmp_path: Path, child: Child, same_run: Callable[[Path, Path], None]
) -> None:
    """The checkpoint of step 9 has nothing of the optimizer of CR, which moves from step 13 on."""
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    job: dict[str, Any] = {"model": "infogan-cr", "settings": {**SETTINGS, "model.contrastive_from": 12}}
    assert child(straight, **job).code == 0
    assert child(killed, event="kill", **at("before a step", 11), **job).code == -9
    assert child(killed, options={"resume": True}, **job).code == 0
    same_run(killed, straight)


def test_killed_with_two_threads_in_mixed_precision(
    tmp_path: Path, child: Child, same_run: Callable[[Path, Path], None]
) -> None:
    """The baseline, at a width at which the threads share the work."""
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    job: dict[str, Any] = {"model": "gan-with-q", "settings": {**SETTINGS, "networks.width": 0.5}, "threads": 2}
    mixed = {"precision": "bf16-mixed"}
    assert child(straight, options=mixed, **job).code == 0
    assert child(killed, options=mixed, event="kill", **at("before a step", 14), **job).code == -9
    assert child(killed, options={**mixed, "resume": True}, **job).code == 0
    same_run(killed, straight)


def test_killed_in_a_game_with_every_option(
    tmp_path: Path, child: Child, same_run: Callable[[Path, Path], None]
) -> None:
    """Penalties draw, averages move, spectral norm iterates, noise and learning rates fall: all as they would have."""
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    options = {
        "game": "wgan-gp", "discriminator_steps": 2, "generator_steps": 2, "r1": 1.0, "lambda_warm_up": 20,
        "ema_G": 0.9, "ema_Q": 0.9, "instance_noise": 0.1, "instance_noise_steps": 20,
    }  # fmt: skip
    settings = {**SETTINGS, **{f"model.{key}": value for key, value in options.items()}, "latents.balanced": True}
    settings |= {"networks.norm": "spectral", "optimizer.G.decay_last": 0.7, "optimizer.D.decay_last": 0.7}
    assert child(straight, settings=settings).code == 0
    assert child(killed, settings=settings, event="kill", **at("before a step", 14)).code == -9
    assert child(killed, settings=settings, options={"resume": True}).code == 0
    same_run(killed, straight)


STOPS = [*ONCE[1:], at("before a step"), at("between D's and G's half of a step", 14), at("half of a checkpoint", 2)]


@pytest.mark.parametrize(
    ("event", "where"),
    [*(("interrupt", where) for where in STOPS), ("terminate", STOPS[1]), ("terminate", STOPS[-2])],
    ids=lambda value: value if isinstance(value, str) else name_of(value),
)
def test_stopped(event: str, where: dict[str, Any], tmp_path: Path, child: Child, resume: Resume) -> None:
    out = tmp_path / "run"
    stopped = child(out, settings=SETTINGS, event=event, **where)
    assert stopped.code == 130
    assert "Traceback" not in stopped.err
    assert stopped.out == ""
    if where["place"] != "the recipe is there, the provenance not yet":
        assert Run(out).status == "interrupted"
        step = checkpoint.newest_step(out / "checkpoints")
        assert (
            f"Stopped; saved up to step {step}. Resume with:\n  dbench train {out}/recipe.toml --seed 0" in stopped.err
        )
    if where["place"] == "between D's and G's half of a step":
        assert step == 14  # the step that had begun was done first
    resume(out)


def test_stopped_before_there_is_a_run(tmp_path: Path, child: Child) -> None:
    stopped = child(tmp_path / "run", event="interrupt", place="loading the data")
    assert (stopped.code, stopped.err) == (130, "")
    assert not (tmp_path / "run").exists()


def test_asked_twice_it_does_not_wait(tmp_path: Path, child: Child) -> None:
    """Between the halves of one step, twice: the step is left, and the checkpoint before it counts."""
    out = tmp_path / "run"
    stopped = child(
        out, settings=SETTINGS, event="interrupt twice", place="between D's and G's half of a step", time=14
    )
    assert stopped.code == 130
    assert "saved up to step 9." in stopped.err
    assert "Traceback" not in stopped.err


def test_a_full_disk_leaves_the_checkpoints_that_there_are(tmp_path: Path, child: Child, resume: Resume) -> None:
    """The system itself refuses to write, as it does when the disk is full."""
    out = tmp_path / "run"
    ended = child(out, settings=SETTINGS, event="full", place="a checkpoint is done", time=2)
    assert ended.code == 2
    assert "Traceback" not in ended.err
    assert ended.err.count("Could not write") == 1
    assert f"Could not write {out}/checkpoints/step-00000024.safetensors: File too large." in ended.err
    files = [path.name for path in (out / "checkpoints").iterdir()]
    assert sorted(files) == ["step-00000009.safetensors", "step-00000018.safetensors"]
    assert Run(out).status == "interrupted"
    resume(out)
