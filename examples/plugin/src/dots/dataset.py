"""Images of one bright dot, whose row and column are the factors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from disentangle_bench.datasets import Dataset, DatasetInfo, Factor
from disentangle_bench.datasets.dataset import held_out
from disentangle_bench.datasets.factor import as_variables

SIDE = 8
COPIES = 10
"""Of each place, with other noise."""


class Dots:
    """The adapter: what the dataset is, and how it is loaded."""

    info = DatasetInfo(
        name="dots",
        title="Dots: one bright dot on noise, 8x8 grey, drawn on the spot",
        images=SIDE * SIDE * COPIES,
        shape=(1, SIDE, SIDE),
        factors=(Factor("row", "ordinal", SIDE), Factor("column", "ordinal", SIDE)),
        license="MIT",
        citation="defined here",
        procedural=True,
    )

    def load(self, data_dir: Path | None = None, *, side: Annotated[int, Field(ge=8, le=32)] = SIDE) -> Dataset:
        """Draw the images; the same ones each time.

        Args:
            data_dir: not used. A dataset with files declares them in its info, and takes them from there.
            side: pixels. Keyword-only parameters are settings: `--set dataset.side=16`.
        """
        rows, columns, _ = (part.ravel() for part in np.indices((side, side, COPIES)))
        images = np.random.default_rng(0).integers(0, 32, (len(rows), 1, side, side), dtype=np.uint8)
        images[np.arange(len(rows)), 0, rows, columns] = 255
        factors = tuple(replace(factor, size=side) for factor in self.info.factors)
        info = replace(self.info, images=len(images), shape=(1, side, side), factors=factors)
        train = held_out(len(images), "dots")
        return Dataset(info, images, as_variables(factors, np.column_stack([rows, columns])), train)


dots = Dots()
