"""Make the page on which the codes of trained models are turned by hand, and serve it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from disentangle_bench.errors import DbenchError, DeviceError, RunError, SettingError, StorageError
from disentangle_bench.run import Run
from disentangle_bench.seeds import derive_seed
from disentangle_bench.storage import require_writable, usable_path
from disentangle_bench.workflow.export import about, graphs
from disentangle_bench.workflow.load import TrainedRun, load_dataset
from disentangle_bench.workflow.whole_folder import refuse_folder, whole_folder

if TYPE_CHECKING:  # torch takes seconds to import; what is wrong with a path is said before
    from disentangle_bench.reports.explorer import ExploredRun, ExplorerContent

MOST_RUNS = 2
PAGE = ".html"
REAL_IMAGES = 24
_MARK = b'<meta name="generator" content="disentangle-bench'
OnProgress = Callable[[str], object]


def explore(
    runs: Sequence[Run | Path | str],
    out: Path | str | None = None,
    *,
    single_file: Path | str | None = None,
    data_dir: Path | None = None,
    on_progress: OnProgress = lambda _event: None,
) -> list[Path]:
    """Write the explorer of a run, or of two side by side.

    Args:
        runs: one or two finished runs or their folders, with a generator and images of one shape.
        out: a folder for a page that any file server can serve; it takes the place of an earlier one only.
        single_file: a page that holds everything and opens from disk.
        data_dir: a folder with the dataset's files, for the real images.
        on_progress: called with what is being done.

    Returns:
        What was written.

    Raises:
        DbenchError: no finished run, a model without a generator, a missing package, ONNX Runtime Web that cannot be
            downloaded, or a path that cannot be written.
    """
    from disentangle_bench.reports.explorer import write_page, write_single_file

    folder = None if out is None else usable_path(out, "out")
    file = None if single_file is None else usable_path(single_file, "single_file")
    if folder is not None:
        refuse_folder(folder)
    if file is not None:
        refuse_page(file)
    content = content_of(runs, data_dir, on_progress)
    if folder is not None:
        with whole_folder(folder, {"schema_version": 1, "runs": [run.name for run in content.runs]}) as inside:
            write_page(content, inside)
    if file is not None:
        write_single_file(content, file)
    return [path for path in (folder, file) if path is not None]


def content_of(runs: Sequence[Run | Path | str], data_dir: Path | None, on_progress: OnProgress) -> ExplorerContent:
    """Collect what the explorer shows."""
    from disentangle_bench.reports.explorer import ExplorerContent

    opened = [TrainedRun.open(run.path if isinstance(run, Run) else run) for run in runs]
    if not 1 <= len(opened) <= MOST_RUNS:
        raise SettingError(f"{len(opened)} runs do not fit side by side.", f"Give from 1 to {MOST_RUNS}.")
    explored = [explored_run(run, data_dir, on_progress) for run in opened]
    shapes = list(dict.fromkeys(run.shape for run in explored))
    if len(shapes) > 1:
        raise RunError(
            f"Images of {opened[0].path} are {shapes[0]}, those of {opened[1].path} {shapes[1]}.",
            "Give runs with images of one shape, or explore them one by one.",
        )
    try:
        real = real_images(opened[0], data_dir)
    except DbenchError as error:
        on_progress(f"No real images on the page: {error.problem}")
        return ExplorerContent(explored, real_note="The images of the dataset were not here when this page was made.")
    return ExplorerContent(explored, real, f"Test images of {opened[0].recipe.dataset.name}, drawn at random.")


def explored_run(run: TrainedRun, data_dir: Path | None, on_progress: OnProgress) -> ExploredRun:
    from disentangle_bench.reports.explorer import ExploredRun

    model = run.load(device="cpu", data_dir=data_dir)
    if "generator" not in model.trained.offers:
        raise RunError(f"The model of {run.path} makes no images: it has no generator.", "There is nothing to explore.")
    parts = graphs(run, model, on_progress)
    return ExploredRun(
        f"{run.recipe.name}, seed {run.seed}",
        run.verdict.removeprefix("ok").removeprefix("; "),
        model.shape,
        about(run, model, parts)["latents"],
        {name: part.content for name, part in parts.items()},
        max(part.difference for part in parts.values()),
    )


def real_images(run: Run, data_dir: Path | None) -> np.ndarray:
    """Some test images, the same for all runs of a dataset."""
    dataset = load_dataset(run.recipe.dataset.name, data_dir=data_dir, **run.recipe.dataset.settings)
    rows = np.flatnonzero(~dataset.train)
    rng = np.random.default_rng(derive_seed(0, "explorer", "real images"))
    chosen = rng.choice(rows, min(REAL_IMAGES, len(rows)), replace=False)
    return np.asarray(dataset.images[np.sort(chosen)])


def refuse_page(path: Path) -> None:
    if path.suffix.lower() != PAGE:
        raise SettingError(f"The page cannot be written to {path}: it is HTML.", f"Give a name ending in {PAGE}.")
    if path.is_dir() or (path.is_file() and _MARK not in path.read_bytes()[:2000]):
        raise StorageError(f"{path} exists and is not a page of dbench.", "Move it away, or give another name.")
    require_writable(path)


class _Handler(SimpleHTTPRequestHandler):
    """Files, without a line on standard error for each."""

    def log_message(self, *_of: object) -> None:
        """Nothing."""


def server_of(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of a folder, on this machine alone.

    Raises:
        DeviceError: the port is taken.
    """
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise DeviceError(
            f"Port {port} of this machine cannot be used: {error.strerror}.", "Give another with --port, or 0 for any."
        ) from error
