"""VAEs at disentanglement_lib's sizes: a step of each, in steps of the VAE."""

from __future__ import annotations

from benchmarks.perf.timing import Row, Spread, ratios, report
from benchmarks.perf.training import Plan
from benchmarks.perf.work import make_step, multiply_adds, ready
from disentangle_bench.models import make_model
from disentangle_bench.models.recipes import find_recipe

SHAPE, BATCH = (1, 64, 64), 64
NAMES = ("vae", "annealed-vae", "beta-tcvae", "dip-vae-i", "dip-vae-ii", "factor-vae")
MOST_OF_FACTOR_VAE = 1.6


def measure(plan: Plan) -> str:
    """The report, in Markdown."""
    settings = {"networks.width": plan.width, "batch_size": BATCH}
    steps = {}
    for name in NAMES:
        model = make_model(find_recipe(name, "sprites").with_settings(settings), SHAPE)
        steps[name] = make_step(ready(model), shape=SHAPE)
    seconds = plan.interleave(steps, times=plan.steps)
    rows = [Row("steps of the VAE in a second", Spread.of([1 / value for value in seconds["vae"]]), ".1f")]
    for name in NAMES[1:]:
        target = f"at most {MOST_OF_FACTOR_VAE}" if name == "factor-vae" else ""
        rows.append(Row(f"a step of {name}, in steps of the VAE", ratios(seconds[name], seconds["vae"]), target=target))
    work = {name: multiply_adds(steps[name]) for name in ("vae", "factor-vae")}
    rows.append(Row("multiply-adds of factor-vae, in those of the VAE", work["factor-vae"] / work["vae"]))
    return report(f"VAEs, batches of {BATCH} images of {' x '.join(map(str, SHAPE))}, float32", rows)
