"""What it is worth to keep freed memory between training steps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from benchmarks.perf.ablation import mixed
from benchmarks.perf.timing import Row, ratios, report
from benchmarks.perf.training import Plan
from benchmarks.perf.work import recipe_step
from disentangle_bench.allocation import kept_memory

KEPT, RETURNED = "kept", "returned"


def measure(plan: Plan) -> str:
    """The report, in Markdown."""
    rows = []
    for precision, make in {"32": recipe_step, "bf16-mixed": mixed}.items():
        step = make(plan.recipe())
        turns = {KEPT: several(step, plan.steps, kept_memory), RETURNED: several(step, plan.steps, nullcontext)}
        seconds = plan.interleave(turns)
        rows.append(Row(f"precision {precision}", ratios(seconds[RETURNED], seconds[KEPT]), target="above 1"))
    return report("Steps whose freed memory is returned to the system, in steps that keep it", rows)


def several(
    step: Callable[[], object], times: int, around: Callable[[], AbstractContextManager[None]]
) -> Callable[[], None]:
    """Steps in a row, as the loop takes them."""

    def run() -> None:
        with around():
            for _ in range(times):
                step()

    return run
