"""How soon the explorer shows its first picture, and how many it shows while a slider moves, in headless Chromium."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.perf.timing import Clock, Row, Spread, cpu_seconds, report
from benchmarks.perf.training import Plan
from disentangle_bench.errors import DownloadError
from disentangle_bench.models import make_model
from disentangle_bench.models.batches import statistics_of
from disentangle_bench.models.onnx_parts import layout, onnx_parts
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.models.trained import TrainedModel
from disentangle_bench.reports.explorer import ExploredRun, ExplorerContent, write_page
from disentangle_bench.reports.explorer.runtime import runtime_files
from disentangle_bench.workflow.explore import server_of

MOST_SECONDS, LEAST_PICTURES = 2, 30
SHAPE = (1, 28, 28)
PATIENCE = 300_000
MOVE = """async (seconds) => {
    const input = document.getElementById("code-c2"), begun = performance.now();
    const count = () => ["drawn", "shown"].map((of) => Number(document.body.dataset[of])), before = count();
    for (let frame = 0; performance.now() < begun + 1000 * seconds; frame++) {
        input.value = 2 * Math.sin(frame / 20);
        input.dispatchEvent(new Event("input"));
        await new Promise(requestAnimationFrame);
    }
    return count().map((now, place) => now - before[place]);
}"""


def measure(plan: Plan) -> str:
    """The report, in Markdown; what a page shows does not change its speed, so its networks are not trained."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return "### Explorer\n\nNot measured: playwright is not installed.\n"
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        return "### Explorer\n\nNot measured: Chromium is not installed.\n"
    try:
        runtime_files()
    except DownloadError as error:
        return f"### Explorer\n\nNot measured: {error.problem}\n"
    with served(plan) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        clock = worked_seconds if plan.clock is cpu_seconds else plan.clock
        turns = [turn(browser, address, plan.steps / 2, clock) for _ in range(plan.rounds)]
        browser.close()
    first, moving, read = (Spread.of(values) for values in zip(*turns, strict=True))
    rows = [
        Row("seconds from opening the page to the first picture", first, target=f"under {MOST_SECONDS}"),
        Row("pictures a second while a slider moves", moving, ".0f", f"at least {LEAST_PICTURES}"),
        Row("of these, with Q's reading", read, ".0f"),
    ]
    return report("Explorer, the paper's networks for MNIST", rows)


@contextmanager
def served(plan: Plan) -> Iterator[str]:
    """Serve the explorer of a model of the paper's size."""
    recipe = find_recipe("infogan-mnist").with_settings({"networks.width": plan.width})
    model = make_model(recipe, SHAPE)
    for network in model.networks.values():
        network.eval()
    model.kept["generated"] = statistics_of(model.networks["D"])
    parts = onnx_parts(TrainedModel(model, torch.device("cpu")), SHAPE, {})
    largest = max(part.difference for part in parts.values())
    graphs = {name: part.content for name, part in parts.items()}
    with TemporaryDirectory() as folder, server_of(Path(folder), 0) as server:
        write_page(
            ExplorerContent([ExploredRun("mnist", "", SHAPE, layout(model.latents), graphs, largest)]), Path(folder)
        )
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def turn(browser: Any, address: str, seconds: float, clock: Clock) -> tuple[float, float, float]:
    """Open the page with an empty cache, and move a slider: seconds to the first picture, pictures a second."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    begun = clock()
    page.goto(address)
    page.locator("body[data-drawn]").wait_for()
    first = clock() - begun
    page.locator("body[data-grids]").wait_for()
    page.evaluate(MOVE, seconds)  # the browser's compiler is at work until then
    begun = clock()
    counts = page.evaluate(MOVE, seconds)
    spent = clock() - begun
    page.close()
    return first, counts[0] / spent, counts[1] / spent


def worked_seconds() -> float:
    """What the processes that this one has started have worked, and those that they have, ended ones included."""
    processes: dict[int, tuple[int, float]] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            fields = file.read_text().rpartition(")")[2].split()
            ticks = sum(map(int, fields[11:15]))  # its own, and those of its children that have ended
            processes[int(file.parent.name)] = int(fields[1]), ticks / os.sysconf("SC_CLK_TCK")
    started, found = {os.getpid()}, 0
    while found < len(started):
        found = len(started)
        started |= {process for process, (parent, _) in processes.items() if parent in started}
    return sum(processes[process][1] for process in started - {os.getpid()})
