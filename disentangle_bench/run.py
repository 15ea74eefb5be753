"""A run folder: where its parts are, its status, and the lock that keeps other processes from writing to it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from disentangle_bench.errors import HeldError, RunError, StorageError
from disentangle_bench.means import Mean, information_of
from disentangle_bench.recipe import Recipe
from disentangle_bench.storage import locked, parse_json, sha256, storage_errors, usable_path, write_json, write_text

SCHEMA_VERSION = 1
RUNNING, INTERRUPTED, OK = "running", "interrupted", "ok"
UNFINISHED = (RUNNING, INTERRUPTED)
PATIENCE = 600.0
"""Seconds to wait for another process that writes a run's scores."""


@dataclass(frozen=True)
class Run:
    """One recipe at one seed, as a folder. Its properties name the parts; they may not all exist yet."""

    path: Path

    @property
    def recipe_file(self) -> Path:
        return self.path / "recipe.toml"

    @property
    def provenance_file(self) -> Path:
        return self.path / "provenance.json"

    @property
    def log_file(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def model_file(self) -> Path:
        return self.path / "model.safetensors"

    @property
    def representation_file(self) -> Path:
        return self.path / "representation.h5"

    @property
    def results_file(self) -> Path:
        return self.path / "results.json"

    @property
    def samples_file(self) -> Path:
        return self.path / "samples.h5"

    @property
    def traversals_file(self) -> Path:
        return self.path / "traversals.npz"

    @property
    def figures(self) -> Path:
        return self.path / "figures"

    @property
    def _lock_file(self) -> Path:
        return self.path / ".lock"

    @classmethod
    def create(cls, path: Path, recipe: Recipe, provenance: dict[str, Any]) -> Run:
        """Create a run folder: the recipe first, then the provenance, without which a folder is not a run."""
        run = cls(path)
        write_text(run.recipe_file, recipe.to_toml())
        write_json(run.provenance_file, {"schema_version": SCHEMA_VERSION, **provenance})
        return run

    @classmethod
    def open(cls, path: Path | str, *, finished: bool = True) -> Self:
        """Open the run in a folder.

        Raises:
            RunError: no folder, not a run, from a newer schema, or not finished although it has to be.
        """
        run = cls(usable_path(path, "The run"))
        if run.path.is_file():
            raise RunError(f"{path} is a file, not a run folder.", "Give a folder that `dbench train` made.")
        if not run.path.is_dir():
            raise RunError(f"There is no run folder {path}.", "`dbench train MODEL` creates one.")
        if not run.provenance_file.is_file() or not run.recipe_file.is_file():
            raise RunError(
                f"{path} is not a run folder: it has no recipe.toml with a provenance.json.",
                f"It holds runs; give one of them: {', '.join(map(str, inside))}."
                if (inside := seed_folders(run.path))
                else "Give a folder that `dbench train` made, such as runs/infogan-mnist/seed-0.",
            )
        if run.schema_version > SCHEMA_VERSION:
            raise RunError(
                f"{path} was written with schema {run.schema_version}; this version reads up to {SCHEMA_VERSION}.",
                "Upgrade with `pip install --upgrade disentangle-bench`.",
            )
        if finished and not run.model_file.is_file():
            raise run._unfinished()
        return run

    def _unfinished(self) -> RunError:
        """Explain why there is no trained model."""
        if self._is_held():
            return RunError(f"{self.path} is being trained by another process.", "Wait until it has ended.")
        if self.status == OK:
            return RunError(
                f"{self.model_file} is missing.",
                f"`{self.resume_command()}` creates it again from the last checkpoint.",
            )
        if self.status not in UNFINISHED:
            return RunError(
                f"{self.path} ended without a model: {self.status}.",
                "Train it with other settings, such as lower learning rates, in another folder.",
            )
        return RunError(
            f"{self.path} is half-written: its training has not ended, so it has no model.safetensors.",
            f"Resume it with `{self.resume_command()}`.",
        )

    def _is_held(self) -> bool:
        """Whether another process is writing to this run; False if that cannot be determined."""
        if not self._lock_file.is_file():
            return False
        try:
            with locked(self._lock_file, patience=0):
                return False
        except StorageError as error:
            return isinstance(error, HeldError)

    @property
    def recipe(self) -> Recipe:
        """The recipe, with all changed settings."""
        return Recipe.read(self.recipe_file)

    @property
    def seed(self) -> int:
        return self._integer("seed")

    @property
    def schema_version(self) -> int:
        return self._integer("schema_version")

    @property
    def status(self) -> str:
        """`running`, `interrupted`, `ok` or `collapsed: why`."""
        return str(self.provenance().get("status", RUNNING))

    @property
    def remark(self) -> str:
        """What a reader should know of a run that did not fail, such as `c3 not learned yet`; empty if nothing."""
        return str(self.provenance().get("remark", ""))

    @property
    def verdict(self) -> str:
        """Status and remark in one line."""
        return "; ".join(filter(None, (self.status, self.remark)))

    def provenance(self) -> dict[str, Any]:
        """Read how the run was made: seed, status, command, versions, machine.

        Raises:
            RunError: the file cannot be read.
        """
        try:
            return _mapping(self.provenance_file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{self.provenance_file} cannot be read: {error}.", self._without_provenance()) from error

    def has_whole_model(self) -> bool:
        """Whether the trained model has the bytes that were written; True for one that was written without a digest.

        Raises:
            StorageError: it is missing or must not be read.
        """
        return self.provenance().get("model_sha256") in (None, self._model_digest())

    def whole_model_digest(self) -> str:
        """Hash the trained model.

        Returns:
            Its SHA-256.

        Raises:
            RunError: it does not have the bytes that were written. StorageError: it is missing or must not be read.
        """
        digest = self._model_digest()
        if self.provenance().get("model_sha256") not in (None, digest):
            raise RunError(
                f"{self.model_file} is damaged: its SHA-256 is not the one in provenance.json.",
                f"Create it again from the last checkpoint with `{self.resume_command()}`.",
            )
        return digest

    def _model_digest(self) -> str:
        with storage_errors(self.model_file, "read"):
            return sha256(self.model_file)

    def _integer(self, key: str) -> int:
        value = self.provenance().get(key)
        if not isinstance(value, int):
            raise RunError(f"{self.provenance_file} is damaged: {key} is {value}.", self._without_provenance())
        return value

    def _without_provenance(self) -> str:
        again = shlex.join(["dbench", "train", str(self.recipe_file), "--seed", "N", "--out", "ANOTHER-FOLDER"])
        return f"Restore it from a copy, or train the recipe again with its seed N: `{again}`."

    def note(self, **values: Any) -> None:
        """Add to the provenance, such as `status="ok"`."""
        write_json(self.provenance_file, {**self.provenance(), **values})

    def means(self) -> list[Mean]:
        """What each entry of the log holds, as the model declared it when the run began."""
        declared = self.provenance().get("means")
        return _means_of_first_version(self.recipe) if declared is None else [Mean(**mean) for mean in declared]

    def image_shape(self) -> tuple[int, int, int] | None:
        """Return `(c, h, w)` of the images, as recorded when the run began; None if an older version did not."""
        found = self.provenance().get("image_shape")
        if not isinstance(found, list) or len(found) != 3 or not all(isinstance(size, int) for size in found):
            return None
        return found[0], found[1], found[2]

    def log(self) -> list[dict[str, Any]]:
        """Read the training log, one entry per logged step, without a last line that a crash cut short.

        Raises:
            RunError: the file cannot be read, or a line before the last is damaged.
        """
        if not self.log_file.is_file():
            return []
        with storage_errors(self.log_file, "read"):
            *lines, last = self.log_file.read_text(encoding="utf-8", errors="replace").split("\n")
        entries = [self._entry(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
        with suppress(RunError):
            entries.append(self._entry(len(lines) + 1, last))
        return entries

    def _entry(self, number: int, line: str) -> dict[str, Any]:
        try:
            return _mapping(line)
        except ValueError as error:
            raise RunError(
                f"Line {number} of {self.log_file} is damaged: {error}.", "Delete that line, or train the run again."
            ) from error

    def resume_command(self) -> str:
        """Return the command that resumes this run."""
        options = [str(part) for part in self.provenance().get("options", ())]
        return shlex.join(
            [
                "dbench",
                "train",
                str(self.recipe_file),
                "--seed",
                str(self.seed),
                "--out",
                str(self.path),
                *options,
                "--resume",
            ]
        )

    @contextmanager
    def held(self, *, patience: float = 0) -> Iterator[None]:
        """Keep other processes from writing to this run.

        Args:
            patience: seconds to wait for a process that holds it.

        Raises:
            RunError: another process holds it.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(self._lock_file, patience=patience))
            except HeldError:
                raise RunError(
                    f"Another process is writing to {self.path}.", "Wait for it, or give another folder with --out."
                ) from None
            yield


def _means_of_first_version(recipe: Recipe) -> list[Mean]:
    """What version 0.1 logged: it trained InfoGAN and its baseline alone, and runs did not say what they log."""
    categories = [getattr(code, "k", None) for code in recipe.latents.codes]
    return [
        Mean("discriminator_loss", label="D"),
        Mean("generator_loss", label="G"),
        *(information_of(f"c{number}", k) for number, k in enumerate(categories, start=1)),
    ]


def seed_folders(path: Path) -> list[Path]:
    """List the `seed-N` folders in a folder that is not a run itself, in the order of their seeds."""
    if (path / "provenance.json").is_file():
        return []
    return sorted(path.glob("seed-*/"), key=lambda folder: (len(folder.name), folder.name))


def runs_in(path: Path) -> list[Run]:
    """Open the run of a run folder, or every `seed-*` run in a folder, in order.

    Raises:
        RunError: there is none, or one that has not ended.
    """
    return [Run.open(folder) for folder in seed_folders(path) or [path]]


def _mapping(text: str) -> dict[str, Any]:
    """Parse a JSON object.

    Raises:
        ValueError: the text is not JSON, or not an object.
    """
    values = parse_json(text)
    if not isinstance(values, dict):
        raise ValueError(f"{text[:20]!r} is not a JSON object")
    return values
