"""Images of a generator that a person asked for, as one picture or as an animation, in the form that the path names."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from disentangle_bench.reports.figures.style import FORMS, MINUS, render, write_image
from disentangle_bench.reports.figures.target import refuse_other_file
from disentangle_bench.reports.figures.traversal import traversal_grid
from disentangle_bench.storage import write_bytes

ANIMATION = "gif"
MILLISECONDS = 200
DRAWN = "draws"
_MARK = "disentangle-bench: samples of "


@dataclass(frozen=True)
class Axis:
    """A code that takes several values, along one side of a grid or from one frame to the next.

    Attributes:
        name: of the code.
        values: in their order.
        prior: the first and last of the values that lie in the code's prior range, where that has ends.
    """

    name: str
    values: Sequence[float]
    prior: tuple[int, int] | None = None

    @property
    def headings(self) -> list[str]:
        """The values as text."""
        return [f"{value:g}".replace("-", MINUS) for value in self.values]


@dataclass(frozen=True)
class Samples:
    """Images, and what they show.

    Attributes:
        images: `(n, m1, .., c, h, w)` in [0, 1]: draws, then one axis for each of `axes`.
        axes: the codes that take several values.
        title: above everything.
    """

    images: NDArray[np.floating]
    axes: Sequence[Axis]
    title: str


def refuse_samples_target(path: Path) -> None:
    """Refuse a path to which no samples should be written, before a model is loaded.

    Raises:
        StorageError: a suffix of another kind of file, or a file that holds no samples.
    """
    refuse_other_file(path, _MARK, "a picture of samples", (*FORMS, ANIMATION))


def write_samples(samples: Samples, path: Path, name: str) -> None:
    """Draw samples and write them atomically: a grid, or an animation over the values of the first code.

    Args:
        samples: with one axis or two; without any, not for an animation.
        path: of the file, whose suffix says in what form.
        name: of the model, which the file holds as a mark.

    Raises:
        StorageError: as `refuse_samples_target`; no space, no permission.
    """
    refuse_samples_target(path)
    if path.suffix[1:].lower() == ANIMATION:
        write_bytes(path, _animation(samples, f"{_MARK}{name}"))
    else:
        write_image(_figure(samples), path, f"{_MARK}{name}")


def _figure(samples: Samples) -> Figure:
    """Draw a grid: the first code across; the second one, or draws, down."""
    images, axes = np.moveaxis(samples.images, -3, -1), samples.axes
    images = images if images.shape[-1] == 3 else images[..., 0]
    if not axes:
        return traversal_grid(_square(images), [], title=samples.title)
    across = axes[0]
    if len(axes) == 2:
        images = images[0].swapaxes(0, 1)
    return traversal_grid(
        images,
        across.headings,
        rows=axes[1].headings if len(axes) == 2 else None,
        title=samples.title,
        xlabel=across.name,
        ylabel=axes[1].name if len(axes) == 2 else DRAWN if len(images) > 1 else "",
        prior=across.prior,
    )


def _square(images: NDArray[np.floating]) -> NDArray[np.floating]:
    """Lay images `(n, h, w[, 3])` out in about as many rows as columns, white where there are too few."""
    columns = int(np.ceil(np.sqrt(len(images))))
    rows = -(-len(images) // columns)
    filled = np.ones((rows * columns, *images.shape[1:]), dtype=images.dtype)
    filled[: len(images)] = images
    return filled.reshape(rows, columns, *images.shape[1:])


def _animation(samples: Samples, mark: str) -> bytes:
    """Draw a frame for each value of the first code: the draws, or with another code its values across."""
    over, *others = samples.axes
    frames = []
    for number, heading in enumerate(over.headings):
        frame = Samples(samples.images[:, number], others, f"{samples.title}, {over.name} = {heading}")
        drawn = io.BytesIO()
        render(_figure(frame), drawn, form="png")
        frames.append(Image.open(drawn, formats=["PNG"]).convert("RGB"))
    size = tuple(max(sides) for sides in zip(*(frame.size for frame in frames), strict=True))
    first, *rest = pages = [Image.new("RGB", (size[0], size[1]), "white") for _ in frames]
    for page, image in zip(pages, frames, strict=True):
        page.paste(image)  # a longer title makes a frame wider
    file = io.BytesIO()
    first.save(
        file, "GIF", save_all=True, append_images=rest, duration=MILLISECONDS, loop=0, comment=mark.encode(), disposal=1
    )
    return file.getvalue()
