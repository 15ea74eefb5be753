"""The 8x8 digits that come with scikit-learn: 1,797 images, no download."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor, as_variables


class Digits:
    """The adapter."""

    info = DatasetInfo(
        name="digits",
        title="Digits: handwritten digits, 8x8 gray, embedded",
        images=1797,
        shape=(1, 8, 8),
        factors=(Factor("digit", "categorical", 10),),
        labels="digit",
        license="CC BY 4.0",
        citation=(
            "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, 1998. "
            "doi:10.24432/C50P49"
        ),
    )

    def load(self, data_dir: Path | None = None) -> Dataset:
        """Load the images in scikit-learn's order, scaled from 0..16 to 0..255.

        The test split is every sixth image of each digit, 296 in all: stratified, spread over the whole file, and
        without a random generator, so that it is the same everywhere.

        Args:
            data_dir: not used.
        """
        from sklearn.datasets import load_digits

        bunch = load_digits()
        images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
        digits = bunch.target.astype(np.int64)
        train = np.ones(len(digits), dtype=bool)
        for digit in range(10):
            train[np.flatnonzero(digits == digit)[5::6]] = False
        return Dataset(
            self.info,
            images[:, None],
            as_variables(self.info.factors, digits),
            train,
        )


digits = Digits()
