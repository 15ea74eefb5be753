"""`dbench export` and `dbench share`, after a real training."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

import disentangle_bench as db
from disentangle_bench.models.onnx_parts import layout
from tests.cli.hub import hub

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def trained(folder, model):
    settings = {"steps": 3, "networks.width": 0.1, "batch_size": 32}
    run = db.train(model, dataset="digits", settings=settings, out=folder / model)
    db.evaluate(run, ["c1-accuracy"], bootstrap=0, levels=False, figure_formats=["png"], device="cpu")
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs"), "infogan")


def answers(file: Path, inputs: np.ndarray) -> np.ndarray:
    """What a graph makes of inputs, without anything of ours."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: inputs})[0]


@pytest.mark.slow
def test_graphs_give_what_the_model_gives(dbench, run):
    outcome = dbench("export", run.path, "--to", "onnx", "--out", "graphs")
    assert (outcome.code, outcome.out) == (0, "graphs\n"), outcome.err
    assert outcome.err.splitlines() == [
        f"Exporting the {part} to ONNX" for part in ("generator", "posterior", "encoder")
    ]
    model, about = run.load(device="cpu"), json.loads(Path("graphs/export.json").read_text())
    assert about["latents"] == layout(model.latents)
    latents = np.random.default_rng(0).standard_normal((7, model.latents.width)).astype(np.float32)
    latents[:, 16:26] = np.eye(10, dtype=np.float32)[[0, 1, 2, 3, 4, 5, 9]]
    images = answers(Path("graphs/generator.onnx"), latents)
    expected = model.trained.parts["generator"](torch.from_numpy(latents)).detach().numpy()
    np.testing.assert_allclose(images, expected, atol=1e-5)
    for part, generated in (("posterior", True), ("encoder", False)):
        read = answers(Path(f"graphs/{part}.onnx"), images)
        for code in about["latents"]["codes"]:
            found = read[:, slice(*code["parameters"])]
            np.testing.assert_allclose(found, model.posterior(images, generated=generated)[code["name"]], atol=1e-4)
        noted = {entry.key: entry.value for entry in onnx.load(f"graphs/{part}.onnx").metadata_props}
        assert 0 <= float(noted["largest_difference"]) == about["parts"][part]["largest_difference"] <= 1e-4
        assert json.loads(noted["latents"]) == about["latents"]
        assert noted["recipe"] == run.recipe.to_toml()


@pytest.mark.slow
def test_a_folder_is_ready_for_a_hub_and_is_shared(dbench, real_dbench, run):
    outcome = dbench("export", run.path, "--to", "folder", "--license", "cc-by-4.0")
    folder = Path("infogan-digits-seed-0")
    assert (outcome.code, outcome.out) == (0, f"{folder}\n"), outcome.err
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nlicense: cc-by-4.0\nlibrary_name: disentangle-bench\n")
    for text in ("| c1-accuracy.accuracy |", "c1: 10 categories", "CC BY 4.0", run.recipe.to_toml(), "not learned yet"):
        assert text in card
    for figure in [line.partition("](")[2].rstrip(")") for line in card.splitlines() if line.startswith("![")]:
        assert (folder / figure).read_bytes().startswith(b"\x89PNG")
    again = db.load_run(folder).load(device="cpu")  # as the card says
    np.testing.assert_array_equal(again.generate(c1=1, n=4), run.load(device="cpu").generate(c1=1, n=4))

    with hub("secret") as server:
        surroundings = {"HF_ENDPOINT": server.address, "HF_HUB_DISABLE_XET": "1", "HF_HOME": "hf", "DBENCH_OFFLINE": ""}
        words = ("share", folder, "--repo", "me/infogan")
        refused = real_dbench(*words, **surroundings, HF_TOKEN="wrong")
        assert (refused.code, refused.out, server.repos) == (1, "", {})
        assert "was not uploaded to me/infogan: " in refused.err
        for _ in range(2):  # the second time the repository is there
            shared = real_dbench(*words, "--private", **surroundings, HF_TOKEN="secret")
            assert (shared.code, shared.out) == (0, f"{server.address}/me/infogan\n"), shared.err
        sent = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        assert server.repos == {"me/infogan": sent}
        assert server.created[-1]["visibility"] == "private"
    unreachable = real_dbench(*words, **surroundings, HF_TOKEN="secret")
    assert unreachable.code == 1
    assert "Traceback" not in unreachable.err


def test_weights_hold_the_recipe_and_replace_only_weights(dbench, run, tmp_path):
    for _ in range(2):
        outcome = dbench("export", run.path, "--to", "safetensors")
        assert (outcome.code, outcome.out) == (0, "infogan-digits-seed-0.safetensors\n")
    with safe_open("infogan-digits-seed-0.safetensors", "np") as file, safe_open(run.model_file, "np") as of_the_run:
        assert file.metadata()["recipe"] == run.recipe.to_toml()
        assert file.metadata()["shape"] == "[1, 8, 8]"
        assert set(file.keys()) == set(of_the_run.keys())
        for name in file.keys():  # noqa: SIM118 - not a mapping
            np.testing.assert_array_equal(file.get_tensor(name), of_the_run.get_tensor(name))
    shutil.copyfile(run.model_file, "mine.safetensors")
    assert dbench("export", run.path, "--to", "safetensors", "--out", "mine.safetensors").code == 2
    assert Path("mine.safetensors").read_bytes() == run.model_file.read_bytes()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--to", "tensorflow"], "'tensorflow' is not one of"),
        (["--to", "safetensors", "--out", "a.pt"], "Give a name ending in .safetensors"),
        (["--to", "onnx", "--license", "mit"], "A license is for a model card"),
        (["--to", "onnx", "--out", "full"], "full exists and holds something that dbench did not put there"),
        (["--to", "folder", "--out", "full/mine.txt"], "is a file"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_writes_nothing(dbench, run, tmp_path, words, says):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    outcome = dbench("export", run.path, *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["full", "full/mine.txt"]


def test_a_run_without_scores_has_no_card(dbench, run, tmp_path):
    shutil.copytree(run.path, tmp_path / "run")
    (tmp_path / "run" / "results.json").unlink()
    outcome = dbench("export", "run", "--to", "folder")
    assert outcome.code == 2
    assert "`dbench eval run` makes them" in outcome.err


def test_without_the_extra_it_is_named(dbench, run, monkeypatch):
    monkeypatch.setattr("disentangle_bench.models.onnx_parts.find_spec", lambda name: None if "script" in name else 1)
    outcome = dbench("export", run.path, "--to", "onnx")
    assert (outcome.code, list(Path().iterdir())) == (2, [])
    assert "ONNX needs onnxscript, which is not installed" in outcome.err


def test_only_an_exported_folder_is_shared(dbench, run, monkeypatch):
    outcome = dbench("share", run.path, "--repo", "me/infogan")
    assert outcome.code == 2
    assert "it has no README.md with an export.json" in outcome.err
    Path("folder").mkdir()
    for name in ("README.md", "export.json"):
        (Path("folder") / name).write_text("{}")
    assert "DBENCH_OFFLINE forbids the network" in dbench("share", "folder", "--repo", "me/infogan").err
