"""Cells: within a suite one recipe at one seed, or one set of codes; each is named by all that determines it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from disentangle_bench.datasets import DATASETS
from disentangle_bench.errors import DbenchError, SettingError
from disentangle_bench.models.recipes import find_recipe, with_settings
from disentangle_bench.recipe import Recipe
from disentangle_bench.storage import sha256, storage_errors
from disentangle_bench.suites import synthetic
from disentangle_bench.suites.suite import Entry, Suite, short_hash
from disentangle_bench.suites.synthetic import Synthetic
from disentangle_bench.workflow.groups import is_codes, seed_in

TRAINING_VERSION = 1
"""Version of what a recipe yields at a seed: raised when a change to training, initial weights or a procedural dataset
changes the bits. Cells of another version are other cells."""


@dataclass(frozen=True)
class Cell:
    """One recipe at one seed, one file of codes, or codes that are drawn at one seed.

    Attributes:
        entry: the row that it belongs to.
        seed: of the training or the draw; of a file the one in its name, or else its place among the entry's files.
        identity: hash of all that determines its result; the folder's name ends with it.
        recipe: what is trained.
        file, synthetic: what is scored instead.
    """

    entry: str
    seed: int
    identity: str
    recipe: Recipe | None = field(default=None, compare=False)
    file: Path | None = None
    synthetic: Synthetic | None = None

    @property
    def name(self) -> str:
        """The entry and the seed, such as `infogan/seed-0`."""
        return f"{self.entry}/seed-{self.seed}"

    @property
    def place(self) -> str:
        """The path of its folder among all cells."""
        return f"{self.name}-{self.identity}"


def cells_of(suite: Suite, *, data_dir: Path | None = None, only: Sequence[str] = ()) -> list[Cell]:
    """List the cells of a suite: seed by seed, so that every entry has a first result early.

    Args:
        suite: whose entries at whose seeds.
        data_dir: a folder with the files of datasets.
        only: these entries.

    Raises:
        DbenchError: an unknown recipe or setting, a pattern that no file matches, no file of the chosen seeds.
    """
    chosen = {name: entry for name, entry in suite.entries.items() if not only or name in only}
    cells = [cell for name, entry in chosen.items() for cell in _cells(suite, name, entry, data_dir)]
    if not cells:
        seeds = ",".join(map(str, suite.seeds))
        raise SettingError(
            f"{suite.name}: no file of codes in {', '.join(chosen)} has seed {seeds}.",
            "Leave --seeds out for all files; `dbench bench status` lists them.",
        )
    return sorted(cells, key=lambda cell: cell.seed)


def _cells(suite: Suite, name: str, entry: Entry, data_dir: Path | None) -> list[Cell]:
    if entry.synthetic is not None:
        of = {"synthetic": entry.synthetic.model_dump(exclude_defaults=True), "version": synthetic.VERSION}
        hashes = {seed: short_hash({**of, "seed": seed}) for seed in suite.seeds}
        return [Cell(name, seed, identity, synthetic=entry.synthetic) for seed, identity in hashes.items()]
    if entry.recipe is None:
        return cells_of_files(suite, name, entry)
    recipe = resolved(suite, name, entry)
    values = {
        "recipe": recipe.training_values(),
        "data": data_fingerprint(recipe, data_dir),
        "training": TRAINING_VERSION,
        "precision": suite.training.precision,
        "threads": suite.training.threads,
    }
    return [Cell(name, seed, short_hash({**values, "seed": seed}), recipe=recipe) for seed in suite.seeds]


def resolved(suite: Suite, name: str, entry: Entry) -> Recipe:
    """Find the recipe of an entry, with the settings of the entry and of the suite's variant.

    Raises:
        DbenchError: an unknown recipe, dataset or setting; names the entry.
    """
    given = str(entry.recipe)
    path = suite.folder / given
    try:
        if entry.dataset is not None:
            DATASETS.get(entry.dataset)  # an unknown name is not the same as a dataset without a recipe
        recipe = find_recipe(str(path) if given.endswith(".toml") else given, entry.dataset)
        return with_settings(recipe, {**entry.settings, **suite.recipe_settings})
    except DbenchError as error:
        raise SettingError(f"{suite.name}: entries.{name}: {error.problem}", error.remedy) from error


def data_fingerprint(recipe: Recipe, data_dir: Path | None) -> str:
    """Hash what determines a recipe's images besides its settings: published files, or the user's own."""
    info = DATASETS.get(recipe.dataset.name).info
    if info.users_own:
        return "" if data_dir is None else _content(data_dir)
    declared = [(factor.name, factor.kind, factor.size) for factor in info.factors]
    files = {name: file.sha256 for name, file in info.files.items()}
    return short_hash([info.name, info.images, info.shape, declared, files])


def _content(path: Path) -> str:
    """Hash a file, or the names and the content of all files in a folder."""
    with storage_errors(path, "read"):
        if path.is_file():
            return sha256(path)
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return short_hash([(file.relative_to(path).as_posix(), sha256(file)) for file in files])


def cells_of_files(suite: Suite, name: str, entry: Entry) -> list[Cell]:
    """List the cells of an entry's files of codes; none where no file has a seed that is chosen.

    Raises:
        SettingError: no file matches. StorageError: one cannot be read.
    """
    files = list(dict.fromkeys(file for pattern in entry.representations for file in _matching(suite.folder, pattern)))
    if not files:
        raise SettingError(
            f"{suite.name}: entries.{name}.representations: no file matches {', '.join(entry.representations)}.",
            f"Give .npz or .h5 files, relative to {suite.folder.resolve()}.",
        )
    numbers, counted = seeds_in(files), suite.file_seeds
    with storage_errors(suite.folder, "read the files of"):
        return [
            Cell(name, seed, short_hash(sha256(file)), file=file)
            for seed, file in zip(numbers, files, strict=True)
            if counted is None or seed in counted
        ]


def _matching(folder: Path, pattern: str) -> list[Path]:
    place = Path(pattern).expanduser()
    root, inner = (Path(place.anchor), place.relative_to(place.anchor)) if place.is_absolute() else (folder, place)
    return sorted(path for path in root.glob(str(inner)) if is_codes(path))


def seeds_in(files: Sequence[Path]) -> list[int]:
    """The seed in each file's name, as in `seed-3.npz`; if they have none, or not one each, their places."""
    found = [seed for file in files if (seed := seed_in(file)) is not None]
    return found if len(files) == len(found) == len(set(found)) else list(range(len(files)))
