from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from disentangle_bench.errors import DbenchError, RunError, SettingError, StorageError
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import SCHEMA_VERSION, Run

RECIPE = Recipe.parse(
    {
        "name": "infogan-digits",
        "model": "infogan",
        "dataset": "digits",
        "latents": {"noise": 10, "codes": [{"kind": "categorical", "k": 10}, {"kind": "uniform"}]},
        "networks": {"name": "digits"},
    },
    where="the test",
)

HOLD = """
import sys
from pathlib import Path
from disentangle_bench.run import Run
with Run(Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run whose training has begun."""
    return Run.create(tmp_path / "runs" / "seed-3", RECIPE, {"seed": 3, "command": ["dbench", "train"]})


def finish(run: Run) -> None:
    run.model_file.write_bytes(b"weights")


def change(run: Run, **values: object) -> None:
    kept = {**json.loads(run.provenance_file.read_text()), **values}
    run.provenance_file.write_text(json.dumps({key: value for key, value in kept.items() if value is not None}))


def test_a_run_that_was_created_can_be_opened(run: Run) -> None:
    finish(run)
    opened = Run.open(str(run.path))
    assert opened.recipe == RECIPE
    assert opened.seed == 3
    assert opened.schema_version == SCHEMA_VERSION
    assert opened.status == "running"
    assert opened.provenance()["command"] == ["dbench", "train"]


def test_the_parts_have_fixed_names(run: Run) -> None:
    parts = [
        run.recipe_file, run.provenance_file, run.log_file, run.checkpoints, run.model_file, run.representation_file,
        run.results_file, run.samples_file, run.figures,
    ]  # fmt: skip
    assert [str(part.relative_to(run.path)) for part in parts] == [
        "recipe.toml", "provenance.json", "log.jsonl", "checkpoints", "model.safetensors", "representation.h5",
        "results.json", "samples.h5", "figures",
    ]  # fmt: skip


def test_notes_are_added_to_the_provenance(run: Run) -> None:
    run.note(status="collapsed: L_I(c1) is 0.00")
    run.note(steps=5)
    assert run.status == "collapsed: L_I(c1) is 0.00"
    assert run.provenance() == {
        "schema_version": SCHEMA_VERSION,
        "seed": 3,
        "command": ["dbench", "train"],
        "status": "collapsed: L_I(c1) is 0.00",
        "steps": 5,
    }


def test_the_provenance_is_written_last_and_makes_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    replace = Path.replace

    def record(source: Path, target: Path) -> Path:
        written.append(target.name)
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", record)
    Run.create(tmp_path / "run", RECIPE, {"seed": 0})
    assert written == ["recipe.toml", "provenance.json"]


# --- folders that cannot be opened


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=f"There is no run folder {tmp_path / 'none'}"):
        Run.open(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=f"{tmp_path / 'file'} is a file, not a run folder"):
        Run.open(tmp_path / "file")


@pytest.mark.parametrize("lacks", ["recipe.toml", "provenance.json"])
def test_a_folder_that_is_not_a_run(run: Run, lacks: str) -> None:
    finish(run)
    (run.path / lacks).unlink()
    with pytest.raises(RunError, match=f"{run.path} is not a run folder") as caught:
        Run.open(run.path)
    assert "Give a folder that `dbench train` made" in str(caught.value)


def test_a_run_whose_training_has_not_ended(run: Run) -> None:
    with pytest.raises(RunError, match=f"{run.path} is half-written: its training has not ended") as caught:
        Run.open(run.path)
    assert run.resume_command() in str(caught.value)
    assert Run.open(run.path, finished=False).seed == 3


