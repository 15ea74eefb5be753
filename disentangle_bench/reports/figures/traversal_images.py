"""The traversal grids of a generator: one code traversed, the other codes and the noise held along each row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.latents import Categorical, Gaussian, Latents, LatentSpec
from disentangle_bench.metrics.generator.traversals import traverse
from disentangle_bench.metrics.metric import Generator
from disentangle_bench.reports.figures.matching import Matching
from disentangle_bench.reports.figures.style import MINUS
from disentangle_bench.reports.figures.traversal import traversal_grid
from disentangle_bench.seeds import derive_seed

DRAWS = 8
REACH, STEPS = 2.0, 9  # as in the paper's Figure 2, past the ends of the prior
DRAWN = "draws of noise and other codes"


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
        """Draw the grid of one code: over its categories, or over [-2, 2].

        The rows of a continuous code's grid are the categories of the matched code, or of the first categorical one;
        without any they are draws.
        """
        if not isinstance(self.spec.codes[index], Categorical):
            return self._over_range(index)
        columns = self._categories(index)
        images = self._images(self._draw(index, DRAWS), index, torch.tensor(columns.values))
        return traversal_grid(images, columns.names, title=self._title(index), xlabel=columns.noun, ylabel=DRAWN)

    def _over_range(self, index: int) -> Figure:
        categorical = [place for place, code in enumerate(self.spec.codes) if isinstance(code, Categorical)]
        matched = [place for place in categorical if self._is_matched(place)]
        rows = self._categories((matched or categorical)[0]) if categorical else None
        base = self._draw(index, len(rows.values) if rows else DRAWS)
        if rows is not None:
            base = base.replace(rows.index, torch.tensor(rows.values))
        values = torch.linspace(-REACH, REACH, STEPS)
        inside = [place for place, value in enumerate(values.tolist()) if abs(value) <= 1]
        return traversal_grid(
            self._images(base, index, values),
            [f"{value:g}".replace("-", MINUS) for value in values.tolist()],
            rows=rows.names if rows else None,
            title=self._title(index),
            xlabel=self.spec.codes[index].name,
            ylabel=rows.noun if rows else DRAWN,
            prior=None if isinstance(self.spec.codes[index], Gaussian) else (inside[0], inside[-1]),
        )

    def _title(self, index: int) -> str:
        return f"{self.spec.codes[index].name} of {self.name}"

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
