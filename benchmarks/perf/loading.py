"""How fast batches of images come: ours beside a plain torchvision or PyTorch DataLoader with two workers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets import MNIST, ImageFolder
from torchvision.transforms import CenterCrop, Compose, Resize, ToTensor

from benchmarks.perf.plain import write_images
from benchmarks.perf.timing import Row, Spread, ratios, report
from benchmarks.perf.training import Plan
from disentangle_bench.datasets import DATASETS
from disentangle_bench.datasets.formats.hdf5 import StoredImages
from disentangle_bench.datasets.heads3d import FACTORS, draw
from disentangle_bench.datasets.images import LazyImages, SomeImages
from disentangle_bench.datasets.procedural import ProceduralImages
from disentangle_bench.training.batches import Batches
from disentangle_bench.training.streaming import StreamedBatches

BATCH = 128
ROOMS, PHOTOGRAPHS, HEADS = 12_000, 3_000, 3_000
"""How many images the streamed sets have: enough for several windows."""
OURS, PLAIN = "ours", "DataLoader"


def measure(plan: Plan) -> str:
    """The report, in Markdown: one section for each way in which images are kept."""
    sections = []
    with tempfile.TemporaryDirectory() as name:
        for measure_kind in (resident, rooms, photographs, heads):
            folder = Path(name, measure_kind.__name__)
            folder.mkdir()
            sections.append(measure_kind(plan, folder))
    return "\n\n".join(sections)


def resident(plan: Plan, folder: Path) -> str:
    """MNIST's files: on the device, beside torchvision's MNIST."""
    images = torch.from_numpy(write_images(folder, plan.images))
    batches = Batches(images, BATCH, seed=0)
    loader = plain_loader(MNIST(str(folder), transform=ToTensor()), plan)
    contenders = {OURS: partial(an_epoch, batches), PLAIN: partial(through, loader)}
    title = f"Batches of {len(images):,} images of 1 x 28 x 28 that stay on the device"
    return measured(title, contenders, batches.per_epoch * BATCH, plan, least=3)


def rooms(plan: Plan, folder: Path) -> str:
    """An HDF5 file in the format of 3D Shapes, of rendered rooms, compressed in chunks of whole images."""
    drawn = DATASETS.get("toyshapes3d").load().images
    count = min(ROOMS, plan.images)
    rows = np.random.default_rng(0).integers(0, len(drawn), count)
    path = folder / "3dshapes.h5"
    with h5py.File(path, "w") as file:
        shape = (count, 64, 64, 3)
        stored = file.create_dataset("images", shape, np.uint8, chunks=(16, *shape[1:]), compression="gzip")
        for start in range(0, count, 1000):
            stored[start : start + 1000] = drawn[rows[start : start + 1000]].transpose(0, 2, 3, 1)
    images = StoredImages(path, channels_last=True)
    loader = plain_loader(OneByOne(path), plan)
    title = f"Batches of {count:,} images of 3 x 64 x 64 from an HDF5 file"
    return streamed(title, images, loader, plan)


def photographs(plan: Plan, folder: Path) -> str:
    """A folder of JPEG files as large as CelebA's: decoded once, beside torchvision's ImageFolder."""
    count = min(PHOTOGRAPHS, plan.images)
    decoded = write_photographs(folder / "jpeg" / "all", count)
    path = folder / "prepared.h5"
    with h5py.File(path, "w") as file:  # as `datasets.prepared` keeps them
        file.create_dataset("images", data=decoded, chunks=(85, 3, 32, 32), compression="lzf")
    transform = Compose([CenterCrop(148), Resize(32), ToTensor()])
    loader = plain_loader(ImageFolder(str(folder / "jpeg"), transform), plan)
    title = f"Batches of {count:,} photographs, cropped and resized to 3 x 32 x 32"
    return streamed(title, StoredImages(path), loader, plan)


def heads(plan: Plan, folder: Path) -> str:
    """Procedural heads that an earlier run has drawn, beside a DataLoader whose workers draw each anew."""
    paint = partial(draw, size=32)
    images = ProceduralImages(FACTORS, (1, 32, 32), paint, folder / "drawn-32-0.images")
    rows = np.random.default_rng(0).choice(len(images), min(HEADS, plan.images), replace=False)
    images[rows]
    loader = plain_loader(Painted(images, rows), plan)
    title = f"Batches of {len(rows):,} procedural heads of 1 x 32 x 32"
    return streamed(title, SomeImages(images, rows), loader, plan)


def write_photographs(folder: Path, count: int) -> NDArray[np.uint8]:
    """Write smooth images of 178 x 218 as JPEG files; the same, 32 x 32, `(n, 3, 32, 32)`."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    decoded = np.empty((count, 3, 32, 32), np.uint8)
    for number in range(count):
        image = Image.fromarray(generator.integers(0, 256, (27, 22, 3), np.uint8)).resize((178, 218))
        image.save(folder / f"{number:06}.jpg", quality=90)
        decoded[number] = np.asarray(image.crop((15, 35, 163, 183)).resize((32, 32))).transpose(2, 0, 1)
    return decoded


class OneByOne(Dataset[Tensor]):
    """Images of an HDF5 file as they are commonly read: one at a time, each worker through a handle of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._images: Any = None
        with h5py.File(path) as file:
            self._length = len(file["images"])

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, row: int) -> Tensor:
        if self._images is None:
            self._images = h5py.File(self.path)["images"]
        return torch.from_numpy(self._images[row]).permute(2, 0, 1).float() / 255


class Painted(Dataset[Tensor]):
    """Procedural images, each drawn when it is asked for."""

    def __init__(self, images: ProceduralImages, rows: NDArray[np.int64]) -> None:
        self.draw, self.classes = images.draw, np.stack(np.unravel_index(rows, images.sizes), 1).tolist()

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, row: int) -> Tensor:
        return torch.from_numpy(self.draw(tuple(self.classes[row]))).float() / 255


def plain_loader(dataset: Dataset[Any], plan: Plan) -> DataLoader[Any]:
    """Shuffled batches, by as many workers as the plan has, which live on from epoch to epoch."""
    return DataLoader(
        dataset, BATCH, shuffle=True, drop_last=True, num_workers=plan.workers, persistent_workers=plan.workers > 0
    )


def streamed(title: str, images: LazyImages, loader: DataLoader[Any], plan: Plan) -> str:
    """Ours reads ahead from the file; each turn begins with nothing read."""

    def ours() -> None:
        batches = StreamedBatches(images, BATCH, seed=0)
        an_epoch(batches)
        batches.close()

    contenders: dict[str, Callable[[], object]] = {OURS: ours, PLAIN: partial(through, loader)}
    return measured(title, contenders, len(images) // BATCH * BATCH, plan, least=1)


def an_epoch(batches: Batches | StreamedBatches) -> None:
    """Every batch of the first epoch."""
    for step in range(1, batches.per_epoch + 1):
        batches.at(step)


def through(loader: Iterable[Any]) -> None:
    """Every batch of an epoch."""
    for _ in loader:
        pass


def measured(
    title: str, contenders: Mapping[str, Callable[[], object]], images: int, plan: Plan, *, least: float
) -> str:
    """A section: images a second of each, and how many times as many ours gives."""
    seconds = plan.interleave(contenders)
    rows = [
        Row(f"images a second, {name}", Spread.of([images / each for each in seconds[name]]), ",.0f")
        for name in contenders
    ]
    rows.append(Row("ours over the DataLoader's", ratios(seconds[PLAIN], seconds[OURS]), ".2f", f"at least {least:g}"))
    return report(f"{title}; {plan.workers} workers", rows)