def test_the_resume_command_is_one_that_a_shell_understands(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "my runs", RECIPE, {"seed": 7, "options": ["--device", "cpu"]})
    words = subprocess.run(
        ["sh", "-c", f'printf "%s\\n" {run.resume_command()}'], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert words[:3] == ["dbench", "train", str(run.recipe_file)]
    assert words[3:] == ["--seed", "7", "--out", str(run.path), "--device", "cpu", "--resume"]


@pytest.mark.parametrize("gone", [{}, {"seed": None, "command": None}])
def test_a_run_of_a_newer_schema(run: Run, gone: dict[str, None]) -> None:
    finish(run)
    change(run, schema_version=SCHEMA_VERSION + 1, **gone)
    with pytest.raises(
        RunError, match=f"schema {SCHEMA_VERSION + 1}; this version reads up to {SCHEMA_VERSION}"
    ) as caught:
        Run.open(run.path)
    assert "pip install --upgrade disentangle-bench" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"text"', '{"schema_version": 1'])
def test_a_provenance_that_is_not_a_json_object(run: Run, text: str) -> None:
    finish(run)
    run.provenance_file.write_text(text)
    with pytest.raises(RunError, match=f"{run.provenance_file} cannot be read"):
        Run.open(run.path)


def test_a_provenance_that_is_not_text(run: Run) -> None:
    run.provenance_file.write_bytes(b"\xff\xfe\0")
    with pytest.raises(RunError, match=f"{run.provenance_file} cannot be read"):
        Run.open(run.path)


@pytest.mark.parametrize("value", [None, "three"])
def test_a_provenance_with_damaged_numbers(run: Run, value: object) -> None:
    finish(run)
    change(run, seed=value)
    with pytest.raises(RunError, match=f"damaged: seed is {value}"):
        _ = Run.open(run.path).seed
    change(run, schema_version=value)
    with pytest.raises(RunError, match=f"damaged: schema_version is {value}"):
        Run.open(run.path)


def test_a_damaged_recipe_is_reported_with_its_file(run: Run) -> None:
    run.recipe_file.write_text("name = 'half")
    with pytest.raises(SettingError, match=str(run.recipe_file)):
        _ = run.recipe


# --- the log


def test_no_log_is_an_empty_one(run: Run) -> None:
    assert run.log() == []


def test_every_whole_line_is_read(run: Run) -> None:
    entries = [{"step": step, "L_I": {"c1": step / 100}, "status": "ok\u2028still"} for step in (10, 20, 30)]
    run.log_file.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries), "utf-8")
    assert run.log() == entries


def test_a_last_line_that_was_cut_short_is_left_out(run: Run) -> None:
    whole = b'{"step": 10}\n'
    last = '{"step": 20, "status": "é"}'.encode()
    for size in range(len(last)):
        run.log_file.write_bytes(whole + last[:size])
        assert run.log() == [{"step": 10}], last[:size]
    run.log_file.write_bytes(whole + last)
    assert run.log() == [{"step": 10}, {"step": 20, "status": "é"}]
    run.log_file.write_bytes(whole + bytes(4096))  # what some file systems leave after a loss of power
    assert run.log() == [{"step": 10}]


@pytest.mark.parametrize("line", ["garbage", '{"step": 2', "[]", "7"])
def test_a_damaged_line_before_the_last_is_reported(run: Run, line: str) -> None:
    run.log_file.write_text(f'{{"step": 1}}\n{line}\n{{"step": 3}}\n')
    with pytest.raises(RunError, match=f"Line 2 of {run.log_file} is damaged"):
        run.log()


# --- holding it


@pytest.fixture
def holder(run: Run) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the run."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_the_digest_of_a_model_is_checked_against_what_was_written(run: Run) -> None:
    finish(run)
    digest = hashlib.sha256(b"weights").hexdigest()
    assert run.whole_model_digest() == digest
    run.note(model_sha256=digest)
    assert run.whole_model_digest() == digest
    run.note(model_sha256="0" * 64)
    with pytest.raises(RunError, match=r"model\.safetensors is damaged[\s\S]*--resume"):
        run.whole_model_digest()


def test_a_run_is_held_by_one_process(run: Run, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(RunError, match=f"Another process is writing to {run.path}"), run.held():
        pytest.fail("two processes hold the run")
    holder.communicate()
    with run.held():
        assert holder.returncode == 0


def test_a_process_that_holds_a_run_is_waited_for(run: Run, holder: subprocess.Popen[str]) -> None:
    threading.Timer(0.5, holder.terminate).start()
    with run.held(patience=60):
        assert holder.wait(60) == -signal.SIGTERM


def test_a_process_that_was_killed_holds_no_run(run: Run, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    with run.held():
        assert (run.path / ".lock").exists()


def test_a_run_is_held_once_within_a_process_too(run: Run) -> None:
    with run.held():
        with pytest.raises(RunError, match="Another process"), run.held():
            pytest.fail("held twice")
        with pytest.raises(RunError, match="Another process"), Run(run.path).held():
            pytest.fail("held twice")
    with run.held():
        pass


def test_a_run_is_released_after_an_error(run: Run) -> None:
    with pytest.raises(ZeroDivisionError), run.held():
        raise ZeroDivisionError
    with run.held():
        pass


def test_a_folder_that_does_not_exist_yet_can_be_held(tmp_path: Path) -> None:
    with Run(tmp_path / "new" / "run").held():
        assert (tmp_path / "new" / "run").is_dir()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_cannot_be_written(run: Run, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(FileLock, "acquire", refuse)
        with pytest.raises(StorageError, match=f"Could not write {run.path}: {os.strerror(number)}"), run.held():
            pytest.fail("held")
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match=f"Could not write {run.provenance_file}"):
        run.note(status="ok")
    assert run.status == "running"


def test_a_path_that_is_a_file_cannot_become_a_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="A part of that path is a file"):
        Run.create(tmp_path / "file" / "run", RECIPE, {"seed": 0})
    with pytest.raises(DbenchError, match="A part of that path is a file"), Run(tmp_path / "file").held():
        pytest.fail("held")
