"""Image files to arrays: decoded, cropped to the square in their middle, resized."""

from __future__ import annotations

import io
import os
import shlex
import struct
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.formats.members import Members
from disentangle_bench.errors import DataError, SettingError

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
"""No others, whatever a file is called: Pillow gives some to other programs, such as EPS to Ghostscript."""
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
MOST_PIXELS = 2**26
_MANY_PIXELS = 2**22
_ONE_AT_A_TIME = Lock()  # images of more pixels than these, which take up to a gigabyte each
_BATCH = 1024
_BITS_PER_SAMPLE = 258  # a tag of TIFF
_MODES = {1: "L", 3: "RGB"}


@dataclass(frozen=True)
class Form:
    """The form that image files are converted to.

    Attributes:
        size: pixels to a side.
        channels: 1 for gray, 3 for RGB.
        crop: pixels to a side of the square that is cut out of the middle first; by default the largest one.
        original: width and height that each file must have, where they are known.
        background: the color behind what is transparent; by default transparency is ignored.

    Raises:
        SettingError: channels other than these, or no pixels.
    """

    size: int
    channels: int
    crop: int | None = None
    original: tuple[int, int] | None = None
    background: str | None = None

    def __post_init__(self) -> None:
        if self.channels not in _MODES:
            raise SettingError(f"The setting channels = {self.channels} is invalid.", "Give 1 for gray or 3 for RGB.")
        if self.size < 1:
            raise SettingError(f"The setting size = {self.size} is invalid.", "Give the pixels to a side, such as 32.")
        if self.crop is not None and not 1 <= self.crop <= min(self.original or (self.crop,)):
            largest = f"The images are {_pixels(self.original)}." if self.original else "Give the pixels to a side."
            raise SettingError(f"The setting crop = {self.crop} is invalid.", largest)


def decoded(members: Members, names: Sequence[str], form: Form) -> Iterator[NDArray[np.uint8]]:
    """Decode images `(b, c, size, size)` in the order of their names, on all processors.

    Raises:
        DataError: a file is missing, unreadable, or of another size than it must be; the first such one is named.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # decoders release the interpreter's lock
        for start in range(0, len(names), _BATCH):
            images = pool.map(partial(decode, members, form=form), names[start : start + _BATCH])
            yield np.stack(list(images))


def decode(members: Members, name: str, form: Form) -> NDArray[np.uint8]:
    """Decode one image `(c, size, size)`, turned upright as its EXIF data state.

    It is resized with a triangular filter as wide as a pixel of the result, so that detail does not alias.

    Raises:
        DataError: it is missing, unreadable, of more than 8 bits a channel or `MOST_PIXELS`, or of another size than
            it must be.
    """
    from PIL import Image

    where = f"{members.path}: {name}"
    content = members.read(name)
    with image_errors(where), Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        pixels = opened.width * opened.height
        if pixels > MOST_PIXELS:
            raise DataError(f"{where} has {pixels:,} pixels.", f"Make it smaller: up to {MOST_PIXELS:,} are read.")
        if bits_a_channel(opened) > 8:
            raise DataError(f"{where} has more than 8 bits a channel.", _to_8_bits(opened, members, name))
        with _ONE_AT_A_TIME if pixels > _MANY_PIXELS else nullcontext():
            return _resized(_upright(opened, form), where, form)


def _to_8_bits(opened: ImageFile, members: Members, name: str) -> str:
    """Say how an image gets 8 bits a channel, with a command that can be copied where its scale is known."""
    if opened.mode == "F" or (opened.mode == "I" and opened.format == "TIFF"):
        return "Scale its values to 0 to 255, and save it with 8 bits a channel."
    path, first = str(members.path / name), ""
    if not members.path.is_dir():
        path, first = name, "Unpack the archive. "
    if opened.mode.startswith("I"):
        whole = f"Image.fromarray((numpy.asarray(Image.open({path!r})) >> 8).astype('uint8'))"
    else:
        whole = f"Image.open({path!r})"  # of colors, Pillow itself keeps the upper bits
    program = f"import numpy; from PIL import Image; {whole}.save('8-bit.png')"
    return f"{first}This saves a copy of the upper 8 bits, to put in its place: python -c {shlex.quote(program)}"


@contextmanager
def image_errors(where: str) -> Iterator[None]:
    """Turn what Pillow raises of damaged files, and of sizes that it finds suspicious, into a `DataError`."""
    from PIL import Image

    try:
        yield
    except (
        OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError, IndexError, OverflowError, MemoryError,
        NotImplementedError, zlib.error, struct.error, Image.DecompressionBombError,
    ) as error:  # fmt: skip
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        reason = "its format is not known" if "cannot identify" in reason else reason
        raise DataError(f"{where} is not a readable image: {reason}.", "Replace it, or take it out.") from error


def _upright(opened: Image.Image, form: Form) -> Image.Image:
    """Decode an image, turned as its EXIF data state, with the channels and the background of the form."""
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(opened)
    if form.background is not None and upright.has_transparency_data:
        behind = Image.new("RGBA", upright.size, form.background)
        upright = Image.alpha_composite(behind, upright.convert("RGBA"))
    return upright.convert(_MODES[form.channels])


def _resized(image: Image.Image, where: str, form: Form) -> NDArray[np.uint8]:
    """Cut the square out of the middle, and resize it."""
    from PIL import Image

    if form.original is not None and image.size != form.original:
        raise DataError(f"{where} is {_pixels(image.size)} instead of {_pixels(form.original)}.", "Replace it.")
    width, height = image.size
    side = min(form.crop or width, width, height)
    left, top = (width - side) // 2, (height - side) // 2
    middle = (left, top, left + side, top + side)
    found = np.asarray(image.resize((form.size, form.size), Image.Resampling.BILINEAR, box=middle))
    return found[None] if found.ndim == 2 else np.ascontiguousarray(found.transpose(2, 0, 1))


def bits_a_channel(opened: ImageFile) -> int:
    """Return how many bits a file has per channel, of which Pillow keeps eight, or 32 in the modes I and F."""
    if opened.mode.startswith(("I", "F")):
        return 32
    if opened.format == "TIFF":
        return int(max(opened.tag_v2.get(_BITS_PER_SAMPLE, (8,))))  # type: ignore[attr-defined]
    # What Pillow passes to the decoder: one text or number, or several.
    passed = [part for tile in opened.tile for part in (tile[3] if isinstance(tile[3], tuple) else (tile[3],))]
    in_png = opened.format == "PNG" and any(";16" in str(part) for part in passed)
    in_ppm = opened.format == "PPM" and any(isinstance(part, int) and part > 255 for part in passed)
    return 16 if in_png or in_ppm else 8


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]} pixels"
