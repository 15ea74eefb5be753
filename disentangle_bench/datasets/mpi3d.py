"""MPI3D: a robot arm carries an object; 64x64 RGB, every combination of seven factors, rendered and photographed."""

from __future__ import annotations

from disentangle_bench.datasets.dataset import DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import Source, WebFiles, WebFolder
from disentangle_bench.datasets.ground_truth import combinations
from disentangle_bench.datasets.npz_grid import NpzGridDataset

SIMPLE = (
    Factor.of("object_color", "categorical", ("white", "green", "red", "blue", "brown", "olive")),
    Factor.of("object_shape", "categorical", ("cone", "cube", "cylinder", "hexagonal", "pyramid", "sphere")),
    Factor.of("object_size", "ordinal", ("small", "large")),
    Factor.of("camera_height", "ordinal", ("top", "center", "bottom")),
    Factor.of("background_color", "categorical", ("purple", "sea green", "salmon")),
    Factor("horizontal_axis", "ordinal", 40),
    Factor("vertical_axis", "ordinal", 40),
)
COMPLEX = (
    Factor.of("object_color", "categorical", ("yellow", "green", "olive", "red")),
    Factor.of("object_shape", "categorical", ("coffee cup", "tennis ball", "croissant", "beer cup")),
    *SIMPLE[2:],
)
WEB = (
    WebFolder("https://huggingface.co/datasets/waleedgondal/mpi3d/resolve/main"),
    WebFolder("https://storage.googleapis.com/mpi3d_disentanglement_dataset/data"),
)
EVERYDAY = "real3d_complicated_shapes_ordered.npz"
DRIVE = "https://drive.usercontent.google.com/download?id=1Tp8eTdHxgUMtsZv5uAoYAbJR1BOa_OQm&export=download&confirm=t"


class Mpi3D(NpzGridDataset):
    """The adapter of one of the four sets. Compressed, its images take 12.7 GB of the cache (`mpi3d-complex` 5.7)."""

    def __init__(
        self, name: str, what: str, file: str, factors: tuple[Factor, ...] = SIMPLE, web: tuple[Source, ...] = WEB
    ) -> None:
        images = combinations(factors)
        self.publishers = web
        self.info = DatasetInfo(
            name=name,
            title=f"MPI3D: {what}, 64x64 RGB",
            images=images,
            shape=(3, 64, 64),
            factors=factors,
            license="CC BY 4.0",
            citation="M. W. Gondal, M. Wuthrich, D. Miladinovic, F. Locatello, M. Breidt, V. Volchkov, J. Akpo, "
            "O. Bachem, B. Schölkopf, S. Bauer: On the Transfer of Inductive Bias from Simulation to the Real World: a "
            "New Disentanglement Dataset. NeurIPS 2019. arXiv:1906.03292",
            files={file: File(sha256=None, bytes=images * 64 * 64 * 3, verified=False, check=self.pixels)},
            subfolders=(name.replace("-", "_"), "mpi3d"),
        )


mpi3d_toy = Mpi3D("mpi3d-toy", "solids on a robot arm, rendered simply", "mpi3d_toy.npz")
mpi3d_realistic = Mpi3D("mpi3d-realistic", "solids on a robot arm, rendered realistically", "mpi3d_realistic.npz")
mpi3d_real = Mpi3D("mpi3d-real", "solids on a robot arm, photographed", "mpi3d_real.npz")
mpi3d_complex = Mpi3D(
    "mpi3d-complex", "everyday things on a robot arm, photographed", EVERYDAY, COMPLEX, (WebFiles({EVERYDAY: DRIVE}),)
)
