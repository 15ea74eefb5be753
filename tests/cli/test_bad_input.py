"""What a user can get wrong: one clear message each, exit code 2, nothing half-written."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from disentangle_bench.run import SCHEMA_VERSION, Run
from disentangle_bench.storage import atomic


@pytest.fixture
def refused(dbench, tmp_path):
    """Call `dbench`, expect it to refuse with one message that says all of this, and to leave the folder as it was."""

    def call(*words: object, says: tuple[str, ...]) -> None:
        before = files_in(tmp_path)
        outcome = dbench(*words)
        assert outcome.code == 2, outcome.err
        assert outcome.out == ""
        message = outcome.err[outcome.err.index("Error: ") :]
        assert message.count("Error: ") == 1
        assert "Traceback" not in outcome.err
        for text in says:
            assert text in message
        assert files_in(tmp_path) == before

    return call


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["infogn"], ["'infogn'", "Did you mean 'infogan'"]),
        (["infogan", "--dataset", "digit"], ["dataset named 'digit'", "Did you mean 'digits'"]),
        (["infogan-mnist", "--dataset", "digits"], ["'mnist', not 'digits'", "dbench train infogan --dataset digits"]),
        (["no-such.toml"], ["no-such.toml", "No such file"]),
        (["infogan-digits", "--set", "steps=-1"], ["steps", "greater than or equal to 1", "-1"]),
        (["infogan-digits", "--steps", "0"], ["Invalid settings: steps", "greater than or equal to 1", "0"]),
        (["infogan-digits", "--set", "steps=many"], ["steps", "valid integer", "'many'"]),
        (["infogan-digits", "--set", "step=5"], ["step: there is no such setting", "dbench show RECIPE"]),
        (["infogan-digits", "--set", "networks.wdth=2"], ["networks.wdth: there is no such setting"]),
        (["infogan-digits", "--set", "latents.codes.0.k=1"], ["latents.codes.0.k", "greater than or equal to 2", "1"]),
        (["infogan-digits", "--set", "latents.codes.7.k=5"], ["latents.codes.7.k", "last code is latents.codes.2"]),
        (["infogan-digits", "--set", "model.name=vae"], ["'vae'"]),
        (["infogan-digits", "--set", "dataset=mnist"], ["no setting 'dataset': it is now dataset.name"]),
        (["infogan-digits", "--set", "data.size=32"], ["no setting 'data.size': it is now dataset.size"]),
        (["infogan-digits", "--set", "objective=minimax"], ["no setting 'objective': it is now model.game"]),
        (["infogan-digits", "--set", "optimizer.generator_lr=1e-4"], ["it is now optimizer.G.lr"]),
        (["infogan-digits", "--set", "model.gmae=minimax"], ["setting of the model 'infogan'", "'gmae'", "'game'"]),
        (
            ["infogan-digits", "--set", "model.game=chess"],
            ["game = 'chess'", "'nsgan', 'minimax'", "'wgan' or 'wgan-gp'"],
        ),
        (["infogan-digits", "--set", "dataset.size=32"], ["The dataset 'digits' takes no settings", "'size'"]),
        (["infogan-digits", "--set", "networks.name=nets"], ["'nets'"]),
        (["infogan-digits", "--set", "batch_size=100000"], ["batch", "100000"]),
        (["infogan-digits", "--precision", "16-mixed", "--device", "cpu"], ["16-mixed", "CUDA"]),
    ],
    ids=" ".join,
)
def test_impossible_recipes_and_settings(refused, words, says):
    refused("train", *words, says=tuple(says))


@pytest.mark.parametrize("words", [["train", "infogan", "--dataset", "sprites"], ["data", "show", "digits"]])
def test_a_folder_for_an_embedded_dataset(refused, words, tmp_path):
    refused(*words, "--data-dir", tmp_path / "mine", says=("--data-dir", "mine", ": it reads no files"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_there(refused):
    refused("train", "infogan-digits", "--device", "cuda", says=("--device cuda", "dbench env"))


def test_a_folder_that_is_no_run(refused, tmp_path):
    for command in (["eval", tmp_path], ["show", tmp_path], ["compare", tmp_path, tmp_path]):
        refused(*command, says=(str(tmp_path), "not a run folder", "dbench train"))


def test_a_run_folder_that_does_not_exist(refused):
    refused("eval", "runs/nothing", says=("There is no run folder runs/nothing", "dbench train"))


def test_a_half_written_run(refused, begun_run):
    refused("eval", begun_run.path, says=("half-written", "--resume"))
    refused("compare", begun_run.path, begun_run.path, says=("half-written", "--resume"))


def test_a_run_of_a_newer_schema(refused, begun_run):
    begun_run.note(schema_version=SCHEMA_VERSION + 1)
    for command in (["eval"], ["show"], ["train", "infogan-digits", "--resume", "--out"]):
        refused(*command, begun_run.path, says=(f"schema {SCHEMA_VERSION + 1}", "pip install --upgrade"))


@pytest.mark.parametrize("damage", ["", "{", "[1, 2]", '"text"'])
def test_a_run_with_a_damaged_provenance(refused, begun_run, damage):
    begun_run.provenance_file.write_text(damage)
    refused("show", begun_run.path, says=("provenance.json", f"dbench train {begun_run.recipe_file} --seed N --out"))


def test_a_run_with_a_damaged_recipe(refused, begun_run):
    begun_run.recipe_file.write_text("name = ")
    refused("show", begun_run.path, says=("recipe.toml",))


def test_a_run_with_a_damaged_model(refused, begun_run):
    begun_run.model_file.write_bytes(b"not safetensors")
    again = "resume its training with --resume"
    refused("eval", begun_run.path, says=("model.safetensors", "damaged", f"delete {begun_run.model_file}", again))


def test_a_run_with_a_model_of_other_bytes(refused, begun_run):
    begun_run.model_file.write_bytes(b"other bytes")
    begun_run.note(model_sha256="0" * 64)
    refused("eval", begun_run.path, says=("model.safetensors is damaged", begun_run.resume_command()))


def test_results_of_a_newer_schema(refused, tmp_path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"schema_version": 99, "subject": {}, "scores": {}}))
    refused("compare", path, path, says=("schema 99", "pip install --upgrade"))


def test_results_of_a_newer_schema_are_not_replaced(refused, begun_run):
    begun_run.model_file.write_bytes(b"not even looked at")
    begun_run.results_file.write_text(json.dumps({"schema_version": 99, "subject": {}, "scores": {}}))
    refused("eval", begun_run.path, says=("results.json was written with schema 99", "pip install --upgrade"))


def test_one_run_has_nothing_to_be_compared_with(refused, tmp_path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"schema_version": 1, "subject": {"name": "a"}, "scores": {}}))
    refused("compare", path, says=("two or more",))


def test_a_run_that_is_already_there(refused, begun_run):
    refused("train", "infogan-digits", "--out", begun_run.path, says=("already holds a run", "--resume"))


def test_going_on_with_other_settings(refused, begun_run):
    words = ("train", "infogan-digits", "--steps", 7, "--out", begun_run.path, "--resume")
    refused(*words, says=("other settings", "steps was", "now 7"))


def test_a_folder_with_other_files(refused, tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    refused("train", "infogan-digits", "--out", tmp_path, says=("holds files but no run", "--out"))


def test_a_dataset_file_with_other_bytes(refused, tmp_path):
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / f"{name}-ubyte").write_bytes(b"\0\0\x08\x01damaged")
    refused("train", "infogan-mnist", "--data-dir", tmp_path, says=(str(tmp_path), "idx"))


def test_a_dataset_that_cannot_be_had_offline(refused, tmp_path, monkeypatch):
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path / "cache"))
    refused("train", "infogan-mnist", says=("mnist", "DBENCH_OFFLINE"))


@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "Free some space"), (errno.EDQUOT, "quota"), (errno.EROFS, "read-only")]
)
def test_a_disk_that_takes_no_more(refused, monkeypatch, number, says):
    def fail(_path: Path) -> None:
        raise OSError(number, "the disk takes no more")

    monkeypatch.setattr(atomic, "flush_to_disk", fail)
    refused("train", "infogan-digits", "--steps", 1, says=("runs/infogan-digits/seed-0", says))


def test_a_folder_without_write_permission(refused, tmp_path, monkeypatch):
    locked = tmp_path / "locked"
    make = Path.mkdir

    def mkdir(path: Path, *words: object, **options: object) -> None:
        if locked in (path, *path.parents):  # even root, who may write everywhere, is refused
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        make(path, *words, **options)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    refused("train", "infogan-digits", "--out", locked / "run", says=(str(locked), "Permission denied", "may write"))


def test_a_path_through_a_file(refused, tmp_path):
    (tmp_path / "file").write_text("")
    refused("train", "infogan-digits", "--out", tmp_path / "file" / "run", says=("file", "choose another"))


def test_two_processes_on_one_run(real_dbench, tmp_path):
    folder = tmp_path / "run"
    holder = (
        f"import sys; from pathlib import Path; from disentangle_bench.run import Run\n"
        f"with Run(Path({str(folder)!r})).held(): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        outcome = real_dbench("train", "infogan-digits", "--steps", 1, "--out", folder)
        process.communicate(b"")
    assert outcome.code == 2
    assert (
        outcome.err
        == f"Error: Another process is writing to {folder}.\nWait for it, or give another folder with --out.\n"
    )
    assert files_in(folder) == {}


def write_codes(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


RANDOM = np.random.default_rng(0)
CODES, FACTORS = RANDOM.normal(size=(60, 2)), RANDOM.integers(0, 3, size=(60, 1))


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"factors": FACTORS}, "no array 'codes'"),
        ({"codes": CODES, "factors": FACTORS[:59]}, "60 rows"),
        ({"codes": np.where(CODES > 1, np.nan, CODES), "factors": FACTORS}, "NaN"),
        ({"codes": CODES[:, :, None], "factors": FACTORS}, "(60, 2, 1)"),
        ({"codes": CODES, "factors": FACTORS, "train": np.full(60, 3)}, "'train'"),
    ],
)
def test_arrays_that_do_not_fit(refused, tmp_path, arrays, says):
    path = write_codes(tmp_path / "mine.npz", **arrays)
    refused("eval", path, says=(str(path), says))


@pytest.mark.parametrize("name", ["mine.npz", "mine.h5"])
def test_a_file_that_is_something_else_or_not_there(refused, tmp_path, name):
    refused("eval", tmp_path / name, says=("There is no file", name))
    (tmp_path / name).write_bytes(b"something else")
    refused("eval", tmp_path / name, says=(name, "not a readable"))


def test_metrics_and_settings_that_there_are_not(refused, tmp_path):
    path = write_codes(tmp_path / "mine.npz", codes=FACTORS, factors=FACTORS)
    refused("eval", path, "--metrics", "c1-acuracy", says=("'c1-acuracy'", "Did you mean 'c1-accuracy'"))
    refused("eval", path, "--metrics", "traversal-consistency", says=("traversal-consistency", "generator"))
    refused("eval", path, "--set", "c1-accuracy.botstrap=5", says=("'botstrap'", "Did you mean 'bootstrap'"))
    refused("eval", path, "--set", "bootstrap=5", says=("METRIC.KEY=VALUE",))


@pytest.mark.parametrize(
    ("value", "says"), [("many", "valid integer"), ("1.5", "valid integer"), ("0", "Give 2 or more")]
)
def test_a_value_that_a_metric_cannot_take(refused, tmp_path, value, says):
    path = write_codes(tmp_path / "mine.npz", codes=FACTORS, factors=FACTORS)
    refused("eval", path, "--set", f"c1-accuracy.bootstrap={value}", says=("bootstrap", value.strip("'"), says))


@pytest.mark.parametrize("name", ["codes.csv", "codes.npy"])
def test_files_of_codes_in_other_formats(refused, tmp_path, name):
    for _ in ("missing", "there"):
        refused("eval", tmp_path / name, says=(f"{name} is neither a run folder nor a file of codes", ".npz, .h5 or"))
        (tmp_path / name).write_text("1,2\n")


def test_so_few_samples_that_nothing_can_be_said(refused, tmp_path):
    path = write_codes(tmp_path / "mine.npz", codes=CODES[:3], factors=FACTORS[:3])
    refused("eval", path, says=("only 3 samples in mine.npz", "Give 4 or more"))


def test_python_objects_in_a_file_of_codes(refused, tmp_path):
    path = write_codes(tmp_path / "mine.npz", codes=CODES, factors=np.array(["cat", "dog"] * 30, dtype=object))
    refused("eval", path, says=(str(path), "'factors' is an array of Python objects", ".astype(str)"))


def test_a_folder_of_seeds_names_the_runs_in_it(refused, begun_run, tmp_path):
    for seed in (2, 10):
        shutil.copytree(begun_run.path, tmp_path / "runs" / f"seed-{seed}")
    refused("show", "runs", says=("not a run folder", "give one of them: runs/seed-2, runs/seed-10."))


def test_a_folder_of_seeds_none_of_which_has_ended(dbench, begun_run, tmp_path):
    for seed in (2, 10):
        shutil.copytree(begun_run.path, tmp_path / "runs" / f"seed-{seed}")
    outcome = dbench("eval", "runs")
    assert (outcome.code, outcome.out) == (2, "")
    errors = [line for line in outcome.err.splitlines() if line.startswith("Error: ")]
    assert [error.partition(": runs/")[2].partition(":")[0] for error in errors] == ["seed-2", "seed-10"]
    assert all("half-written" in error for error in errors)


def test_a_run_that_is_being_trained(refused, begun_run):
    with begun_run.held():
        refused("eval", begun_run.path, says=("is being trained by another process", "Wait"))


def test_a_run_that_diverged(dbench, begun_run):
    begun_run.note(status="collapsed: generator_loss is not a finite number")
    outcome = dbench("eval", begun_run.path)
    assert outcome.code == 2
    assert "ended without a model: collapsed: generator_loss is not a finite number." in outcome.err
    assert "--resume" not in outcome.err


@pytest.mark.parametrize("seeds", ["0,0", "1,2,01"])
def test_the_same_seed_twice(refused, seeds):
    refused("train", "infogan-digits", "--seed", seeds, says=("more than once",))


def test_ctrl_c_among_seeds_says_which_have_not_begun(dbench, monkeypatch):
    def stopped(*_: object, seed: int, **options: object) -> Run:
        if seed == 0:
            return Run(Path("runs/infogan-digits/seed-0"))
        raise KeyboardInterrupt("Stopped; saved up to step 5.")

    monkeypatch.setattr("disentangle_bench.workflow.train.train", stopped)
    outcome = dbench("train", "infogan-digits", "--seed", "0-3")
    assert (outcome.code, outcome.out) == (130, "runs/infogan-digits/seed-0\n")
    assert outcome.err == (
        "Stopped; saved up to step 5.\n"
        "Seeds 2, 3 have not begun; the command that you gave trains all seeds if you add --resume.\n"
    )


def test_a_lock_alone_is_no_run(dbench, tmp_path):
    with Run(tmp_path / "run").held():
        pass
    assert "not a run folder" in dbench("eval", tmp_path / "run").err


@pytest.mark.parametrize(
    "words",
    [
        ("eval", "LONG"),
        ("eval", "codes.npz", "--out", "LONG"),
        ("compare", "LONG", "b"),
        ("rank", "LONG", "b", "c"),
        ("train", "infogan-digits", "--out", "LONG"),
        ("train", "infogan-digits", "--data-dir", "LONG"),
        ("data", "fetch", "mnist", "--from", "LONG"),
        ("data", "verify", "mnist", "--data-dir", "LONG"),
        ("show", "LONG"),
    ],
    ids=" ".join,
)
def test_a_path_that_no_file_can_have(refused, words):
    refused(*("a" * 4000 if word == "LONG" else word for word in words), says=("is not a path: 'aaa", "it is too long"))


@pytest.mark.parametrize("cache", ["~no-such-user", "a" * 4000], ids=["home", "long"])
@pytest.mark.parametrize("words", [("data", "list"), ("env",), ("eval", "codes.npz"), ("show", "mnist")], ids=" ".join)
def test_a_cache_that_no_folder_can_be(refused, monkeypatch, cache, words):
    monkeypatch.setenv("DBENCH_CACHE", cache)
    refused(*words, says=("DBENCH_CACHE is not a path: ",))
