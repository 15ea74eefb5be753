"""Export a run's model: as ONNX, as weights, or as a folder for a model hub."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from disentangle_bench.datasets import DATASETS
from disentangle_bench.errors import SettingError, StorageError
from disentangle_bench.run import Run
from disentangle_bench.storage import require_regular, require_writable, usable_path, write_bytes, write_text
from disentangle_bench.workflow.load import TrainedRun
from disentangle_bench.workflow.whole_folder import refuse_folder, whole_folder

if TYPE_CHECKING:  # torch takes seconds to import; what is wrong with a path is said before
    from disentangle_bench.models.loaded import LoadedModel
    from disentangle_bench.models.onnx_parts import OnnxPart

Form = Literal["onnx", "safetensors", "folder"]
WEIGHTS = ".safetensors"
OF_A_RUN = ("recipe_file", "provenance_file", "model_file", "results_file")
"""What of a run folder is in an exported one."""
OnProgress = Callable[[str], object]


def export(
    run: Run | Path | str,
    to: Form,
    out: Path | str | None = None,
    *,
    weights_license: str = "",
    data_dir: Path | None = None,
    on_progress: OnProgress = lambda _event: None,
) -> Path:
    """Export the model of a finished run.

    Args:
        run: the run or its folder.
        to: `onnx`, a folder with a graph for each part that the model offers; `safetensors`, one file with all weights
            and the recipe; `folder`, a run folder with ONNX, a model card and figures, ready for a model hub.
        out: the folder or file; by default named for recipe and seed, in the current folder. It takes the place of an
            earlier export only.
        weights_license: of the weights, for the model card.
        data_dir: a folder with the dataset's files; see `TrainedRun.load`.
        on_progress: called with what is being done.

    Returns:
        `out`.

    Raises:
        DbenchError: no finished run, an unknown form, a missing package, a run without scores where a model card needs
            them, a graph that differs from PyTorch by more than 1e-4, or a path that cannot be written.
    """
    opened = TrainedRun.open(run.path if isinstance(run, Run) else run)
    name = f"{opened.recipe.name}-seed-{opened.seed}"
    defaults = {"onnx": f"{name}-onnx", "safetensors": f"{name}{WEIGHTS}", "folder": name}
    if to not in defaults:
        raise SettingError(f"{to!r} is not a form of export.", f"Use one of {', '.join(defaults)}.")
    if weights_license and to != "folder":
        raise SettingError(f"A license is for a model card, which --to {to} does not have.", "Leave it out.")
    path = usable_path(defaults[to] if out is None else out, "out")
    if to == "safetensors":
        _write_weights(opened, path)
        return path
    refuse_folder(path)
    if to == "folder":
        _write_hub_folder(opened, path, weights_license, data_dir, on_progress)
        return path
    model = opened.load(device="cpu", data_dir=data_dir)
    parts = graphs(opened, model, on_progress)
    with whole_folder(path, about(opened, model, parts)) as folder:
        _write_graphs(parts, folder)
    return path


def graphs(run: Run, model: LoadedModel, on_progress: OnProgress) -> dict[str, OnnxPart]:
    """The parts of a run's model as ONNX; see `onnx_parts`."""
    from disentangle_bench.models.onnx_parts import onnx_parts

    facts = {"recipe": run.recipe.to_toml(), "name": run.recipe.name, "seed": str(run.seed)}
    return onnx_parts(model.trained, model.shape, facts, on_progress=on_progress)


def about(run: Run, model: LoadedModel, parts: Mapping[str, OnnxPart]) -> dict[str, Any]:
    """What an export says of itself: what it is of, how latents are packed, and how far each graph is from PyTorch."""
    from disentangle_bench.models.onnx_parts import PARTS, layout

    return {
        "schema_version": 1,
        "recipe": run.recipe.name,
        "seed": run.seed,
        "shape": list(model.shape),
        "latents": layout(model.latents),
        "parts": {
            name: {"input": PARTS[name][0], "output": PARTS[name][1], "largest_difference": part.difference}
            for name, part in parts.items()
        },
    }


def _write_graphs(parts: Mapping[str, OnnxPart], folder: Path) -> None:
    for name, part in parts.items():
        write_bytes(folder / f"{name}.onnx", part.content)


def _write_weights(run: TrainedRun, path: Path) -> None:
    """All tensors of the trained model, and in the header the recipe, the seed and the shape of its images."""
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import load_file, save

    if path.suffix != WEIGHTS:
        raise SettingError(f"{path} is not the name of a file of weights.", f"Give a name ending in {WEIGHTS}.")
    if path.exists():
        require_regular(path)
        try:
            with safe_open(path, framework="pt") as file:
                is_export = "recipe" in (file.metadata() or {})
        except SafetensorError:
            is_export = False
        if not is_export:
            raise StorageError(
                f"{path} exists and is not an exported model.", "Move it away, or give another name with --out."
            )
    require_writable(path)
    run.whole_model_digest()
    facts = {"recipe": run.recipe.to_toml(), "seed": str(run.seed), "shape": json.dumps(run.image_shape())}
    write_bytes(path, save(load_file(run.model_file), metadata={"format": "pt", **facts}))


def _write_hub_folder(
    run: TrainedRun, path: Path, weights_license: str, data_dir: Path | None, on_progress: OnProgress
) -> None:
    from disentangle_bench.evaluation.results import Results
    from disentangle_bench.reports.model_card import CardFacts, model_card

    results = Results.load(run.results_file)  # a card without scores is none
    info = DATASETS.get(run.recipe.dataset.name).info
    model = run.load(device="cpu", data_dir=data_dir)
    parts, offers = graphs(run, model, on_progress), sorted(model.trained.offers)
    with whole_folder(path, about(run, model, parts)) as folder:
        for part in OF_A_RUN:
            file: Path = getattr(run, part)
            shutil.copyfile(file, folder / file.name)
        _write_graphs(parts, folder / "onnx")
        figures = _copy_figures(run, folder / "figures", drawn="generator" in offers, data_dir=data_dir)
        names = [f"figures/{figure.name}" for figure in figures]
        differences = {f"onnx/{name}.onnx": part.difference for name, part in parts.items()}
        facts = CardFacts(run, results, info, model.latents, model.shape, offers, differences, names, weights_license)
        write_text(folder / "README.md", model_card(facts))


def _copy_figures(run: TrainedRun, folder: Path, *, drawn: bool, data_dir: Path | None) -> list[Path]:
    """Copy the figures of a run, beside some samples; in the order of the card, with what the model makes first."""
    from disentangle_bench.workflow.sample import sample

    folder.mkdir()
    if drawn:
        sample(run.path, folder / "samples.png", codes={}, sweeps={}, device="cpu", data_dir=data_dir)
    for figure in run.figures.glob("*.png"):
        shutil.copyfile(figure, folder / figure.name)
    made = ("samples", "traversal")
    return sorted(folder.iterdir(), key=lambda of: (not of.stem.startswith(made), of.stem))
