"""Which samples and which factors are evaluated, the same ones for all models."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets import Dataset
from disentangle_bench.errors import SettingError
from disentangle_bench.metrics.inputs import MINIMUM
from disentangle_bench.representation.variables import Variables
from disentangle_bench.seeds import derive_seed

LARGE, DRAWN = 100_000, 20_000
"""Beyond how many images a dataset is large, and how many of them are then drawn for an evaluation: somewhat more than
the 10,000 to train on and 5,000 to test on of disentanglement_lib's protocol.
"""


def drawn_rows(samples: int, rows: int | None) -> NDArray[np.int64] | None:
    """Draw the rows to evaluate, the same for all subjects of as many samples.

    Args:
        samples: how many there are.
        rows: how many are to be evaluated; None for all.

    Returns:
        Row numbers `(rows,)` in ascending order; None for all of them.

    Raises:
        SettingError: so few rows that no metric can be computed.
    """
    if rows is not None and rows < MINIMUM:
        raise SettingError(f"{rows} rows are too few to evaluate.", f"Give {MINIMUM} or more.")
    return None if rows is None or rows >= samples else _draw(samples, rows, "")


def evaluated(dataset: Dataset, rows: int | None = None) -> tuple[Dataset, int]:
    """Read the part of a dataset on which a run is evaluated into memory.

    It is all of it, or of a large one some rows, drawn by its name, so that they are the same for all models.

    Args:
        dataset: whose images may lie elsewhere, or be drawn as they are read.
        rows: so many of those rows; None for all.

    Returns:
        That part, and how many rows there are to draw these from.

    Raises:
        SettingError: too few rows.
    """
    n = len(dataset.images)
    usual = np.arange(n) if n <= LARGE else _draw(n, DRAWN, dataset.info.name)
    drawn = drawn_rows(len(usual), rows)
    if n <= LARGE and drawn is None and isinstance(dataset.images, np.ndarray):
        return dataset, n
    return dataset.some(usual if drawn is None else usual[drawn]), len(usual)


def known_factors(dataset: Dataset) -> Variables | None:
    """The factors of which a run's codes are asked: those that are known, or measured ones if no others are.

    What was measured on the images is not what they were made from, and says in part the same as the others. Factors
    that a dataset declares `unscored` are left out.
    """
    factors, declared = dataset.factors, dataset.info.factors
    known = [factor for factor in declared if not factor.measured and not factor.unscored]
    if factors is None or not known or len(known) == len(declared):
        return factors
    chosen = factors.select([factor.name for factor in known])
    if all(factor.size is not None for factor in known) and chosen.known.all():
        return Variables(chosen.values.astype(np.int64), chosen.names, chosen.kinds)
    return chosen


def _draw(samples: int, rows: int, name: str) -> NDArray[np.int64]:
    generator = np.random.default_rng(derive_seed(0, "evaluated rows", name))
    return np.sort(generator.choice(samples, size=rows, replace=False))
