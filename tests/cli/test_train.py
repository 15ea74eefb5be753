"""`dbench train` with the installed program: images of any shape, codes added, seeds in turn, runs made longer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import disentangle_bench as db

pytestmark = pytest.mark.slow

TINY = ("--set", "networks.width=0.1", "--device", "cpu")


def test_colored_digits_and_a_code_more(real_dbench):
    rng = np.random.default_rng(0)
    images, factors = rng.integers(0, 256, (20, 28, 28, 3), dtype=np.uint8), np.arange(20) % 10
    np.savez("color.npz", images=images, factors=factors)
    words = ("train", "infogan", "--dataset", "arrays", "--data-dir", "color.npz", "--steps", 5, *TINY)
    outcome = real_dbench(*words, "--set", "latents.codes.3.kind=uniform")
    assert outcome.code == 0, outcome.err
    assert "batch_size is 18, all of the training images, instead of 128." in outcome.err
    run = db.load_run(outcome.out.strip())
    assert run.recipe.batch_size == 18
    assert [code.weight for code in run.recipe.latents.codes] == [1.0, 0.1, 0.1, 0.1]
    metrics = ("--metrics", "mig,traversal-consistency", "--set", "traversal-consistency.draws=4", "--no-levels")
    evaluated = real_dbench("eval", run.path, "--data-dir", "color.npz", "--device", "cpu", *metrics)
    assert evaluated.code == 0, evaluated.err
    assert Path(run.path, "figures", "traversal-c4.png").is_file()


def test_seeds_in_turn_one_of_which_fails(real_dbench):
    Path("many/seed-1").mkdir(parents=True)
    Path("many/seed-1/mine.txt").touch()
    outcome = real_dbench("train", "infogan-digits", "--steps", 2, "--seed", "0-2", "--out", "many", *TINY)
    assert outcome.code == 1
    assert outcome.out == "many/seed-0\nmany/seed-2\n"
    assert "Error: Seed 1: many/seed-1 holds files but no run: mine.txt." in outcome.err
    assert outcome.err.endswith("Trained 2 of 3 seeds; failed: 1.\n")
    assert [db.load_run(Path("many", f"seed-{seed}")).seed for seed in (0, 2)] == [0, 2]


def test_a_finished_run_is_prolonged_by_asking_for_more_steps(real_dbench):
    words = ("train", "infogan-digits", *TINY)
    assert real_dbench(*words, "--steps", 60, "--out", "straight").code == 0
    assert real_dbench(*words, "--steps", 30, "--out", "longer").code == 0
    refused = real_dbench(*words, "--steps", 60, "--out", "longer")
    assert refused.code == 2
    assert "already holds a run" in refused.err
    prolonged = real_dbench(*words, "--steps", 60, "--out", "longer", "--resume")
    assert (prolonged.code, prolonged.out) == (0, "longer\n"), prolonged.err
    assert "What longer came to after 30 steps is kept in longer/steps-30." in prolonged.err
    one, other = (load_file(Path(name, "model.safetensors")) for name in ("straight", "longer"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert db.load_run("longer/steps-30").recipe.steps == 30
