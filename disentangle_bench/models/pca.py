"""Principal components of the images: the best linear codes for reconstruction."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn import decomposition
from torch import Tensor

from disentangle_bench.models.fitted import FittedLinear

Floats = NDArray[np.float64]


class PCA(FittedLinear):
    """`c = D^(-1/2) U^T (x - E[x])`, with the first eigenvectors U and eigenvalues D of the pixels' covariance."""

    summary = "PCA, a floor: principal components of the pixels, each with variance 1."
    source = "Pearson 1901; scikit-learn's PCA"

    def fit(self, images: Tensor, seed: int) -> tuple[Tensor, Tensor, str]:
        """Fit images `(n, p)`."""
        analysis, synthesis = whitening(images, len(self.latents.codes), seed)
        return torch.from_numpy(analysis).float(), torch.from_numpy(synthesis).float(), ""


def whitening(images: Tensor, codes: int, seed: int) -> tuple[Floats, Floats]:
    """Fit principal components to images `(n, p)`.

    Returns:
        `(d, p)`, which makes codes of variance 1 of centered images, and `(p, d)`, which makes images of codes.
    """
    fitted = decomposition.PCA(codes, svd_solver="randomized", random_state=seed % 2**32).fit(images.double().numpy())
    sd = np.sqrt(np.maximum(fitted.explained_variance_, np.finfo(np.float64).tiny))
    return fitted.components_ / sd[:, None], (fitted.components_ * sd[:, None]).T
