"""The training loop against its own multiply-adds and against plain PyTorch loops, in one run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from benchmarks.perf.plain import InformationPass, PlainLoop, TwoFakes, write_images
from benchmarks.perf.timing import Clock, Row, Spread, interleave, ratios, report, seconds_each
from benchmarks.perf.work import best_seconds, make_products, multiply_adds, recipe_step
from disentangle_bench.models import make_model
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import Run
from disentangle_bench.training.fabric import make_fabric
from disentangle_bench.training.loop import Loop
from disentangle_bench.training.progress import TrainingProgress

MOST_STEP_PER_WORK = 1.35
LEAST_SPEED_UP = 1.3
PRODUCT_REPEATS = 3


@dataclass(frozen=True)
class Plan:
    """How much to measure.

    Attributes:
        rounds: turns of every contender; one measurement per turn.
        steps: training steps in a turn.
        width: of the networks; 1 is the paper's.
        product: rows of the square matrices whose product is the machine's measure.
        images: in the training set.
        workers: DataLoader processes of the second plain loop.
        rows: of the files whose codes are counted.
        samples: of codes and factors.
        cells: of a suite.
        compiled: whether to compile networks, too, which takes a minute.
        warm_up: calls of every contender before the first round.
    """

    rounds: int = 6
    steps: int = 10
    width: float = 1.0
    product: int = 2048
    images: int = 60_000
    workers: int = 2
    rows: tuple[int, ...] = (10**5, 10**6, 10**7)
    samples: int = 10_000
    cells: int = 1_000
    compiled: bool = True
    clock: Clock = time.perf_counter
    warm_up: int = 2

    def recipe(self) -> Recipe:
        """InfoGAN's for MNIST, for as many steps as the plan takes, one turn of them to warm up."""
        settings = {"networks.width": self.width, "steps": (self.rounds + 1) * self.steps}
        return find_recipe("infogan-mnist").with_settings(settings)

    def interleave(
        self, contenders: Mapping[str, Callable[[], object]], *, most_rounds: int | None = None, times: int = 1
    ) -> dict[str, list[float]]:
        """Seconds per call of each contender, one measurement per round; each lasts `times` calls."""
        rounds = min(self.rounds, most_rounds or self.rounds)
        return interleave(contenders, rounds=rounds, times=times, clock=self.clock, warm_up=self.warm_up)


class Turns(TrainingProgress):
    """Times our loop from one step's end to another's, all that it does in between included, and lets others play.

    Args:
        plan: what a turn is.
        others: called after each turn; the first turn of all is a warm-up.
    """

    def __init__(self, plan: Plan, others: Callable[[], None]) -> None:
        super().__init__("", 1, (), quiet=True)
        self.plan, self.others = plan, others
        self.seconds: list[float] = []
        self._begun = 0.0

    def advance(self, step: int) -> None:
        """Called by the loop after every step."""
        if step % self.plan.steps:
            return
        now = self.plan.clock()
        if step > self.plan.steps:
            self.seconds.append((now - self._begun) / self.plan.steps)
            self.others()
        self._begun = self.plan.clock()


def measure(plan: Plan) -> str:
    """The report, in Markdown."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = torch.from_numpy(write_images(folder, plan.images))
        rivals = make_rivals(plan, folder)
        by_torch, by_onednn, product_work = make_products(plan.product)
        contenders = {
            "torch.mm": partial(best_seconds, by_torch, PRODUCT_REPEATS, plan.clock),
            "oneDNN": partial(best_seconds, by_onednn, PRODUCT_REPEATS, plan.clock),
            **{name: partial(seconds_each, loop.step, plan.steps, plan.clock) for name, loop in rivals.items()},
        }
        for measured in contenders.values():
            measured()
        seconds: dict[str, list[float]] = {name: [] for name in contenders}

        def others() -> None:
            for name, measured in contenders.items():
                seconds[name].append(measured())

        turns = Turns(plan, others)
        loop = make_loop(plan.recipe(), images, folder / "run")
        with loop:
            loop.train(turns)
        saving = seconds_each(loop.save, 1, plan.clock)
    work = multiply_adds(recipe_step(plan.recipe()))
    seconds["loop"] = turns.seconds
    rows = [*machine_rows(seconds, work, product_work), *rival_rows(seconds, list(rivals))]
    every = plan.recipe().checkpoint_every
    rows.append(
        Row(f"a checkpoint every {every} steps, as a share of them", saving / every / Spread.of(turns.seconds).median)
    )
    return report(f"Training, InfoGAN on MNIST at width {plan.width:g}, float32", rows)


def make_rivals(plan: Plan, folder: Path) -> dict[str, PlainLoop]:
    """The plain loops: their habits with a DataLoader in this process, and the fastest also with workers."""
    size = plan.recipe().batch_size
    return {
        "one fake": PlainLoop(folder, batch_size=size, width=plan.width),
        f"one fake, {plan.workers} workers": PlainLoop(folder, batch_size=size, width=plan.width, workers=plan.workers),
        "two fakes": TwoFakes(folder, batch_size=size, width=plan.width),
        "information pass": InformationPass(folder, batch_size=size, width=plan.width),
    }


def make_loop(recipe: Recipe, images: torch.Tensor, folder: Path) -> Loop:
    """Our loop with its batches, latents, log and checkpoints, on the CPU in float32."""
    fabric = make_fabric("cpu", "32", 1)
    fabric.launch()
    run = Run.create(folder, recipe, {"seed": 0, "status": "running", "options": []})
    model = make_model(recipe, (1, 28, 28))
    return Loop(fabric, model, images, run, seed=0)


def machine_rows(seconds: dict[str, list[float]], work: int, product_work: int) -> list[Row]:
    """The loop's step against its multiply-adds."""
    rows = [Row("multiply-adds of a step, in 10^9", work / 1e9, ".2f")]
    rates = {name: [product_work / value for value in seconds[name]] for name in ("torch.mm", "oneDNN")}
    for name, values in rates.items():
        rows.append(Row(f"multiply-adds of {name} in a second, in 10^9", Spread.of([v / 1e9 for v in values]), ".1f"))
    rows.append(Row("seconds of a step", Spread.of(seconds["loop"])))
    for name, values in rates.items():
        ideal = [work / rate for rate in values]
        target = f"at most {MOST_STEP_PER_WORK}" if name == "torch.mm" else ""
        rows.append(
            Row(
                f"a step, in times its multiply-adds at the rate of {name}",
                ratios(seconds["loop"], ideal),
                target=target,
            )
        )
    return rows


def rival_rows(seconds: dict[str, list[float]], rivals: list[str]) -> list[Row]:
    """The plain loops' steps against ours."""
    rows = [
        Row(f"a step of a plain loop, {name}, in steps of ours", ratios(seconds[name], seconds["loop"]))
        for name in rivals
    ]
    fastest = min(rivals, key=lambda name: Spread.of(seconds[name]).median)
    target = f"at least {LEAST_SPEED_UP}"
    return [*rows, Row(f"the fastest of them, {fastest}", ratios(seconds[fastest], seconds["loop"]), target=target)]
