"""Measure speed, and print Markdown tables: of some parts, or of all.

Contenders take turns, so that ratios can be trusted where times cannot; on a machine that has other work, use
`--clock cpu` with OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import os
from dataclasses import replace

import click
import torch

from benchmarks.perf import (
    ablation,
    comparators,
    counting,
    dci,
    device,
    evaluation,
    explorer,
    first,
    floors,
    loading,
    memory,
    metrics,
    rendering,
    sharing,
    startup,
    suites,
    training,
    vaes,
)
from benchmarks.perf.timing import CLOCKS
from benchmarks.perf.training import Plan
from disentangle_bench.provenance import processor

PARTS = {
    "training": training.measure,
    "vaes": vaes.measure,
    "comparators": comparators.measure,
    "floors": floors.measure,
    "ablation": ablation.measure,
    "memory": memory.measure,
    "device": device.measure,
    "sharing": sharing.measure,
    "startup": startup.measure,
    "suites": suites.measure,
    "metrics": metrics.measure,
    "dci": dci.measure,
    "evaluation": evaluation.measure,
    "first": first.measure,
    "counting": counting.measure,
    "rendering": rendering.measure,
    "loading": loading.measure,
    "explorer": explorer.measure,
}


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--rounds", default=6, show_default=True, help="Turns of every contender; the median counts.")
@click.option("--steps", default=10, show_default=True, help="Training steps in a turn.")
@click.option("--width", default=1.0, show_default=True, help="Multiplies the widths of the networks.")
@click.option("--clock", type=click.Choice(list(CLOCKS)), default="wall", show_default=True, help="What to measure.")
@click.option("--quick", is_flag=True, help="Narrow networks and few turns: shows that it runs, measures nothing.")
def main(parts: tuple[str, ...], *, rounds: int, steps: int, width: float, clock: str, quick: bool) -> None:
    plan = Plan(rounds, steps, width, clock=CLOCKS[clock])
    if quick:
        plan = Plan(
            rounds=1, steps=2, width=0.125, product=256, images=512, workers=1, samples=300, clock=CLOCKS[clock]
        )
        plan = replace(plan, rows=(500, 1_000), cells=20, compiled=False, warm_up=0)
    click.echo(f"{machine()}. {clock} time, {plan.rounds} turns of {plan.steps} steps.\n")
    for part in parts or PARTS:
        click.echo(PARTS[part](plan))
    click.echo(machine_load())


def machine() -> str:
    """The processor, the threads and the version of PyTorch."""
    return (
        f"{processor()}, {torch.get_num_threads()} threads of {os.cpu_count()} processors, PyTorch {torch.__version__}"
    )


def machine_load() -> str:
    """How busy the machine was at the end; on an idle machine, about the number of threads of this process."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return "" if load is None else f"Load of the machine over the last minute: {load:.1f}."


if __name__ == "__main__":
    main()
