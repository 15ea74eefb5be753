"""How encoders take images and generators give them, where that is not as tensors `(n, c, h, w)` in [0, 1]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from disentangle_bench.errors import RepresentationError, SettingError
from disentangle_bench.settings import check_settings

Range = tuple[float, float]
Layout = Literal["nchw", "nhwc"]
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, kw_only=True)
class ImageForm:
    """What is done to images `(n, c, h, w)` in [0, 1] before an encoder is given them, in this order.

    Attributes:
        channels: 1 or 3: color becomes gray by its luma, gray is repeated; 0 for those of the dataset.
        size: of the sides, to which images are resized (bilinear, antialiased); 0 for that of the dataset.
        range: what 0 and 1 become, such as (-1, 1) or (0, 255).
        mean, std: what is subtracted from each channel and what it is then divided by, in place of `range`.
        layout: `nchw`, or `nhwc` for channels last.
    """

    channels: Literal[0, 1, 3] = 0
    size: int = 0
    range: Range = (0.0, 1.0)
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    layout: Layout = "nchw"

    def __post_init__(self) -> None:
        if self.size < 0 or self.range[0] == self.range[1] or 0 in self.std or len(self.mean) != len(self.std):
            raise SettingError(
                f"Images cannot have {self}.",
                "Give a size of 1 or more, a range of two different numbers, and as many mean as std, none of those 0.",
            )
        if self.mean and self.range != (0.0, 1.0):
            raise SettingError("Images cannot have both range and mean.", "mean and std apply to images in [0, 1].")

    def of(self, images: Tensor) -> Tensor:
        """Images as the encoder takes them."""
        if self.channels == 1 and images.shape[1] == 3:
            images = torch.einsum("nchw,c->nhw", images, images.new_tensor(_LUMA)).unsqueeze(1)
        elif self.channels == 3 and images.shape[1] == 1:
            images = images.expand(-1, 3, -1, -1)
        if self.size and images.shape[2:] != (self.size, self.size):
            images = F.interpolate(images, (self.size, self.size), mode="bilinear", antialias=True)
        if self.mean:
            if len(self.mean) not in (1, images.shape[1]):
                raise SettingError(
                    f"mean has {len(self.mean)} values, and images have {images.shape[1]} channels.",
                    "Give one for each channel.",
                )
            mean, std = (images.new_tensor(values)[:, None, None] for values in (self.mean, self.std))
            images = (images - mean) / std
        elif self.range != (0.0, 1.0):
            low, high = self.range
            images = images * (high - low) + low
        return images.movedim(1, 3) if self.layout == "nhwc" else images


@dataclass(frozen=True, kw_only=True)
class GeneratedForm:
    """How a generator gives images.

    Attributes:
        range: what black and white are, such as (-1, 1) or (0, 255); or `logits`, of which the sigmoid is taken.
        layout: `nchw`, or `nhwc` for channels last.
    """

    range: Range | Literal["logits"] = (0.0, 1.0)
    layout: Layout = "nchw"

    def __post_init__(self) -> None:
        if self.range != "logits" and self.range[0] == self.range[1]:
            raise SettingError(f"Generated images cannot have {self}.", "Give a range of two different numbers.")

    def read(self, images: Tensor) -> Tensor:
        """Images `(n, c, h, w)` float32 in [0, 1].

        Raises:
            RepresentationError: they are not images, or have values beyond the range.
        """
        if images.ndim == 4 and self.layout == "nhwc":
            images = images.movedim(3, 1)
        if images.ndim != 4 or images.shape[1] not in (1, 3):
            raise RepresentationError(
                f"The generator gave an array {tuple(images.shape)}.",
                "It must give images (n, 1, h, w) or (n, 3, h, w); --generated layout=nhwc takes channels last.",
            )
        if self.range == "logits":
            return images.float().sigmoid()
        low, high = self.range
        scaled = (images.float() - low) / (high - low)
        if not (float(scaled.min()) >= -1e-3 and float(scaled.max()) <= 1 + 1e-3):  # NaN is refused as well
            raise RepresentationError(
                f"The generator gave values from {float(images.min()):.3g} to {float(images.max()):.3g}, beyond the "
                f"range from {low:g} to {high:g}.",
                "Say what it gives, as in --generated range=[-1,1] or --generated range=logits.",
            )
        return scaled.clamp(0, 1)


def image_form(given: Mapping[str, Any] | None) -> ImageForm:
    """Settings of `ImageForm`, checked."""
    return ImageForm(**check_settings(ImageForm, _as_tuples(given), kind="option", name="--images"))


def generated_form(given: Mapping[str, Any] | None) -> GeneratedForm:
    """Settings of `GeneratedForm`, checked."""
    return GeneratedForm(**check_settings(GeneratedForm, _as_tuples(given), kind="option", name="--generated"))


def _as_tuples(given: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in (given or {}).items()}
