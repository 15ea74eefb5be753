"""Run folders of version 0.1: resumed to the same bits, loaded for evaluation and drawn."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli_w
import torch
from safetensors.torch import load_file, save_file

from disentangle_bench.models import make_model
from disentangle_bench.models.trained import load_trained
from disentangle_bench.run import Run
from disentangle_bench.training import checkpoint

Train = Callable[..., Run]
SETTINGS = {"steps": 6, "checkpoint_every": 4}


def as_version_0_1_wrote_it(run: Run) -> None:
    """Flat recipe, no declared means, and the Q head under its old name in every file."""
    values = run.recipe.to_values()
    flat = {key: value for key, value in values.items() if key not in ("model", "dataset", "optimizer")}
    flat |= {"model": values["model"]["name"], "objective": values["model"]["game"], "dataset": "digits"}
    flat["optimizer"] = {"discriminator_lr": 2e-4, "generator_lr": 1e-3, "beta1": 0.5, "beta2": 0.999}
    run.recipe_file.write_text(tomli_w.dumps(flat))
    provenance = run.provenance()
    del provenance["means"]
    run.provenance_file.write_text(json.dumps(provenance))
    save_file(old_names(load_file(run.model_file)), run.model_file)
    run.note(model_sha256=None)
    for path in sorted(run.checkpoints.iterdir()):
        for other in run.checkpoints.iterdir():
            if other > path:
                other.rename(other.with_suffix(".away"))
        saved = checkpoint.load_checkpoint(run.checkpoints)
        assert saved is not None
        old = checkpoint.Checkpoint(saved.step, old_names(dict(saved.tensors)), saved.extras)
        checkpoint.save_checkpoint(run.checkpoints, old)
        for other in run.checkpoints.glob("*.away"):
            other.rename(other.with_suffix(".safetensors"))


def old_names(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.replace(".q_head.", ".recogniser."): value for name, value in tensors.items()}


@pytest.fixture
def old(tmp_path: Path, train_tiny: Train) -> tuple[Run, Run]:
    """A run of today, and the same one as version 0.1 would have written it."""
    today = train_tiny(SETTINGS, out=tmp_path / "today")
    shutil.copytree(today.path, tmp_path / "old")
    as_version_0_1_wrote_it(Run(tmp_path / "old"))
    return today, Run(tmp_path / "old")


def test_its_files_have_the_old_names(old: tuple[Run, Run]) -> None:
    _, run = old
    for path in (run.model_file, *run.checkpoints.iterdir()):
        assert any(".recogniser." in name for name in load_file(path))
        assert not any(".q_head." in name for name in load_file(path))


def test_resumed_it_ends_with_the_same_bits(old: tuple[Run, Run], train_tiny: Train) -> None:
    today, run = old
    run.model_file.unlink()
    max(run.checkpoints.iterdir()).unlink()
    run.note(status="interrupted")
    train_tiny(SETTINGS, out=run.path, resume=True)
    assert run.model_file.read_bytes() == today.model_file.read_bytes()
    assert [entry["L_I"] for entry in run.log()] == [entry["L_I"] for entry in today.log()]
    assert run.means() == today.means()


def test_its_model_loads(old: tuple[Run, Run]) -> None:
    today, run = old
    cpu = torch.device("cpu")
    trained = [load_trained(make_model(of.recipe, (1, 8, 8)), of.model_file, cpu) for of in (today, run)]
    images = torch.rand(5, 1, 8, 8)
    for first, second in zip(*(model.encode(images) + model.posterior(images) for model in trained), strict=True):
        assert torch.equal(first, second)


def test_its_log_is_read_as_it_was_meant(old: tuple[Run, Run]) -> None:
    today, run = old
    assert "means" not in run.provenance()
    assert run.means() == today.means()
