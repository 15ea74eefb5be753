"""The same codes as files, and a suite of them for `dbench bench`: one entry for each corruption at each level."""

from __future__ import annotations

from pathlib import Path

from benchmarks.response.measure import FACTORS, Case, arrays, cases, metrics
from disentangle_bench.representation import Representation
from disentangle_bench.storage import write_text

NAME = "metric-response"


def write_suite(folder: Path, seeds: int) -> Path:
    """Write `metric-response.toml`, and beside it the files of codes and factors that it names."""
    names = []
    for case in cases(seeds):
        name = entry(case)
        names += [name] if case.seed == 0 else []
        Representation.of(*arrays(case), factor_names=FACTORS).save(folder / name / f"seed-{case.seed}.npz")
    listed = ", ".join(f'"{name}"' for name in metrics())
    head = f'name = "{NAME}"\nversion = 1\ntitle = "Codes corrupted on purpose"\nmetrics = [{listed}]\n'
    head += f'baseline = "{names[0]}"\n\n[evaluation]\nbootstrap = 0\n'
    entries = [f'\n[entries.{name}]\nrepresentations = ["{name}/*.npz"]\n' for name in names]
    write_text(folder / f"{NAME}.toml", head + "".join(entries))
    return folder / f"{NAME}.toml"


def entry(case: Case) -> str:
    """The name of a case's entry, such as `noise-0-25` for noise of 0.25 sd."""
    return f"{case.corruption}-{case.level:g}".replace(".", "-")
