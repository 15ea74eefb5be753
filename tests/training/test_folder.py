"""The run folder: begun, resumed or refused, with one message that says why and what to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import tomli_w
from filelock import FileLock

from disentangle_bench.errors import RunError, SettingError, StorageError, UnknownNameError
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import SCHEMA_VERSION, Run
from disentangle_bench.training.folder import prepare

Train = Callable[..., Run]
Case = tuple[dict[str, Any], dict[str, Any], type[Exception], str]
Tiny = Callable[..., Recipe]
INFO: dict[str, Any] = {"options": [], "device": "cpu", "precision": "32-true", "devices": 1, "compile": False}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny: Tiny) -> Path:
    from disentangle_bench.training.train import train_recipe

    return train_recipe(tiny(), out=tmp_path_factory.mktemp("finished") / "run", device="cpu").path


@pytest.fixture
def ended(finished: Path, tmp_path: Path) -> Path:
    """A run that has ended, in `tmp_path / "run"`."""
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture
def begun(tmp_path: Path, tiny: Tiny) -> Run:
    """A run that has begun, and no more."""
    run = Run(tmp_path / "run")
    run.path.mkdir()
    assert prepare(run, tiny(), 0, False, INFO)
    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestARunThatIsThere:
    def test_has_all_its_parts(self, ended: Path) -> None:
        run = Run.open(ended)
        assert {path.name for path in ended.iterdir()} == {
            ".lock", "recipe.toml", "provenance.json", "log.jsonl", "checkpoints", "model.safetensors",
        }  # fmt: skip
        info = run.provenance()
        assert info["schema_version"] == SCHEMA_VERSION
        assert (info["seed"], info["steps"]) == (0, 4)
        assert (info["device"], info["precision"], info["devices"], info["compile"]) == ("cpu", "32-true", 1, False)
        assert sum(info["categories"]["c1"]) == 1797 - 296
        assert run.status == "ok" or run.status.startswith("collapsed: ")

    def test_is_not_trained_over(self, ended: Path, train_tiny: Train) -> None:
        before = contents(ended)
        with pytest.raises(RunError, match=r"already holds a run \((ok|collapsed: .*)\)") as caught:
            train_tiny()
        for way in ("--resume", "--seed", "--out"):
            assert way in caught.value.remedy
        assert contents(ended) == before

    def test_that_has_ended_is_left_as_it_is(
        self, ended: Path, train_tiny: Train, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = contents(ended)
        assert train_tiny(resume=True) == Run(ended)
        assert contents(ended) == before
        assert f"{ended} is already finished" in capsys.readouterr().err

    def test_that_has_ended_with_a_damaged_model_makes_that_again(
        self, ended: Path, train_tiny: Train, caplog: pytest.LogCaptureFixture
    ) -> None:
        model = ended / "model.safetensors"
        before = model.read_bytes()
        for damaged in (before[:-1] + bytes([before[-1] ^ 1]), before[: len(before) // 2]):
            model.write_bytes(damaged)
            assert train_tiny(resume=True).has_whole_model()
            assert f"{model} is damaged" in caplog.text
            assert model.read_bytes() == before

    @pytest.mark.parametrize(
        ("settings", "seed", "difference"),
        [
            ({"steps": 3}, 0, "steps was 4, now 3"),
            ({}, 3, "seed was 0, now 3"),
            ({"latents.codes.0.k": 4}, 0, "latents.codes.0.k was 10, now 4"),
            ({"latents.codes.1.sigma": 0.5}, 0, "latents.codes.1.sigma was not set, now 0.5"),
            ({"networks.width": 0.5, "steps": 9}, 0, "steps was 4, now 9, networks.width was 0.0625, now 0.5"),
        ],
    )
    def test_is_not_resumed_with_other_settings(
        self, ended: Path, train_tiny: Train, settings: dict[str, Any], seed: int, difference: str
    ) -> None:
        with pytest.raises(RunError) as caught:
            train_tiny(settings, seed=seed, resume=True)
        assert f"trained with other settings: {difference}." in caught.value.problem
        assert f"dbench train {ended}/recipe.toml --seed 0 --out {ended}" in caught.value.remedy

    def test_with_a_flat_recipe_of_an_older_version_is_resumed(
        self, ended: Path, train_tiny: Train, caplog: pytest.LogCaptureFixture
    ) -> None:
        values = Run(ended).recipe.to_values()
        flat = {
            **{key: value for key, value in values.items() if key != "title"},
            "model": values["model"]["name"],
            "objective": values["model"]["game"],
            "dataset": values["dataset"]["name"],
            "optimizer": {"discriminator_lr": 2e-4, "generator_lr": 1e-3, "beta1": 0.5, "beta2": 0.999},
            "title": "as that version worded it",
        }
        (ended / "recipe.toml").write_text(tomli_w.dumps(flat))
        model = (ended / "model.safetensors").read_bytes()
        (ended / "model.safetensors").write_bytes(b"damaged")
        assert train_tiny(resume=True).status == Run(ended).status
        assert "damaged" in caplog.text
        assert (ended / "model.safetensors").read_bytes() == model

    def test_on_another_machine_says_so(self, begun: Run, tiny: Tiny, caplog: pytest.LogCaptureFixture) -> None:
        assert prepare(begun, tiny(), 0, True, {**INFO, "precision": "bf16-mixed", "device": "H200"})
        assert "is resumed with device H200 (before: cpu), precision bf16-mixed (before: 32-true)." in caplog.text
        assert begun.provenance()["precision"] == "bf16-mixed"

    def test_is_running_again_when_it_is_resumed(self, begun: Run, tiny: Tiny) -> None:
        begun.note(status="interrupted")
        assert prepare(begun, tiny(), 0, True, INFO)
        assert begun.status == "running"

    def test_of_a_newer_schema_is_refused(self, begun: Run, train_tiny: Train) -> None:
        begun.note(schema_version=SCHEMA_VERSION + 1)
        with pytest.raises(RunError, match=f"written with schema {SCHEMA_VERSION + 1}") as caught:
            train_tiny(resume=True)
        assert "Upgrade" in caught.value.remedy

    def test_with_a_damaged_provenance_is_refused(self, begun: Run, train_tiny: Train) -> None:
        begun.provenance_file.write_text('{"seed": 0,')
        with pytest.raises(RunError, match=r"provenance\.json cannot be read"):
            train_tiny(resume=True)

    def test_with_a_damaged_recipe_is_refused(self, begun: Run, train_tiny: Train) -> None:
        begun.recipe_file.write_text("steps = ")
        with pytest.raises(SettingError, match=r"Could not read the recipe .*recipe\.toml"):
            train_tiny(resume=True)

    def test_with_checkpoints_of_other_networks_is_refused(self, ended: Path, tiny: Tiny, train_tiny: Train) -> None:
        other = {"networks.width": 0.125}
        (ended / "model.safetensors").unlink()
        (ended / "recipe.toml").write_text(tiny(**other).to_toml())
        with pytest.raises(RunError, match=r"checkpoint of step 4 .* fits other networks"):
            train_tiny(other, resume=True)

    def test_loses_what_a_killed_process_left_half_written(self, begun: Run, tiny: Tiny) -> None:
        begun.checkpoints.mkdir()
        for place in (
            begun.path / ".log.jsonl.0a1b2c3d.tmp.jsonl",
            begun.checkpoints / ".step-1.safetensors.01234567.tmp.safetensors",
        ):
            place.write_bytes(b"half")
        (begun.path / ".mine.tmp").write_bytes(b"a user's")
        assert prepare(begun, tiny(), 0, True, INFO)
        hidden = {path.name for path in begun.path.rglob(".*")}
        assert hidden == {".mine.tmp"}


class TestAFolderWithoutARun:
    def test_that_is_not_there_is_made(self, tmp_path: Path, train_tiny: Train) -> None:
        assert train_tiny(out=tmp_path / "a" / "b").model_file.is_file()

    def test_by_default_is_named_after_recipe_and_seed(
        self, tmp_path: Path, train_tiny: Train, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert train_tiny(out=None, seed=7).path == Path("runs/infogan-digits/seed-7")

    def test_with_foreign_files_is_left_alone(self, tmp_path: Path, train_tiny: Train) -> None:
        (tmp_path / "run").mkdir()
        for number in range(5):
            (tmp_path / "run" / f"thesis-{number}.tex").write_text("years of work")
        with pytest.raises(RunError, match=r"holds files but no run: thesis-0\.tex, .*, \.\.\.\."):
            train_tiny()
        assert len(list((tmp_path / "run").glob("*.tex"))) == 5
        assert not (tmp_path / "run" / "recipe.toml").exists()

    @pytest.mark.parametrize("same", [True, False])
    def test_with_a_recipe_alone_is_begun_if_it_is_the_same(self, tmp_path: Path, tiny: Tiny, same: bool) -> None:
        """As a process leaves it that was killed between the recipe and the provenance."""
        run = Run(tmp_path)
        run.recipe_file.write_text(tiny(steps=4 if same else 9).to_toml())
        (tmp_path / ".provenance.json.0a1b2c3d.tmp.json").touch()
        if same:
            assert prepare(run, tiny(), 0, False, INFO)
            assert not list(tmp_path.glob(".provenance*"))
        else:
            with pytest.raises(RunError, match=r"holds files but no run: recipe\.toml\."):
                prepare(run, tiny(), 0, False, INFO)

    def test_that_is_a_file_is_refused(self, tmp_path: Path, train_tiny: Train) -> None:
        (tmp_path / "run").write_text("")
        with pytest.raises(StorageError, match=f"Could not write {tmp_path}/run: File exists"):
            train_tiny()

    def test_below_a_file_is_refused(self, tmp_path: Path, train_tiny: Train) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(StorageError, match="Not a directory") as caught:
            train_tiny(out=tmp_path / "file" / "run")
        assert "choose another folder" in caught.value.remedy


class TestAHeldFolder:
    def test_is_not_written_to(self, begun: Run, train_tiny: Train) -> None:
        (begun.path / ".lock").touch()
        before = contents(begun.path)
        with FileLock(begun.path / ".lock"), pytest.raises(RunError, match="Another process is writing to") as caught:
            train_tiny(resume=True)
        assert "--out" in caught.value.remedy
        assert contents(begun.path) == before

    def test_by_another_process_is_not_written_to(self, begun: Run, train_tiny: Train) -> None:
        hold = (
            "import sys; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire(); "
            "print('held'); input()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", hold, str(begun.path / ".lock")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as other:  # fmt: skip
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            with pytest.raises(RunError, match="Another process is writing to"):
                train_tiny(resume=True)
            other.communicate("\n")
        assert train_tiny(resume=True).model_file.is_file()

    def test_is_free_again_after_an_error(self, begun: Run, train_tiny: Train) -> None:
        with pytest.raises(RunError, match="already holds a run"):
            train_tiny()
        assert train_tiny(resume=True).model_file.is_file()


NOTHING_BEGUN: list[Case] = [
    ({"batch_size": 4000}, {}, SettingError, "batch_size = 4000 exceeds the 1501 training images"),
    ({"batch_size": 15}, {"devices": 2}, SettingError, "batch_size = 15 cannot be shared equally by 2 processes"),
    ({"batch_size": 2}, {"devices": 2}, SettingError, "leaves each of 2 processes one image"),
    (
        {"networks.name": "mnist"},
        {},
        SettingError,
        "Choose networks, or a size of the dataset's images, that go together",
    ),
    ({"networks.name": "digit"}, {}, UnknownNameError, "Did you mean 'digits'"),
    ({"model.name": "infogna"}, {}, UnknownNameError, "Did you mean 'infogan'"),
    ({"dataset.name": "digit"}, {}, UnknownNameError, "Did you mean 'digits'"),
    ({}, {"devices": 0}, SettingError, "--devices 0"),
    ({}, {"device": "tpu"}, SettingError, "is not a device"),
    ({}, {"precision": "8"}, SettingError, "is not a precision"),
]


@pytest.mark.parametrize("case", NOTHING_BEGUN, ids=lambda case: case[3])
def test_what_cannot_be_trained_leaves_no_folder(case: Case, tmp_path: Path, train_tiny: Train) -> None:
    settings, options, error, message = case
    with pytest.raises(error) as caught:
        train_tiny(settings, **options)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_without_permission_nothing_is_written() -> None:
    """As another user if this one is root, whom no permission stops."""
    script = (
        "import os, sys; from pathlib import Path; from disentangle_bench.run import Run\n"
        "from disentangle_bench.errors import StorageError\n"
        "os.geteuid() or os.seteuid(65534)\n"
        "try:\n    with Run(Path(sys.argv[1])).held(): pass\n"
        "except StorageError as error: print(error)\n"
    )
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        command = [sys.executable, "-c", script, str(folder / "run")]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        folder.chmod(0o755)
        assert list(folder.iterdir()) == []
    assert f"Could not write {folder}/run: Permission denied." in ended.stdout
    assert "change its permissions" in ended.stdout


def test_the_status_of_a_run_is_json_for_others_to_read(ended: Path) -> None:
    assert json.loads((ended / "provenance.json").read_text())["status"] == Run(ended).status
