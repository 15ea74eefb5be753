"""CelebA: 202,599 portraits with 40 attributes each, cropped and resized, RGB."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor, as_variables
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.file import REPLACE, File
from disentangle_bench.datasets.files.places import user_folders
from disentangle_bench.datasets.files.sources import Source, WebFiles
from disentangle_bench.datasets.formats.decode import Form, decoded
from disentangle_bench.datasets.formats.members import Members, open_members
from disentangle_bench.datasets.prepared.raw import prepared_raw
from disentangle_bench.errors import DataError
from disentangle_bench.storage import storage_errors

FOLDER, ARCHIVE = "img_align_celeba", "img_align_celeba.zip"
ATTRIBUTES, PARTITION = "list_attr_celeba.txt", "list_eval_partition.txt"
ORIGINAL = (178, 218)
_TEST = 2
_NAMES = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs", "Big_Lips",
    "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows", "Chubby", "Double_Chin",
    "Eyeglasses", "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open",
    "Mustache", "Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline",
    "Rosy_Cheeks", "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat",
    "Wearing_Lipstick", "Wearing_Necklace", "Wearing_Necktie", "Young",
)  # fmt: skip
_DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="


class CelebA:
    """The adapter. Hashes and sizes are those that TensorFlow Datasets publishes."""

    info = DatasetInfo(
        name="celeba",
        title="CelebA: portraits with 40 attributes, 32x32 RGB",
        images=202_599,
        train_images=182_637,
        shape=(3, 32, 32),
        factors=tuple(Factor.of(name, "categorical", ("no", "yes")) for name in _NAMES),
        license="for non-commercial research only",
        citation=(
            "Z. Liu, P. Luo, X. Wang, X. Tang: Deep Learning Face Attributes in the Wild. ICCV 2015. arXiv:1411.7766"
        ),
        files={
            ARCHIVE: File("46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74", 1_443_490_838, False),
            ATTRIBUTES: File("f0e5da289d5ccf75ffe8811132694922b60f2af59256ed362afa03fefba324d0", 26_721_026, False),
            PARTITION: File("fc955bcb3ef8fbdf7d5640d9a8693a8431b5f2ee291a5c1449a1549e7e073fe7", 2_836_386, False),
        },
        bytes=1_473_048_250,
        subfolders=("CelebA", "celeba/Anno", "celeba/Eval"),
    )

    def load(self, data_dir: Path | None = None, *, size: int = 32, crop: int = 148) -> Dataset:
        """Load all images in the order of the file of attributes, decoded once and then read from the cache.

        An attribute is 1 where the file has 1, and 0 where it has -1. Images of the partition's test part are the test
        split; those of its validation part (19,867) belong to the training split.

        Args:
            data_dir: a folder with the two text files and `img_align_celeba.zip`, or the folder `img_align_celeba` in
                its place; in itself or in `celeba/`; by default `DBENCH_DATA`, the user cache, then the source.
            size: pixels to a side; the paper uses 32.
            crop: pixels to a side of the square that is cut out of the middle of the 178 x 218 pixels before they are
                resized. 148, usual for generative models, leaves hair and chin; 108 leaves the face.

        Raises:
            DownloadError: no source has some file.
            DataError: a file is damaged, or the files do not fit together.
            SettingError: invalid sizes. StorageError: the cache cannot be written.
        """
        form = Form(size, 3, crop, ORIGINAL)
        roots = user_folders(self.info.name, data_dir, self.info.subfolders)
        folder = next((root / FOLDER for root in roots if (root / FOLDER).is_dir()), None)
        paths = obtain(self.info.file_set, self.sources, data_dir, names=[ATTRIBUTES, PARTITION] if folder else None)
        names, attributes = read_attributes(paths[ATTRIBUTES], [factor.name for factor in self.info.factors])
        parts = read_partition(paths[PARTITION], names)
        place = folder or paths[ARCHIVE]
        content = {"folder": str(folder.resolve())} if folder else {"sha256": self.info.files[ARCHIVE].sha256}
        settings = {"version": 1, "size": size, "crop": crop, "images": len(names), **content}
        images = prepared_raw(
            self.info.name,
            settings,
            (len(names), 3, size, size),
            lambda: decoded(*_files(open_members(place), names), form),
        )
        title = self.info.title.replace("32x32", f"{size}x{size}")
        info = replace(self.info, title=title, images=len(names), shape=images.shape[1:])
        return Dataset(info, images, as_variables(info.factors, attributes), parts != _TEST)

    def sources(self) -> Iterable[Source]:
        """Return the authors' Google Drive, which limits how often each file is downloaded in a day."""
        names = {
            ARCHIVE: "0B7EVK8r0v71pZjFTYXZWM3FlRnM",
            ATTRIBUTES: "0B7EVK8r0v71pblRyaVFSWGxPY0U",
            PARTITION: "0B7EVK8r0v71pY0NSMzRuSXJEVkk",
        }
        return (WebFiles({name: f"{_DRIVE}{key}" for name, key in names.items()}),)


