"""The FID names what is missing, and otherwise is torch-fidelity's."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from disentangle_bench.errors import MetricError, StorageError
from disentangle_bench.metrics.samples import inception
from disentangle_bench.metrics.samples.inception import inception_fid


@pytest.fixture
def parts(world):
    return {name: part for name, part in world.parts(20).items() if name != "classifier"}


@pytest.fixture
def installed(monkeypatch):
    """A stand-in for torch-fidelity that records its arguments and returns 12.5."""
    calls = []

    def calculate_metrics(**settings):
        calls.append(settings)
        return {"frechet_inception_distance": 12.5}

    monkeypatch.setattr(inception, "find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "torch_fidelity", SimpleNamespace(calculate_metrics=calculate_metrics))
    return calls


def test_without_the_extra_the_reason_names_it(parts, monkeypatch):
    monkeypatch.setattr(inception, "find_spec", lambda name: None)
    score = inception_fid(**parts)
    assert score.value is None
    assert "pip install 'disentangle-bench[fid]'" in score.reason


def test_without_weights_the_reason_says_where_to_get_and_put_them(parts, installed, monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    score = inception_fid(**parts)
    assert score.value is None
    assert str(tmp_path / "checkpoints" / inception.WEIGHTS) in score.reason
    assert inception.SOURCE in score.reason
    assert not installed


def test_weights_that_are_named_but_missing_are_refused(parts, installed, tmp_path):
    with pytest.raises(StorageError, match="no weights of Inception"):
        inception_fid(**parts, weights=str(tmp_path / "mine.pth"))


def test_damaged_weights_are_refused(parts, installed, tmp_path):
    path = tmp_path / inception.WEIGHTS
    path.write_bytes(b"half a file")
    with pytest.raises(StorageError, match="damaged"):
        inception_fid(**parts, weights=str(path))


def test_torch_fidelity_gets_three_channels_and_does_not_cache(parts, installed, tmp_path):
    path = tmp_path / "mine.pth"
    path.touch()
    score = inception_fid(**parts, weights=str(path), samples=12)
    assert score.value == 12.5
    assert score.details == {"images": 12, "weights": "mine.pth"}
    (settings,) = installed
    assert settings["feature_extractor_weights_path"] == str(path)
    assert settings["cache"] is False
    for given in (settings["input1"], settings["input2"]):
        assert len(given) == 12
        assert given[0].shape == (3, 1, 6)
        assert given[0].dtype == torch.uint8
        assert torch.equal(given[3][0], given[3][2])
    rows = {row.tobytes() for row in parts["images"][:, 0]}
    assert {image[0].numpy().tobytes() for image in settings["input2"].images} <= rows


def test_two_channels_are_refused(parts, installed, tmp_path):
    (tmp_path / "mine.pth").touch()
    two = np.repeat(parts["images"], 2, axis=1)
    with pytest.raises(MetricError, match="2 channels"):
        inception_fid(**(parts | {"images": two}), weights=str(tmp_path / "mine.pth"))


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("torch_fidelity") is None, reason="needs the extra fid")
def test_the_real_torch_fidelity_on_a_network_of_random_weights(world, parts, monkeypatch, tmp_path: Path):
    """Inception itself, through the file of weights: the distance is that of its features."""
    from torch_fidelity import feature_extractor_inceptionv3 as module

    from disentangle_bench.metrics.samples.frechet import frechet_distance

    with monkeypatch.context() as patched:
        patched.setattr(module, "load_state_dict_from_url", lambda *_, **__: {})
        patched.setattr(nn.Module, "load_state_dict", lambda *_, **__: None)
        torch.manual_seed(0)
        network = module.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])
    path = tmp_path / "random.pth"
    torch.save(network.state_dict(), path)
    score = inception_fid(**parts, samples=10, weights=str(path))
    real = inception.real_images(parts["images"], None, 10, 0)
    generated = inception.generated_images(world.paint, world.latents, 10, 0)
    first, second = (network(inception._in_color(images))[0].double().numpy() for images in (real, generated))
    assert score.value == pytest.approx(frechet_distance(first, second), rel=1e-2, abs=1e-6)
