"""Datasets: one adapter per file, each giving uint8 images and named factors."""

from __future__ import annotations

from disentangle_bench.datasets.dataset import Adapter, Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.ground_truth import GroundTruth
from disentangle_bench.datasets.images import Images
from disentangle_bench.registry import Registry
from disentangle_bench.settings import settings_fault

_HERE = "disentangle_bench.datasets"


def _fault(thing: object) -> str:
    if isinstance(thing, type):
        return (
            f"is a class: let the entry point name an instance, such as `{thing.__name__.lower()} = {thing.__name__}()`"
        )
    if not isinstance(getattr(thing, "info", None), DatasetInfo):
        return "has no `info` of the type DatasetInfo"
    load = getattr(thing, "load", None)
    return settings_fault(load) if callable(load) else "has no method `load`"


DATASETS: Registry[Adapter] = Registry(
    "dataset",
    {
        "arrays": f"{_HERE}.arrays:arrays",
        "cars3d": f"{_HERE}.cars3d:cars3d",
        "celeba": f"{_HERE}.celeba:celeba",
        "chairs": f"{_HERE}.chairs:chairs",
        "chairs3d": f"{_HERE}.chairs3d:chairs3d",
        "digits": f"{_HERE}.digits:digits",
        "dsprites": f"{_HERE}.dsprites:dsprites",
        "faces": f"{_HERE}.faces:faces",
        "fashion-mnist": f"{_HERE}.fashion_mnist:fashion_mnist",
        "folder": f"{_HERE}.folder:folder",
        "heads3d": f"{_HERE}.heads3d:heads3d",
        "mnist": f"{_HERE}.mnist:mnist",
        "mpi3d-complex": f"{_HERE}.mpi3d:mpi3d_complex",
        "mpi3d-real": f"{_HERE}.mpi3d:mpi3d_real",
        "mpi3d-realistic": f"{_HERE}.mpi3d:mpi3d_realistic",
        "mpi3d-toy": f"{_HERE}.mpi3d:mpi3d_toy",
        "shapes3d": f"{_HERE}.shapes3d:shapes3d",
        "smallnorb": f"{_HERE}.smallnorb:smallnorb",
        "sprites": f"{_HERE}.sprites:sprites",
        "svhn": f"{_HERE}.svhn:svhn",
        "toyshapes3d": f"{_HERE}.toyshapes3d:toyshapes3d",
    },
    group="disentangle_bench.datasets",
    fault=_fault,
)

__all__ = ["DATASETS", "Adapter", "Dataset", "DatasetInfo", "Factor", "File", "GroundTruth", "Images"]
