"""Fashion-MNIST: 70,000 images of clothes, 28x28 gray."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from disentangle_bench.datasets.dataset import DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import PackedFolder, Source, WebFolder
from disentangle_bench.datasets.idx_set import IdxSet
from disentangle_bench.datasets.measured import MEASURED

_CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


class FashionMnist(IdxSet):
    """The adapter."""

    info = DatasetInfo(
        name="fashion-mnist",
        title="Fashion-MNIST: images of clothes, 28x28 gray",
        images=70_000,
        train_images=60_000,
        shape=(1, 28, 28),
        factors=(Factor.of("class", "categorical", _CLASSES), *MEASURED),
        labels="class",
        license="MIT",
        citation=(
            "H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine learning "
            "algorithms. 2017. arXiv:1708.07747"
        ),
        files={
            "train-images-idx3-ubyte": File(
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", 47_040_016
            ),
            "train-labels-idx1-ubyte": File("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", 60_008),
            "t10k-images-idx3-ubyte": File(
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", 7_840_016
            ),
            "t10k-labels-idx1-ubyte": File("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", 10_008),
        },
        bytes=54_950_048,
        subfolders=("FashionMNIST/raw",),
    )

    def sources(self) -> Iterable[Source]:
        """Return Debian's package `dataset-fashion-mnist`, if it is installed, then torchvision's mirrors."""
        from torchvision.datasets import FashionMNIST

        mirrors = (WebFolder(url, suffix=".gz") for url in FashionMNIST.mirrors)
        return (PackedFolder(Path("/usr/share/datasets/fashion-mnist")), *mirrors)


fashion_mnist = FashionMnist()
