"""What an autoencoder makes of images: originals, reconstructions, and each code traversed from one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from disentangle_bench.evaluation.results import Results
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.latents import Categorical, LatentSpec
from disentangle_bench.reports.figures.codes_and_factors import information_shares
from disentangle_bench.reports.figures.traversal import traversal_grid
from disentangle_bench.representation.variables import Variables
from disentangle_bench.seeds import derive_seed

COLUMNS = 9
LEVELS = np.linspace(0.02, 0.98, COLUMNS)
"""Quantiles of a code over the samples, between which it is traversed: where the aggregate posterior is."""
PARTS = {"generator", "latents", "codes", "images"}
UNKNOWN = 0.01
"""Share of a factor's entropy below which a code knows nothing of it."""


def reconstruction_figure(results: Results, subject: Subject) -> Figure | None:
    """Draw test images, their reconstructions, and below them each code traversed, the largest KL first.

    A row of a code starts from the codes of the first image. Its name has the code's KL to the prior, if it has a
    posterior, and the factor whose entropy it holds the largest share of.

    Returns:
        None of a subject whose images are not determined by codes that are read from images of the same shape.
    """
    parts = subject.parts
    if not set(parts) >= PARTS or not is_autoencoder(parts["latents"], parts["codes"]):
        return None
    codes = np.asarray(Variables.wrap(parts["codes"]).values, dtype=np.float64)
    KL = divergences(parts)
    order = list(range(codes.shape[1])) if KL is None else np.argsort(-KL, kind="stable").tolist()
    rows = chosen_rows(len(codes), parts.get("train"))
    traversed = np.repeat(codes[rows[:1]], COLUMNS * len(order), axis=0).reshape(len(order), COLUMNS, -1)
    for row, code in enumerate(order):
        is_category = isinstance(parts["latents"].codes[code], Categorical)  # which has no values in between
        method: Literal["nearest", "linear"] = "nearest" if is_category else "linear"
        traversed[row, :, code] = np.quantile(codes[:, code], LEVELS, method=method)
    made = generated(parts, np.concatenate([codes[rows][None], traversed]).reshape(-1, codes.shape[1]))
    originals = np.asarray(parts["images"][rows], np.float64) / 255
    if originals.shape[1:] != made.shape[1:]:
        return None
    images = np.concatenate([originals, made])
    known = best_known(results, parts)
    names = parts["latents"].names
    said = [names[code] + ("" if KL is None else f", KL {KL[code]:.2f}") + known.get(names[code], "") for code in order]
    return traversal_grid(
        as_grid(images, 2 + len(order)),
        [f"{level:.0%}".replace("%", " %") for level in LEVELS],
        rows=["original", "reconstruction", *said],
        title=f"Reconstructions and codes of {results.name}",
        xlabel="below the first two rows: quantile of the code over all samples, other codes those of the first image",
    )


def is_autoencoder(spec: LatentSpec, codes: Any) -> bool:
    """Whether a generator's whole input are the codes `(n, d)` that are read from images."""
    return spec.noise == 0 and tuple(Variables.wrap(codes).names) == tuple(spec.names)


def divergences(parts: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """The KL of each code's posterior to the standard normal prior, `(d,)` in nats; None without a Gaussian one."""
    names = parts["latents"].names
    categorical = any(isinstance(code, Categorical) for code in parts["latents"].codes)
    if categorical or "posterior_parameters" not in parts or not set(parts["posterior_parameters"]) >= set(names):
        return None
    found = []
    for name in names:
        mean, log_sigma = np.asarray(parts["posterior_parameters"][name], dtype=np.float64).T
        found.append(float(np.mean((mean**2 + np.exp(2 * log_sigma) - 1) / 2 - log_sigma)))
    return np.array(found)


def chosen_rows(n: int, train: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """Draw the rows of the images that are shown, of the test split if it has as many; the same for all models."""
    held_out = np.arange(n) if train is None or (~train).sum() < COLUMNS else np.flatnonzero(~train)
    generator = np.random.default_rng(derive_seed(0, "reconstructed images"))
    return generator.choice(held_out, size=COLUMNS, replace=len(held_out) < COLUMNS)


def generated(parts: Mapping[str, Any], codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The images `(m, c, h, w)` in [0, 1] that a generator makes of codes `(m, d)`."""
    latents = parts["latents"].sample(len(codes), torch.Generator().manual_seed(0))
    for place, (code, column) in enumerate(zip(parts["latents"].codes, codes.T, strict=True)):
        values = torch.from_numpy(column)
        latents = latents.replace(place, values.long() if isinstance(code, Categorical) else values.float())
    with torch.inference_mode():
        return np.asarray(parts["generator"](latents).double().cpu().numpy())


def best_known(results: Results, parts: Mapping[str, Any]) -> dict[str, str]:
    """Code -> the factor that it knows best, and the share of its entropy, as text; nothing for other codes."""
    details = information_shares(results, parts["codes"], parts["factors"]) if "factors" in parts else {}
    if "shares" not in details:
        return {}
    shares = np.nan_to_num(np.asarray(details["shares"], dtype=np.float64))
    best = shares.argmax(axis=1)
    return {
        name: f": {details['factors'][best[row]]} {shares[row, best[row]]:.2f}"
        for row, name in enumerate(details["codes"])
        if shares[row, best[row]] >= UNKNOWN
    }


def as_grid(images: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    """Images `(rows * columns, c, h, w)` as `(rows, columns, h, w)` if gray, `(rows, columns, h, w, 3)` in color."""
    grid = images.reshape(rows, -1, *images.shape[1:])
    return grid[:, :, 0] if images.shape[1] == 1 else np.moveaxis(grid, 2, -1)
