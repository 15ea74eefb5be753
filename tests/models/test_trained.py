"""A trained model reads real and generated images with the statistics of each, and comes back from disk as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from disentangle_bench.errors import RunError
from disentangle_bench.models import make_model
from disentangle_bench.models.batches import as_floats, reestimate_statistics
from disentangle_bench.models.model import Model
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.models.trained import load_trained, save_trained

SHAPE = (1, 8, 8)


def small(seed: int = 0, width: float = 0.1) -> Model:
    recipe = find_recipe("infogan-digits").with_settings({"networks.width": width, "batch_size": 32})
    return make_model(recipe, SHAPE, seed)


def save(model: Model, images: Tensor, path: Path) -> None:
    model.finish(images, seed=1)
    save_trained(model, path)


@pytest.fixture
def images() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 200, (300, *SHAPE), dtype=torch.uint8, generator=generator)


def test_statistics_become_the_mean_over_batches() -> None:
    norm = nn.BatchNorm1d(3)
    norm.running_mean.fill_(9)  # type: ignore[union-attr]
    batches = [torch.randn(50, 3) * 2 + 1 for _ in range(4)]
    reestimate_statistics(norm, batches)
    means = torch.stack([batch.mean(0) for batch in batches]).mean(0)
    variances = torch.stack([batch.var(0) for batch in batches]).mean(0)
    torch.testing.assert_close(norm.running_mean, means)
    torch.testing.assert_close(norm.running_var, variances)
    assert not norm.training
    assert norm.momentum == 0.1


def test_a_loaded_model_makes_and_reads_what_the_saved_one_did(images: Tensor, tmp_path: Path) -> None:
    model = small()
    save(model, images, tmp_path / "model.safetensors")
    trained = load_trained(small(seed=5), tmp_path / "model.safetensors", torch.device("cpu"))
    latents = model.latents.sample(7, torch.Generator().manual_seed(2))
    with torch.no_grad():
        made = model.networks["G"](model.latents.pack(latents))
        read = model.networks["D"](as_floats(images))[1]
    torch.testing.assert_close(trained.generate(latents), made)
    torch.testing.assert_close(torch.cat(trained.encode(images), dim=1), read)


def test_generated_images_are_read_with_their_own_statistics(images: Tensor, tmp_path: Path) -> None:
    save(small(), images, tmp_path / "model.safetensors")
    trained = load_trained(small(), tmp_path / "model.safetensors", torch.device("cpu"))
    made = trained.generate(trained.latents.sample(64, torch.Generator().manual_seed(3)))
    own, others = trained.posterior(made)[0], trained.encode(made)[0]
    assert not torch.allclose(own, others)
    assert own.std() > others.std()  # the untrained G's gray images are nearly alike compared with real ones


def test_what_is_read_does_not_depend_on_the_batch(images: Tensor, tmp_path: Path) -> None:
    save(small(), images, tmp_path / "model.safetensors")
    trained = load_trained(small(), tmp_path / "model.safetensors", torch.device("cpu"))
    whole, one = trained.encode(images)[0][3], trained.encode(images[3:4])[0][0]
    torch.testing.assert_close(whole, one)


@pytest.mark.parametrize("damage", ["truncated", "other networks", "missing part"])
def test_a_damaged_or_foreign_file_is_refused(images: Tensor, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "model.safetensors"
    save(small(), images, path)
    model = small(width=0.2) if damage == "other networks" else small()
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    if damage == "missing part":
        from safetensors.torch import load_file, save_file

        save_file({name: value for name, value in load_file(path).items() if not name.startswith("G.")}, path)
    with pytest.raises(RunError, match=r"model\.safetensors"):
        load_trained(model, path, torch.device("cpu"))
