"""A trained model in use: images made from codes by their names, and codes read off anybody's images, as arrays."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.errors import DataError, RunError, SettingError, UnknownNameError
from disentangle_bench.latents import Categorical, Code, Latents, Uniform
from disentangle_bench.models.model import Shape
from disentangle_bench.models.trained import TrainedModel, posterior_parameters
from disentangle_bench.representation.tables import as_array
from disentangle_bench.seeds import derive_seed

MOST_IMAGES = 1_000_000
_log = logging.getLogger(__name__)


class LoadedModel:
    """A trained model that makes images and reads codes.

    Args:
        trained: its parts.
        shape: `(c, h, w)` of its images.
        name: for messages.

    Attributes:
        latents: its noise and codes, with their priors.
        codes: the names of the codes.
        trained: its parts, as functions on tensors.
    """

    def __init__(self, trained: TrainedModel, shape: Shape, name: str) -> None:
        self.trained, self.shape, self.name = trained, shape, name
        self.latents = trained.latents
        self.codes = trained.latents.names

    def __repr__(self) -> str:
        return f"<{self.name}: codes {', '.join(self.codes)}, images {self.shape}>"

    def generate(self, n: int | None = None, *, seed: int = 0, **codes: Any) -> NDArray[np.float32]:
        """Make images, with some codes set and the others and the noise drawn from their priors.

        Args:
            n: the number of images; by default the length of the arrays among the codes, or 1.
            seed: of what is drawn; the same noise for the same `n`, whichever codes are set.
            codes: code name -> a value for all images, or `(n,)` values. A categorical code takes categories from 0 on.

        Returns:
            Images `(n, c, h, w)` in [0, 1].

        Raises:
            UnknownNameError: there is no such code. SettingError: a value that the code does not take. RunError: the
                model makes no images.
        """
        values = {name: self._values(name, given) for name, given in codes.items()}
        n = _count(n, {name: len(those) for name, those in values.items() if those.dim() == 1})
        drawn = self._draw(n, seed)
        for name, those in values.items():
            drawn = drawn.replace(self.codes.index(name), those.expand(n))
        return self._images(drawn)

    def traverse(self, n: int = 1, *, seed: int = 0, **codes: Any) -> NDArray[np.float32]:
        """Make images that differ in some codes alone.

        Args:
            n: the number of draws of noise and of the codes that are not given.
            seed: of what is drawn.
            codes: code name -> the values `(m,)` that the code takes in turn, or one at which it is held.

        Returns:
            Images `(n, m1, m2, .., c, h, w)`: one axis for each code with several values, in their order.

        Raises:
            DbenchError: as for `generate`.
        """
        values = {name: self._values(name, given) for name, given in codes.items()}
        sweeps = {name: those for name, those in values.items() if those.dim() == 1}
        axes = (_count(n, {}), *map(len, sweeps.values()))
        if math.prod(axes) > MOST_IMAGES:
            raise SettingError(f"{math.prod(axes):,} images are too many.", "Give fewer draws or values.")
        at = torch.cartesian_prod(*map(torch.arange, axes)).reshape(-1, len(axes))
        rows = self._draw(n, seed).rows(at[:, 0])
        for name, those in values.items():
            place = list(sweeps).index(name) + 1 if name in sweeps else None
            rows = rows.replace(self.codes.index(name), those.expand(len(at)) if place is None else those[at[:, place]])
        return self._images(rows).reshape(*axes, *self.shape)

    def encode(self, images: Any, *, generated: bool = False) -> dict[str, NDArray[Any]]:
        """Read the codes of images: the most likely category, or the mean.

        Args:
            images: `(n, c, h, w)`, uint8 from 0 to 255 or floats in [0, 1].
            generated: whether the model made them, which are read with batch-norm statistics of their own; see
                docs/using-a-model.md.

        Returns:
            Code name -> values `(n,)`, which `generate` takes.

        Raises:
            DataError: images of another shape, range or type. RunError: the model reads no such images.
        """
        parameters = self._read(images, generated)
        pairs = zip(self.latents.codes, parameters, strict=True)
        return {code.name: code.estimate(raw).cpu().numpy() for code, raw in pairs}

    def posterior(self, images: Any, *, generated: bool = False) -> dict[str, NDArray[np.float64]]:
        """Read the parameters of the posterior `Q(c given x)` of images.

        Args:
            images: as for `encode`.
            generated: as for `encode`.

        Returns:
            Code name -> the logits `(n, k)` of a categorical code, mean and ln sigma `(n, 2)` of any other, as
            `Representation.of(posterior=)` takes them.

        Raises:
            DbenchError: as for `encode`.
        """
        if self.trained.deterministic:
            raise RunError(f"The model of {self.name} has no posterior: it gives codes alone.", "Call encode instead.")
        return posterior_parameters(self.latents, self._read(images, generated))

    def _draw(self, n: int, seed: int) -> Latents:
        return self.latents.sample(n, torch.Generator().manual_seed(derive_seed(seed, "generated images")))

    def _images(self, latents: Latents) -> NDArray[np.float32]:
        self._require("generator", "makes no images")
        return self.trained.generate(latents).float().cpu().numpy()

    def _read(self, images: Any, generated: bool) -> tuple[Tensor, ...]:
        self._require(
            "posterior" if generated else "encoder", f"reads no {'generated' if generated else 'real'} images"
        )
        given = torch.from_numpy(checked_images(images, self.shape))
        return self.trained.posterior(given) if generated else self.trained.encode(given)

    def _require(self, part: str, lack: str) -> None:
        if part not in self.trained.offers:
            raise RunError(
                f"The model of {self.name} {lack}: it has no {part}.",
                f"It offers {', '.join(sorted(self.trained.offers)) or 'nothing'}.",
            )

    def _values(self, name: str, given: Any) -> Tensor:
        if name not in self.codes:
            raise UnknownNameError("code", name, self.codes)
        code = self.latents.codes[self.codes.index(name)]
        values = code_values(code, given)
        if isinstance(code, Uniform) and bool((values.abs() > 1).any()):
            reach = " to ".join(f"{end:g}" for end in dict.fromkeys((values.min().item(), values.max().item())))
            _log.warning("%s = %s is beyond its prior, -1 to 1, for which the model was trained.", name, reach)
        return values


def code_values(code: Code, given: Any) -> Tensor:
    """A value of a code, or several `(n,)`, as the generator takes them.

    Raises:
        SettingError: no number, not a category, or an array of another shape.
    """
    values = as_array(given, f"values of {code.name}")
    if values.dtype.kind not in "iuf" or values.ndim > 1 or values.size == 0 or not np.isfinite(values).all():
        raise SettingError(
            f"{code.name} = {_said(given)} is not a value.", "Give a finite number, or an array (n,) of them."
        )
    low, high = values.min(), values.max()
    if isinstance(code, Categorical):
        if low < 0 or high > code.k - 1 or (values != np.rint(values)).any():
            raise SettingError(
                f"{code.name} = {_said(given)} is not a category of {code.name}.",
                f"Its categories are the whole numbers from 0 to {code.k - 1}.",
            )
        return torch.from_numpy(np.asarray(values, dtype=np.int64))
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def _said(given: Any) -> str:
    text = " ".join(str(given).split())
    return text if len(text) <= 40 else f"{text[:39]}…"


def _count(n: int | None, lengths: Mapping[str, int]) -> int:
    """How many images there are to be.

    Raises:
        SettingError: arrays of other lengths, or a number that is none.
    """
    wanted = n if n is not None else next(iter(lengths.values()), 1)
    if isinstance(wanted, bool) or not isinstance(wanted, int | np.integer) or not 1 <= wanted <= MOST_IMAGES:
        raise SettingError(f"n = {wanted!r} is not a number of images.", f"Give one from 1 to {MOST_IMAGES:,}.")
    for name, length in lengths.items():
        if length != wanted:
            raise SettingError(
                f"{name} has {length} values for {wanted} images.", "Give one value, or as many as there are images."
            )
    return int(wanted)


def checked_images(given: Any, shape: Shape) -> NDArray[Any]:
    """Images `(n, c, h, w)` of a shape `(c, h, w)`: uint8, or float32 in [0, 1].

    Raises:
        DataError: another shape, range or type; says how to make them so.
    """
    images = as_array(given, "images")
    if images.ndim != 4 or images.shape[1:] != tuple(shape) or len(images) == 0:
        wanted = f"(n, {', '.join(map(str, shape))})"
        raise DataError(f"The images have the shape {images.shape} instead of {wanted}.", _reshape(images.shape, shape))
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    if images.dtype.kind != "f":
        raise DataError(
            f"The images are {images.dtype}; they should be uint8 from 0 to 255, or floats in [0, 1].",
            "If they are from 0 to 255, give images.astype(np.uint8); if they are 0 and 1, images.astype(np.float32).",
        )
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 1):  # which NaN is not either
        raise DataError(
            f"The images are floats from {low:g} to {high:g}; they should be in [0, 1].", _rescale(low, high)
        )
    return np.ascontiguousarray(images, dtype=np.float32)


def _reshape(given: tuple[int, ...], shape: Shape) -> str:
    channels, *sides = shape
    if given == tuple(shape):
        return "A single image is images[None]."
    if channels == 1 and list(given[1:]) == sides:
        return "Add the axis of the channel: images[:, None]."
    if len(given) == 4 and [*given[1:3], given[3]] == [*sides, channels]:
        return "Their channels are last: give images.transpose(0, 3, 1, 2)."
    return "Give images like those that the model was trained on."


def _rescale(low: float, high: float) -> str:
    if low >= 0 and high <= 255:
        return "If they are from 0 to 255, give images / 255, or images.astype(np.uint8)."
    if low >= -1 and high <= 1:
        return "If they are from -1 to 1, give (images + 1) / 2."
    return "Scale them as the images that the model was trained on, none of them NaN."
