"""Posteriors are spelled out, whatever their spread is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import disentangle_bench as db
from disentangle_bench.errors import DbenchError
from disentangle_bench.representation import Representation
from disentangle_bench.representation.streamed import open_representation

RNG = np.random.default_rng(0)
MEAN, LOG_SIGMA = RNG.standard_normal((300, 2)), RNG.uniform(-2, 0, (300, 2))
SPREADS = {
    "log_sigma": LOG_SIGMA,
    "logvar": 2 * LOG_SIGMA,
    "sigma": np.exp(LOG_SIGMA),
    "variance": np.exp(2 * LOG_SIGMA),
}


@pytest.mark.parametrize("name", SPREADS)
@pytest.mark.parametrize("by_code", [False, True])
def test_every_spread_is_ln_sigma(name: str, by_code: bool) -> None:
    spread = torch.tensor(SPREADS[name], requires_grad=True)
    posterior: dict[str, Any] = {"mean": MEAN, name: spread}
    if by_code:
        posterior = {f"c{place + 1}": {"mean": MEAN[:, place], name: spread[:, place]} for place in range(2)}
    found = Representation.of(MEAN, posterior=posterior).posterior
    for place, code in enumerate(("c1", "c2")):
        np.testing.assert_allclose(found[code], np.stack([MEAN[:, place], LOG_SIGMA[:, place]], axis=1))


def test_a_log_variance_scores_as_what_it_is() -> None:
    factors = RNG.integers(0, 3, 300)
    codes = np.c_[factors + 0.1 * MEAN[:, 0], MEAN[:, 1]]
    chen = [
        db.evaluate(Representation.of(codes, factors, posterior={"mean": codes, name: spread}), "mig/chen")
        for name, spread in SPREADS.items()
    ]
    values = [results.scores["mig/chen"].value for results in chen]
    assert values == pytest.approx([values[0]] * len(values))


@pytest.mark.parametrize(
    ("posterior", "message"),
    [
        ((MEAN, LOG_SIGMA), "is a tuple, which does not say whether it holds ln sigma or a log variance"),
        ({"c1": np.stack([MEAN[:, 0], LOG_SIGMA[:, 0]], axis=1)}, "'c1' does not say whether it holds ln sigma"),
        ({"mean": MEAN}, "The posterior has 'mean'"),
        ({"mean": MEAN, "sigma": np.ones((300, 2)), "logvar": LOG_SIGMA}, "has 'mean', 'sigma', 'logvar'"),
        ({"mean": MEAN, "std": LOG_SIGMA}, "has 'mean', 'std'"),
        ({"mean": MEAN, "variance": LOG_SIGMA}, "600 values of 'variance' are not above 0"),
        ({"mean": MEAN[:, :1], "logvar": LOG_SIGMA}, r"mean of the posterior has the shape \(300, 1\)"),
        ({"c9": {"mean": MEAN[:, 0], "logvar": LOG_SIGMA[:, 0]}}, "no code named 'c9'"),
    ],
)
def test_what_is_not_spelled_out_is_refused(posterior: Any, message: str) -> None:
    with pytest.raises(DbenchError, match=message):
        Representation.of(MEAN, posterior=posterior)


def test_logits_of_a_categorical_code_need_no_name() -> None:
    codes = np.c_[RNG.integers(0, 3, 300), MEAN[:, 0]]
    kinds = ["categorical", "continuous"]
    logits = RNG.standard_normal((300, 3))
    found = Representation.of(codes, kinds=kinds, posterior={"c1": logits}).posterior
    np.testing.assert_array_equal(found["c1"], logits)
    only = Representation.of(codes, kinds=kinds, posterior={"mean": MEAN[:, 0], "logvar": LOG_SIGMA[:, 0]}).posterior
    assert set(only) == {"c2"}


def test_files_may_spell_it_out(tmp_path: Path) -> None:
    import h5py

    arrays = {"codes": MEAN, "posterior/mean": MEAN, "posterior/logvar": 2 * LOG_SIGMA}
    np.savez(tmp_path / "mine.npz", **arrays)
    with h5py.File(tmp_path / "mine.h5", "w") as file:
        for name, values in arrays.items():
            file[name] = values
    for read in (Representation.load, open_representation):
        for suffix in ("npz", "h5"):
            found = read(tmp_path / f"mine.{suffix}").posterior
            np.testing.assert_allclose(found["c2"], np.stack([MEAN[:, 1], LOG_SIGMA[:, 1]], axis=1))


def test_the_posterior_of_an_encoder_is_kept() -> None:
    def encode(images: torch.Tensor) -> dict[str, torch.Tensor]:
        flat = images.flatten(1)
        return {"mean": flat[:, :2], "logvar": flat[:, 2:4] - 1}

    images = RNG.random((40, 1, 4, 4)).astype(np.float32)
    found = db.represent(encode, images, batch_size=16)
    flat = images.reshape(40, -1)
    np.testing.assert_allclose(found.codes.values, flat[:, :2])
    np.testing.assert_allclose(found.posterior["c2"], np.stack([flat[:, 1], (flat[:, 3] - 1) / 2], axis=1), rtol=1e-6)
    with pytest.raises(DbenchError, match=r'gave a tuple of 2.*\n?.*"logvar"'):
        db.represent(lambda batch: (batch.flatten(1), batch.flatten(1)), images)
