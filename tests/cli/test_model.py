"""`dbench eval` of somebody's encoder and generator."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from .conftest import Dbench

CODE = """
import torch

torch.manual_seed(0)
weights = torch.randn(64, 3)

def encoder(images):
    mean = (images.flatten(1) @ weights)
    return mean, torch.full_like(mean, -2.0)

def decoder(codes):
    return (codes @ weights.T).unflatten(1, (1, 8, 8))

def constant(images):
    return images[:, 0, 0, :2] * 0

def wide(images):
    return images.flatten(1) @ torch.ones(28 * 28, 2)
"""
QUICK = ("--bootstrap", "0", "--no-levels", "--format", "json")


@pytest.fixture(autouse=True)
def _module(surroundings: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [*sys.path])
    Path("their_vae.py").write_text(CODE)
    yield
    sys.modules.pop("their_vae", None)


def read(dbench: Dbench, *words: object) -> dict[str, Any]:
    outcome = dbench("eval", *words, *QUICK)
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


ENCODER = ("--encoder", "their_vae:encoder", "--outputs", "mean,logvar", "--dataset", "digits")
GENERATOR = ("--generator", "their_vae:decoder", "--generated", "range=logits", "--latents", "gaussian*3")


def test_an_encoder_is_scored_on_a_dataset(dbench: Dbench) -> None:
    results = read(dbench, *ENCODER, "--metrics", "mig,active-units,mig/chen", "--rows", "200")
    assert results["subject"]["name"] == "their_vae:encoder"
    assert results["subject"]["dataset"] == "digits"
    assert results["subject"]["samples"] == 200
    assert results["scores"]["active-units"]["value"] == 3
    assert results["scores"]["mig/chen"]["value"] is not None


def test_a_generator_with_it_is_asked_what_a_run_is(dbench: Dbench) -> None:
    metrics = ("--metrics", "traversal-consistency,mutual-information", "--set", "traversal-consistency.draws=8")
    scores = read(dbench, *ENCODER, *GENERATOR, *metrics)["scores"]
    assert scores["traversal-consistency.c3.smoothness"]["value"] > 0.5
    assert {"mutual-information.c1", "mutual-information.c2", "mutual-information.c3"} <= scores.keys()


def test_a_generator_alone(dbench: Dbench) -> None:
    scores = read(dbench, *GENERATOR, "--metrics", "image-measures", "--set", "image-measures.samples=64")["scores"]
    assert any(score["value"] is not None for score in scores.values())
    assert dbench("eval", *GENERATOR, "--metrics", "mig").code == 2


def test_figures_are_drawn(dbench: Dbench) -> None:
    words = ("--metrics", "image-measures", "--set", "image-measures.samples=64", "--figures", "figures")
    read(dbench, *GENERATOR, *words, "--figure-format", "png")
    assert Path("figures/traversal-c2.png").is_file()


def test_scores_of_another_encoder_are_not_mixed(dbench: Dbench) -> None:
    kept = ("--metrics", "active-units", "--out", "scores.json")
    read(dbench, *ENCODER, *kept)
    assert "1 kept from before" in dbench("eval", *ENCODER, *kept).err
    outcome = dbench("eval", "--encoder", "their_vae:encoder", "--outputs", "codes", "--dataset", "digits", *kept)
    assert (outcome.code, "scores of another model" in " ".join(outcome.err.split())) == (2, True)


def test_files_are_read_by_the_command(dbench: Dbench) -> None:
    program = torch.export.export(
        torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2)), (torch.zeros(9, 1, 8, 8),)
    )
    torch.export.save(program, "encoder.pt2")
    results = read(dbench, "--encoder", "encoder.pt2", "--dataset", "digits", "--metrics", "active-units")
    assert results["scores"]["active-units"]["value"] == 2


def test_the_datasets_settings_and_how_images_are_given(dbench: Dbench) -> None:
    words = (
        "--encoder",
        "their_vae:wide",
        "--images",
        "size=28",
        "--images",
        "channels=1",
        "--metrics",
        "active-units",
    )
    sprites = ("--dataset", "sprites", "--set", "dataset.size=32", "--rows", "64")
    assert read(dbench, *words, *sprites)["subject"]["dataset"] == "sprites"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing to score"),
        (["codes.npz", *ENCODER], "not both"),
        (["--dataset", "digits"], "--dataset belongs to --encoder or --generator"),
        (["--encoder", "their_vae:encoder"], "--encoder needs --dataset"),
        (["--generator", "their_vae:decoder"], "lacks the prior"),
        (["--encoder", "no_such:encoder", "--dataset", "digits"], "module 'no_such' raises ModuleNotFoundError"),
        (["--encoder", "their_vae:encode", "--dataset", "digits"], "Did you mean 'encoder'"),
        (["--encoder", "their_vae:encoder", "--dataset", "digits"], "gave a tuple of 2"),
        (["--encoder", "their_vae:wide", "--dataset", "digits"], "raises RuntimeError for images (256, 1, 8, 8)"),
        (["--encoder", "their_vae:constant", "--dataset", "digits"], "same codes for all 1,797 images"),
        (["--encoder", "their_vae:encoder", "--dataset", "digit"], "Did you mean 'digits'"),
        ([*ENCODER, "--images", "scale=2"], "scale"),
        ([*ENCODER, "--images", "size"], "is not of the form KEY=VALUE"),
        ([*ENCODER, "--codes", "c1"], "Neither rows nor codes"),
        ([*ENCODER, "--metrics", "traversal-consistency"], "needs generator"),
    ],
    ids=lambda value: " ".join(value[-3:]) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_one_message(dbench: Dbench, words: list[str], said: str) -> None:
    outcome = dbench("eval", *words)
    assert outcome.code == 2, outcome.err
    assert outcome.out == ""
    assert [line.startswith("Error: ") for line in outcome.err.splitlines()].count(True) == 1
    assert said in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err
