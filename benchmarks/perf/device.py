"""Steps of training on this machine's best device: in each precision, eager and compiled, and where the time goes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from itertools import count, product

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.perf.timing import Row, Spread, ratios, report
from benchmarks.perf.training import Plan
from benchmarks.perf.work import OneBatch, shape_of
from disentangle_bench.allocation import kept_memory
from disentangle_bench.devices import choose_device
from disentangle_bench.models import make_model
from disentangle_bench.models.model import Draw
from disentangle_bench.models.optimizers import make_optimizers
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.recipe import Recipe
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.training.fabric import make_fabric
from disentangle_bench.training.wrapping import wrap

RECIPES = ("infogan-mnist", "infogan-chairs3d")
"""Images of 28x28, and of 64x64 pixels where there is a GPU: on a CPU such a step takes seconds."""
PRECISIONS = ("32", "bf16-mixed")
EAGER, IN_BFLOAT16 = "32, eager", "bf16-mixed, eager"
OPERATIONS = 12

Step = Callable[[], object]


def measure(plan: Plan) -> str:
    """The report, in Markdown."""
    device = choose_device()
    recipes = RECIPES if device.type == "cuda" else RECIPES[:1]
    return "\n\n".join(measure_recipe(find_recipe(name), device, plan) for name in recipes)


def measure_recipe(recipe: Recipe, device: torch.device, plan: Plan) -> str:
    """Seconds of a step each way, how many times as fast as the first, and the operations of one in bfloat16."""
    narrowed = recipe.with_settings({"networks.width": plan.width})
    ways = product(PRECISIONS, (False, True) if plan.compiled and can_compile(device) else (False,))
    steps = {
        f"{precision}, {'compiled' if compiled else 'eager'}": make_step(narrowed, device, precision, compiled=compiled)
        for precision, compiled in ways
    }
    turns = {name: partial(several, step, plan.steps, device) for name, step in steps.items()}
    found = plan.interleave(turns)
    seconds = {name: [value / plan.steps for value in values] for name, values in found.items()}
    rows = [Row(f"seconds of a step, {name}", Spread.of(values), ".4f") for name, values in seconds.items()]
    rows += [
        Row(f"times as fast as {EAGER}: {name}", ratios(seconds[EAGER], values))
        for name, values in seconds.items()
        if name != EAGER
    ]
    table = report(f"{recipe.name} at width {plan.width:g} on {device.type}", rows)
    return f"{table}\n\nWhere the time of {plan.steps} steps in bfloat16 goes:\n\n{operations(turns[IN_BFLOAT16])}"


def can_compile(device: torch.device) -> bool:
    """Whether `torch.compile` has what it needs."""
    return device.type == "cuda" or any(map(shutil.which, ("g++", "clang++", "c++")))


def make_step(recipe: Recipe, device: torch.device, precision: str, *, compiled: bool) -> Step:
    """An update on random images, as the loop runs it."""
    fabric = make_fabric(device.type, precision, 1)
    fabric.launch()
    model = make_model(recipe, shape_of(recipe))
    for network in model.networks.values():
        network.to(fabric.device).to(memory_format=torch.channels_last)
    play = wrap(fabric, model, make_optimizers(model), compiled=compiled)
    batches = OneBatch(torch.rand(recipe.batch_size, *shape_of(recipe), device=fabric.device))
    steps = count(1)

    def step() -> object:
        with fabric.autocast():
            return model.update(Draw(model, batches, fabric.device, seed=0, step=next(steps)), play)

    return step


def several(step: Step, times: int, device: torch.device) -> None:
    """Steps in a row, to the end of what the device has to do."""
    with kept_memory():
        for _ in range(times):
            step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)


def operations(turn: Step) -> str:
    """A table of the operations that take longest."""
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if torch.cuda.is_available() else [])]
    with profile(activities=activities) as profiler:
        turn()
    averages = profiler.key_averages()
    times = {each.key: each.self_device_time_total or each.self_cpu_time_total for each in averages}
    longest = sorted(times, key=lambda name: -times[name])[:OPERATIONS]
    rows = [(name, f"{times[name] / sum(times.values()):.1%}") for name in longest]
    return markdown_table(["operation", "share"], rows, left=["operation"])
