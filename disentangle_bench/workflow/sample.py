"""Draw what a trained model generates into a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from disentangle_bench.errors import SettingError, UnknownNameError
from disentangle_bench.latents import Uniform
from disentangle_bench.models.loaded import LoadedModel
from disentangle_bench.models.sweeps import sweep_values
from disentangle_bench.reports.figures.samples import ANIMATION, Axis, Samples, refuse_samples_target, write_samples
from disentangle_bench.workflow.load import load_run

MOST_DRAWS = 400
_DRAWS = (16, 8, 1)
"""How many draws there are by default without a sweep, with one and with two."""


def sample(
    run: Path,
    out: Path,
    *,
    codes: Mapping[str, Any],
    sweeps: Mapping[str, str],
    n: int | None = None,
    seed: int = 0,
    device: str = "auto",
    data_dir: Path | None = None,
) -> None:
    """Draw images of a run's model into a file.

    Args:
        run: a finished run's folder.
        out: the file, a .png, .svg, .pdf or .gif.
        codes: code name -> the value at which it is held.
        sweeps: code name -> the values that it takes in turn, see `sweep_values`: the first across and the second down,
            or from one frame of a .gif to the next and across.
        n: draws of noise and of the other codes; by default 16, with one sweep 8, with two 1.
        seed: of these draws.
        device: `auto`, `cpu`, `cuda` or `mps`.
        data_dir: a folder with the dataset's files; see `TrainedRun.load`.

    Raises:
        DbenchError: no finished run, no such code, a value that it does not take, or a path that cannot be written.
    """
    refuse_samples_target(out)
    animated = out.suffix[1:].lower() == ANIMATION
    _check(codes, sweeps, n, animated=animated)
    model = load_run(run).load(device=device, data_dir=data_dir)
    values = {name: sweep_values(model.latents.codes[_place(model, name)], text) for name, text in sweeps.items()}
    draws = n or _DRAWS[len(sweeps) - (1 if animated and len(sweeps) == 2 else 0)]
    images = model.traverse(draws, seed=seed, **values, **codes)
    held = [f"{name} = {value}" for name, value in codes.items()]
    title = ", ".join([model.name, *held])
    axes = [_axis(model, name, those) for name, those in values.items()]
    write_samples(Samples(images, axes, title), out, model.name)


def _check(codes: Mapping[str, Any], sweeps: Mapping[str, str], n: int | None, *, animated: bool) -> None:
    several = [name for name, value in codes.items() if isinstance(value, list | dict)]
    if several:
        raise SettingError(f"{several[0]} is held at several values.", f"Give them as --sweep {several[0]}=VALUES.")
    both = codes.keys() & sweeps.keys()
    if both:
        raise SettingError(f"{', '.join(sorted(both))} is both held and swept.", "Give it with --set or with --sweep.")
    if len(sweeps) > 2:
        raise SettingError(f"{len(sweeps)} sweeps do not fit into an image.", "Give one or two.")
    if animated and not sweeps:
        raise SettingError("A .gif without a sweep does not move.", "Add --sweep, such as --sweep c2=-2..2.")
    if n is not None and n > 1 and len(sweeps) == 2 and not animated:
        raise SettingError(f"{n} draws do not fit into a grid of two codes.", "Leave --n out, or give one --sweep.")
    if n is not None and not 1 <= n <= MOST_DRAWS:
        raise SettingError(f"{n} draws do not fit into an image.", f"Give from 1 to {MOST_DRAWS}.")


def _place(model: LoadedModel, name: str) -> int:
    if name not in model.codes:
        raise UnknownNameError("code", name, model.codes)
    return model.codes.index(name)


def _axis(model: LoadedModel, name: str, values: Tensor) -> Axis:
    ends = None
    if isinstance(model.latents.codes[_place(model, name)], Uniform):
        inside = np.flatnonzero(values.abs() <= 1)
        ends = (int(inside[0]), int(inside[-1])) if 0 < len(inside) < len(values) else None
    return Axis(name, values.tolist(), ends)
