"""The model card of an exported run: what it is, what it was trained on, its scores, its limits, how to use it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from disentangle_bench.datasets.dataset import DatasetInfo
from disentangle_bench.evaluation.results import Results
from disentangle_bench.latents import Categorical, LatentSpec, Uniform
from disentangle_bench.reports.tables import to_markdown
from disentangle_bench.run import Run

USE = """\
import disentangle_bench as db

model = db.load_run("path/to/this/folder").load()
{call}
"""
CALLS = {
    "generator": "images = model.generate({codes}n=16)  # (16, {shape}) float32 in [0, 1]",
    "encoder": "codes = model.encode(x)  # of images (n, {shape}): uint8, or floats in [0, 1]",
}


@dataclass(frozen=True)
class CardFacts:
    """What a model card is made of.

    Attributes:
        run: the recipe and how its training ended.
        results: its scores.
        info: the dataset.
        latents: the model's.
        shape: `(c, h, w)` of its images.
        parts: what it offers, among `generator`, `posterior` and `encoder`.
        differences: ONNX file -> its largest difference from PyTorch.
        figures: files beside the card, in the order in which they are shown.
        license: of the weights, as the user chose it; empty if none was chosen.
    """

    run: Run
    results: Results
    info: DatasetInfo
    latents: LatentSpec
    shape: tuple[int, int, int]
    parts: Sequence[str]
    differences: Mapping[str, float]
    figures: Sequence[str]
    license: str = ""


def model_card(facts: CardFacts) -> str:
    """Write the card, in Markdown with the header that model hubs read."""
    recipe, info = facts.run.recipe, facts.info
    chosen = f"The weights: {facts.license}." if facts.license else "No license was chosen for the weights."
    captions = {figure: re.sub(r"[-_]", " ", Path(figure).stem) for figure in facts.figures}
    sections = {
        "Use": _use(facts),
        "Model": _model(facts),
        "Data": f"`{info.name}`. {info.title}.\n\nLicense of the data: {info.license}. {info.citation}",
        "Scores": f"All of them, each with its chance and its ceiling on this dataset.\n\n{to_markdown(facts.results)}",
        "Limits": _bullets(_limits(facts)),
        "Figures": "\n\n".join(f"![{caption}]({figure})" for figure, caption in captions.items()),
        "License": f"{chosen} The data that they were made from: {info.license}. The program: MIT.",
        "Recipe": f"```toml\n{recipe.to_toml()}```",
    }
    tags = ("disentanglement", "representation-learning", recipe.model.name)
    chosen_line = f"license: {facts.license}\n" if facts.license else ""
    header = f"---\n{chosen_line}library_name: disentangle-bench\ntags:\n{_bullets(tags)}---\n"
    title = (
        f"# {recipe.name}, seed {facts.run.seed}\n\n{recipe.title or recipe.model.name}. Trained by disentangle-bench."
    )
    body = "".join(f"\n## {heading}\n\n{text.strip()}\n" for heading, text in sections.items() if text)
    return f"{header}\n{title}\n{body}"


def _use(facts: CardFacts) -> str:
    shape = ", ".join(map(str, facts.shape))
    first = facts.latents.codes[0]
    codes = f"{first.name}=1, " if isinstance(first, Categorical) else f"{first.name}=0.5, "
    calls = [text.format(codes=codes, shape=shape) for part, text in CALLS.items() if part in facts.parts]
    code = USE.format(call="\n".join(calls))
    files = ", ".join(
        f"`{file}` (differs from PyTorch by at most {difference:.1g})" for file, difference in facts.differences.items()
    )
    return dedent(
        """\
        This folder is a run folder of disentangle-bench (`pip install disentangle-bench`):

        ```python
        {code}```

        Without it: {files}. `export.json` says how latents are packed and parameters are read.
        """
    ).format(code=code, files=files)


def _model(facts: CardFacts) -> str:
    """The model, how it was trained, and the priors of its codes and of its noise."""
    recipe, noise = facts.run.recipe, facts.latents.noise
    priors = {
        code.name: f"{code.k} categories, equally likely"
        if isinstance(code, Categorical)
        else "uniform on [-1, 1]"
        if isinstance(code, Uniform)
        else "standard normal"
        for code in facts.latents.codes
    }
    if noise:
        priors["noise"] = f"{noise} variables, {facts.latents.noise_prior}"
    trained = f"{recipe.steps:,} steps of batches of {recipe.batch_size}, seed {facts.run.seed}; {facts.run.verdict}."
    source = f" Source: {recipe.source}." if recipe.source else ""
    lines = _bullets([f"{name}: {prior}" for name, prior in priors.items()])
    return f"`{recipe.model.name}`, {trained}{source} The [recipe](#recipe) has every setting.\n\n{lines}"


def _limits(facts: CardFacts) -> list[str]:
    """What a reader of the scores must not take for granted."""
    codes = facts.latents.codes
    limits = [
        "One training, at one seed: other seeds give other scores, and codes in another order or with another sign.",
        f"Scores are of {facts.info.name} alone. Images of anything else are read as if they were of it.",
    ]
    if any(isinstance(code, Categorical) for code in codes):
        limits.append("What a category stands for was not given in training; matching it to a class uses labels.")
    if any(isinstance(code, Uniform) for code in codes):
        limits.append("Beyond -1 and 1, for which it was not trained, what a uniform code does is extrapolated.")
    if "generator" not in facts.parts:
        limits.append("It makes no images.")
    if facts.run.verdict != "ok":
        limits.append(f"How training ended: {facts.run.verdict}.")
    missing = [name for name, entry in facts.results.headlines().items() if entry.value is None]
    if missing:
        limits.append(f"Without a value, for the reasons that are given below the table: {', '.join(missing)}.")
    return limits


def _bullets(lines: Sequence[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)
