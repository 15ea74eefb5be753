"""Making images smaller, with a filter that looks at every pixel, and larger."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from disentangle_bench.errors import SettingError


def resized(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resize images `(b, c, h, w)` of one channel or three to `(b, c, size, size)` by Pillow's Lanczos filter.

    It is the one that the literature on these sets used, under its former name ANTIALIAS (disentanglement_lib).
    """
    if images.shape[2:] == (size, size):
        return images
    b, c = images.shape[:2]
    made = np.empty((b, c, size, size), np.uint8)
    for number, image in enumerate(images):
        for channel, pixels in enumerate(image):  # Pillow treats channels alike, each by itself
            small = Image.fromarray(pixels).resize((size, size), Image.Resampling.LANCZOS)
            made[number, channel] = np.asarray(small)
    return made


def enlarged(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Enlarge images `(n, h, w)` to `(n, size, size)` by Pillow's bilinear filter, torchvision's default."""
    if images.shape[1:] == (size, size):
        return images
    made = np.empty((len(images), size, size), np.uint8)
    for image, pixels in zip(made, images, strict=True):
        image[:] = np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BILINEAR))
    return made


def require_size(size: int, most: int, dataset: str, *, least: int = 8, setting: str = "size") -> None:
    """Refuse a setting of pixels along an image that is out of range.

    Raises:
        SettingError: it is less than `least` or more than `most`.
    """
    if not least <= size <= most:
        problem = f"The setting {setting} = {size} of the dataset {dataset!r} is out of range."
        raise SettingError(problem, f"Choose from {least} to {most}.")
