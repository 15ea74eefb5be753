"""Faces: the user's own renders of a face model, 32x32 gray, since those of the paper are not public."""

from __future__ import annotations

from pathlib import Path

from disentangle_bench.datasets.arrays import ARRAY_SUFFIXES, Names, array_dataset
from disentangle_bench.datasets.columns import parse_kinds
from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.folder import Reading, folder_dataset, given
from disentangle_bench.datasets.formats.decode import Form
from disentangle_bench.errors import DataError

SIZE = 32


class Faces:
    """The adapter."""

    info = DatasetInfo(
        name="faces",
        title="Faces: your own renders of a face model, 32x32 gray; the paper's are not public",
        images=0,
        shape=(1, SIZE, SIZE),
        factors=(),
        license="yours; the Basel Face Model's is for research only",
        citation=(
            "P. Paysan, R. Knothe, B. Amberg, S. Romdhani, T. Vetter: A 3D Face Model for Pose and Illumination "
            "Invariant Face Recognition. AVSS 2009. doi:10.1109/AVSS.2009.58"
        ),
    )

    def load(self, data_dir: Path | None = None, *, kinds: str = "") -> Dataset:
        """Load the images with their factors, which are the columns of a table.

        For image files, `factors.csv` among them has a row for each: a column `file` (or the first one) names it; they
        are made gray, and the square in their middle is resized to 32x32. For an HDF5 or npz file with uint8 `images`
        `(n, 32, 32)`, the table is an array `factors` in it, or a CSV file of the same name beside it. A tenth of the
        images, drawn at random once and for all, is the test split.

        Args:
            data_dir: the folder, or a zip or tar archive of it, or the HDF5 or npz file.
            kinds: of factors whose guessed kind is wrong, such as `azimuth=cyclic,width=continuous`.

        Raises:
            DataError: no images, no table, one that does not fit to them, or images of another shape.
            SettingError: invalid kinds. StorageError: the cache cannot be written.
        """
        path, known = given(data_dir, self.info.name), parse_kinds(kinds)
        if path.suffix.lower() not in ARRAY_SUFFIXES:
            return folder_dataset(self.info, path, Form(SIZE, 1), Reading(known), needs_table=True)
        dataset = array_dataset(self.info, path, Names(), known)
        if dataset.images.shape[1:] != self.info.shape:
            raise DataError(f"{path} holds images of the shape {dataset.images.shape[1:]}.", "Give (n, 32, 32), gray.")
        if dataset.factors is None:
            raise DataError(f"{path} holds no factors.", f"Give them in it, or in {path.with_suffix('.csv').name}.")
        return dataset


faces = Faces()
