"""The traversal grids of a generator: one code traversed, the other codes and the noise held along each row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.evaluation.results import Results
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.latents import Categorical, Gaussian, Latents, LatentSpec
from disentangle_bench.metrics.generator.traversals import traverse
from disentangle_bench.metrics.metric import Generator
from disentangle_bench.reports.figures.matching import Matching, matching_of
from disentangle_bench.reports.figures.style import MINUS
from disentangle_bench.reports.figures.traversal import traversal_grid
from disentangle_bench.reports.traversals import Traversal, save_traversals, shown_in
from disentangle_bench.seeds import derive_seed

DRAWS = 8
REACH, STEPS = 2.0, 9  # as in the paper's Figure 2, past the ends of the prior
VERSION = 1
"""Of what is traversed: traversals of another version are made anew."""


@dataclass(frozen=True)
class Categories:
    """The categories of code `index` in the order to show them, their headings, and what the headings are."""

    index: int
    values: list[int]
    names: list[str]
    noun: str


@dataclass(frozen=True)
class Traversals:
    """The traversal grids of a generator. The draws are the first of a fixed seed, not chosen.

    Attributes:
        generator, spec: what is traversed.
        matching: which class each category is matched to, where that is known.
        name: of the subject, for the titles.
    """

    generator: Generator
    spec: LatentSpec
    matching: Matching | None
    name: str

    def figure(self, index: int) -> Figure:
        """Draw the grid of one code; see `traversal`."""
        made = self.traversal(index)
        return traversal_grid(
            made.images,
            made.columns,
            rows=made.rows,
            title=f"{made.code} of {self.name}",
            xlabel=made.xlabel,
            ylabel=made.ylabel,
            prior=made.prior,
        )

    def traversal(self, index: int) -> Traversal:
        """Traverse one code over its categories, or over [-2, 2].

        The rows of a continuous code's grid are the categories of the matched code, or of the first categorical one;
        without any they are draws.
        """
        code = self.spec.codes[index]
        if not isinstance(code, Categorical):
            return self._over_range(index)
        columns = self._categories(index)
        images = self._images(self._draw(index, DRAWS), index, torch.tensor(columns.values))
        return Traversal(code.name, images, columns.names, None, columns.noun, self._drawn, None)

    def _over_range(self, index: int) -> Traversal:
        categorical = [place for place, code in enumerate(self.spec.codes) if isinstance(code, Categorical)]
        matched = [place for place in categorical if self._is_matched(place)]
        rows = self._categories((matched or categorical)[0]) if categorical else None
        base = self._draw(index, len(rows.values) if rows else DRAWS)
        if rows is not None:
            base = base.replace(rows.index, torch.tensor(rows.values))
        values = torch.linspace(-REACH, REACH, STEPS)
        inside = [place for place, value in enumerate(values.tolist()) if abs(value) <= 1]
        return Traversal(
            self.spec.codes[index].name,
            self._images(base, index, values),
            [f"{value:g}".replace("-", MINUS) for value in values.tolist()],
            rows.names if rows else None,
            self.spec.codes[index].name,
            rows.noun if rows else self._drawn,
            None if isinstance(self.spec.codes[index], Gaussian) else (inside[0], inside[-1]),
        )

    @property
    def _drawn(self) -> str:
        return f"draws of {'noise and ' if self.spec.noise else ''}other codes"

    def _is_matched(self, index: int) -> bool:
        return self.matching is not None and self.spec.codes[index].name == self.matching.code

    def _categories(self, index: int) -> Categories:
        code = self.spec.codes[index]
        k = code.k if isinstance(code, Categorical) else 0
        if self.matching is None or not self._is_matched(index):
            return Categories(index, list(range(k)), [str(value) for value in range(k)], f"category of {code.name}")
        pairs = self.matching.sorted_categories(k)
        noun = f"{self.matching.factor} that the category of {code.name} is matched to"
        return Categories(index, [value for value, _ in pairs], [name for _, name in pairs], noun)

    def _draw(self, index: int, rows: int) -> Latents:
        seed = derive_seed(0, "traversal figure", self.spec.codes[index].name)
        return self.spec.sample(rows, torch.Generator().manual_seed(seed))

    def _images(self, base: Latents, index: int, values: Tensor) -> NDArray[np.float64]:
        """Generate images, `(rows, columns, h, w)` if gray, `(rows, columns, h, w, 3)` in color."""
        with torch.inference_mode():
            images = self.generator(traverse(base, index, values)).double().cpu().numpy()
        channels, *shape = images.shape[1:]
        grid = images.reshape(len(base), len(values), channels, *shape)
        return np.asarray(grid[:, :, 0] if channels == 1 else np.moveaxis(grid, 2, -1))


def keep_traversals(path: Path, subject: Subject, results: Results) -> bool:
    """Keep the traversals of a run's codes, unless those that are kept show this model and these names.

    Args:
        path: of the file.
        subject: with a generator and its latents; of any other, nothing is kept.
        results: its scores, which say what the categories are called.

    Returns:
        Whether they were written.

    Raises:
        StorageError: no space, no permission.
    """
    if not {"generator", "latents"} <= set(subject.parts):
        return False
    matching = matching_of(results)
    called = [] if matching is None else [matching.code, matching.factor, matching.classes, matching.places]
    shown = hashlib.sha256(repr([VERSION, subject.info.get("model_sha256"), called]).encode()).hexdigest()
    if shown_in(path) == shown:
        return False
    spec = subject.parts["latents"]
    grids = Traversals(subject.parts["generator"], spec, matching, subject.name)
    save_traversals(path, [grids.traversal(index) for index in range(len(spec.codes))], shown)
    return True
