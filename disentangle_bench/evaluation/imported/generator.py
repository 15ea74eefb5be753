"""Somebody's generator, given latents as it takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from disentangle_bench.errors import RepresentationError
from disentangle_bench.evaluation.imported.ask import ask
from disentangle_bench.evaluation.imported.form import GeneratedForm
from disentangle_bench.evaluation.imported.prior import Prior
from disentangle_bench.evaluation.reached_modules import device_of, in_evaluation_mode
from disentangle_bench.latents import Latents

BATCH = 64


class ImportedGenerator:
    """Latents -> images `(n, c, h, w)` float32 in [0, 1], where the generator's weights are.

    Args:
        function: from rows `(n, width)` to images.
        prior: what these rows are.
        form: in which it gives images.
    """

    def __init__(self, function: Callable[[Tensor], Any], prior: Prior, form: GeneratedForm) -> None:
        self.function, self.prior, self.form = function, prior, form
        self.device = device_of(function)

    def __call__(self, latents: Latents) -> Tensor:
        """Ask the generator, in evaluation mode and without gradients.

        Raises:
            RepresentationError: it raises an exception, or gives no images.
        """
        rows = self.prior.pack(latents).to(self.device)
        with torch.inference_mode(), in_evaluation_mode(self.function):
            return torch.cat([self._images(batch) for batch in torch.split(rows, BATCH)])

    def _images(self, rows: Tensor) -> Tensor:
        remedy = "--latents names the columns of its input, as in gaussian*10."
        found = ask(self.function, rows, "generator", "rows", remedy)
        if isinstance(found, tuple | list | dict):
            raise RepresentationError(
                f"The generator gave a {type(found).__name__} of {len(found)}.", "It must give images alone."
            )
        images = self.form.read(torch.as_tensor(found, device=self.device))
        if len(images) != len(rows):
            raise RepresentationError(
                f"The generator gave {len(images)} images for {len(rows)} rows.", "It must give one for each."
            )
        return images
