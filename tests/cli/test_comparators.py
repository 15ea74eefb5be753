"""What InfoGAN is measured against: trained, evaluated and shown by the installed `dbench`."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.slow

SHORT = ("--device", "cpu", "--set", "networks.width=0.1", "--set", "batch_size=32")
TRAINED = {
    "dc-ign": ("--steps", 40, "--set", "dataset.size=16"),
    "infogan-cr": ("--steps", 40, "--set", "model.contrastive_from=20"),
    "tc-gan": ("--steps", 40),
    "infowgan-gp": ("--steps", 20),
    "pixels": (),
    "qlae": ("--steps", 40),
}


@pytest.mark.parametrize("name", TRAINED)
def test_a_short_run_is_scored(name: str, real_dbench) -> None:
    dataset = "sprites" if name == "dc-ign" else "digits"  # it needs a ground truth
    trained = real_dbench("train", name, "--dataset", dataset, *SHORT, *TRAINED[name])
    assert trained.code == 0, trained.err
    assert trained.out == f"runs/{name}-{dataset}/seed-0\n"
    words = (
        "--metrics",
        "mig,explicitness",
        "--rows",
        1000,
        "--bootstrap",
        0,
        "--no-levels",
        "--no-figures",
        "--format",
        "json",
    )
    evaluated = real_dbench("eval", trained.out.strip(), *words, "--device", "cpu")
    assert evaluated.code == 0, evaluated.err
    scores = {name: score["value"] for name, score in json.loads(evaluated.out)["scores"].items()}
    assert scores["mig"] is not None
    assert 0 <= scores["explicitness.test"] <= 1
    assert real_dbench("show", trained.out.strip()).code == 0
