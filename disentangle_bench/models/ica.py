"""Independent components of the images: linear codes that depend on each other as little as can be."""

from __future__ import annotations

import warnings

import torch
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from disentangle_bench.models.fitted import FittedLinear
from disentangle_bench.models.pca import whitening

MOST_ITERATIONS = 1000


class ICA(FittedLinear):
    """`c = W D^(-1/2) U^T (x - E[x])`: PCA's codes, turned by FastICA until they are as far from Gaussian as can be."""

    summary = "ICA, a floor: independent components of the pixels, each with variance 1."
    source = "Hyvarinen and Oja 2000; scikit-learn's FastICA"

    def fit(self, images: Tensor, seed: int) -> tuple[Tensor, Tensor, str]:
        """Fit images `(n, p)`."""
        analysis, synthesis = whitening(images, len(self.latents.codes), seed)
        pixels = images.double().numpy()
        ica = FastICA(whiten=False, max_iter=MOST_ITERATIONS, random_state=seed % 2**32)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            ica.fit((pixels - pixels.mean(axis=0)) @ analysis.T)
        stopped = any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
        turn = ica.components_  # orthogonal, so that its transpose turns back
        found = (turn @ analysis, synthesis @ turn.T)
        remark = f"FastICA did not converge within {MOST_ITERATIONS:,} iterations" if stopped else ""
        return torch.from_numpy(found[0]).float(), torch.from_numpy(found[1]).float(), remark
