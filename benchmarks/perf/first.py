"""The first evaluation of a run on MNIST, with nothing cached: it trains a classifier and simulates levels."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.perf.evaluation import empty_cache, settle
from benchmarks.perf.timing import Row, report
from benchmarks.perf.training import Plan
from disentangle_bench.evaluation.progress import Event, Scored
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.workflow.evaluate import evaluate
from disentangle_bench.workflow.train import train

MOST_SECONDS = 120
FEW_METRICS = "c1-accuracy", "mutual-information"
"""What a quick trial computes, of the 8 x 8 digits."""


def measure(plan: Plan) -> str:
    """The report, in Markdown. The run is trained for a few steps only: that changes no time."""
    quick = plan.images < Plan.images
    recipe = find_recipe("infogan-digits" if quick else "infogan-mnist")
    rows = []
    with TemporaryDirectory() as folder, empty_cache():
        run = train(recipe, settings={"steps": plan.steps, "networks.width": plan.width}, out=Path(folder, "run"))
        times = [plan.clock()]

        def note(event: Event) -> None:
            if isinstance(event, Scored):
                settle(plan.clock)
                times.append(plan.clock())
                rows.append(Row(event.metric, times[-1] - times[-2]))

        evaluate(run, FEW_METRICS if quick else None, on_progress=note)
        rows.append(
            Row("all, with figures", plan.clock() - times[0], target=f"at most {MOST_SECONDS} on two idle cores")
        )
    return report(f"Seconds of the first evaluation of a run, {recipe.name}", rows)
