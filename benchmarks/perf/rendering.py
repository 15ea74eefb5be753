"""How fast the embedded sets draw their images."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.perf.timing import Row, Spread, report, seconds_each
from benchmarks.perf.training import Plan
from disentangle_bench.datasets import DATASETS, Images
from disentangle_bench.datasets.procedural import ProceduralImages

LEAST = {"sprites": 20_000, "heads3d": 1_000, "chairs3d": 1_000, "toyshapes3d": 1_000}
"""Set -> the images a second that its issue asks for."""
BATCHES = (128, 4096)
MOST = 2**16
"""Images in a turn, but no more than should take about three seconds."""


def measure(plan: Plan) -> str:
    """The report, in Markdown: one section a set."""
    return "\n\n".join(measure_set(name, least, plan) for name, least in LEAST.items())


def measure_set(name: str, least: int, plan: Plan) -> str:
    """Images a second of random rows in batches, and the first batch of all with what has to be prepared for it."""
    dataset = DATASETS.get(name).load()
    images, most = dataset.images, min(MOST, 3 * least, plan.images)
    if isinstance(images, ProceduralImages):
        images.keeping = None  # each turn draws
    batches = [min(batch, most) for batch in BATCHES]
    first = seconds_each(draw(images, batches[-1], batches[-1]), 1, plan.clock)
    contenders = {f"in batches of {batch:,}": draw(images, batch, most) for batch in batches}
    seconds = plan.interleave(contenders)
    rows = [Row(f"images a second, the first {batches[-1]:,}", batches[-1] / first, ",.0f")]
    for what, batch in zip(contenders, batches, strict=True):
        drawn = max(1, most // batch) * batch
        speeds = Spread.of([drawn / each for each in seconds[what]])
        rows.append(Row(f"images a second, {what}", speeds, ",.0f", f"at least {least:,}"))
    return report(f"Drawing `{name}`, {' x '.join(map(str, dataset.info.shape))}", rows)


def draw(images: Images, batch: int, most: int) -> Callable[[], None]:
    """A turn of drawing `most` images, of rows drawn evenly beforehand, one batch after the other."""
    rows = np.random.default_rng(0).integers(0, len(images), (max(1, most // batch), batch))
    return partial(_draw, images, rows)


def _draw(images: Images, rows: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> None:
    for some in rows:
        images[some]