def _files(members: Members, names: Sequence[str]) -> tuple[Members, list[str]]:
    """Find each image: some copies have the folder within another of the same name."""
    places = {name.rpartition("/")[2]: name for name in members.names(".jpg")}
    missing = [name for name in names if name not in places]
    if missing:
        raise DataError(
            f"{members.path} lacks {len(missing):,} of the {len(names):,} images that {ATTRIBUTES} names, such as "
            f"{missing[0]}.",
            "Unpack or download it again.",
        )
    return members, [places[name] for name in names]


def read_attributes(path: Path, expected: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Read the images' names and their attributes `(n, k)`, 0 or 1, from the file of attributes.

    Its first line has the number of images, its second the names of the attributes; each further one an image's name
    and -1 or 1 for each attribute.

    Raises:
        DataError: another format, other attributes, or another number of images than its first line states.
    """
    names: list[str] = []
    values = bytearray()
    with storage_errors(path, "read"), path.open(encoding="utf-8", errors="replace") as lines:
        count, header = next(lines, "").strip(), next(lines, "").split()
        if not count.isdecimal() or header != list(expected):
            raise DataError(f"{path} does not begin with a number and the {len(expected)} attributes.", REPLACE)
        for number, line in enumerate(lines, start=3):
            name, *given = line.split() or [""]
            if len(given) != len(header) or not {"1", "-1"}.issuperset(given):
                raise DataError(f"{path}: line {number:,} lacks a name and {len(header)} times 1 or -1.", REPLACE)
            names.append(name)
            values.extend(value == "1" for value in given)
    if len(names) != int(count) or len(set(names)) < len(names):
        raise DataError(f"{path} has {len(set(names)):,} images; its first line states {int(count):,}.", REPLACE)
    return names, np.frombuffer(values, np.uint8).reshape(len(names), len(header)).astype(np.int64)


def read_partition(path: Path, names: Sequence[str]) -> NDArray[np.int64]:
    """Read the part of each image `(n,)`: 0 for training, 1 for validation, 2 for testing.

    Raises:
        DataError: a line without a name and a part, or other images than the file of attributes has.
    """
    parts: dict[str, int] = {}
    with storage_errors(path, "read"), path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            name, *given = line.split() or [""]
            if len(given) != 1 or given[0] not in ("0", "1", "2"):
                raise DataError(f"{path}: line {number:,} lacks a name and 0, 1 or 2.", REPLACE)
            parts[name] = int(given[0])
    different = set(names) ^ parts.keys()
    if different:
        raise DataError(
            f"{path} and {ATTRIBUTES} have {len(different):,} images that the other lacks, such as {min(different)}.",
            REPLACE,
        )
    return np.array([parts[name] for name in names], dtype=np.int64)


celeba = CelebA()
