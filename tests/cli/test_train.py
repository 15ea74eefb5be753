"""`dbench train` with the installed program: images of any shape, codes added, seeds in turn, runs made longer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

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
