"""A recipe: a model, a dataset and every hyper-parameter, with its source and the published values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w
from pydantic import Field, ValidationError, model_validator

from disentangle_bench.errors import SettingError
from disentangle_bench.recipe.keys import assign, flatten, suggestion
from disentangle_bench.recipe.tables import (
    CategoricalCode,
    DatasetTable,
    Integer,
    LatentSettings,
    ModelTable,
    NetworkSettings,
    Number,
    OptimizerSettings,
    Table,
)
from disentangle_bench.recipe.upgrade import is_flat, new_key, upgrade
from disentangle_bench.storage import parse_toml

if TYPE_CHECKING:  # torch takes seconds to import; reading or listing recipes must not
    from disentangle_bench.latents import LatentSpec

MOST_STEPS, MOST_IMAGES = 10**9, 10**6
"""Bounds within which memory and time can be foretold; nobody trains longer, or on larger batches."""
DESCRIPTION = ("title", "source", "published")
"""The keys that describe a recipe and do not change what is trained."""


class Recipe(Table):
    """Everything that determines a run but its seed and the machine.

    Attributes:
        name: lower-case words with hyphens; also the name of the folder of its runs.
        title: one line for listings.
        source: where the settings are from.
        steps: number of updates.
        batch_size: images per update, over all processes.
        checkpoint_every: steps between two checkpoints.
        model: the model's name and its own settings.
        dataset: the dataset's name and its own settings.
        networks: the networks and their width, for models that do not bring their own.
        optimizer: the optimizers by the names that the model gives them, such as D and G.
        latents: the noise and the codes.
        published: score name -> the value that the source reports.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str = ""
    source: str = ""
    steps: Integer = Field(5000, ge=1, le=MOST_STEPS)
    batch_size: Integer = Field(128, ge=2, le=MOST_IMAGES)
    checkpoint_every: Integer = Field(500, ge=1, le=MOST_STEPS)
    model: ModelTable
    dataset: DatasetTable
    networks: NetworkSettings = NetworkSettings()
    optimizer: Mapping[str, OptimizerSettings] = Field(default_factory=dict)
    latents: LatentSettings
    published: Mapping[str, Number] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _of_tables(cls, values: Any) -> Any:
        return upgrade(values) if isinstance(values, Mapping) and is_flat(values) else values

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """Read a recipe's TOML file, of today's form or of the flat form of older versions.

        Raises:
            SettingError: no such file, not TOML, or invalid settings; names the file and the key.
        """
        try:
            return cls.parse(parse_toml(path.read_text(encoding="utf-8")), where=str(path))
        except (OSError, ValueError) as error:
            raise SettingError(f"Could not read the recipe {path}: {error}.", "Give a recipe's TOML file.") from error

    @classmethod
    def parse(cls, values: Mapping[str, Any], *, where: str = "") -> Recipe:
        """Build a recipe from plain values; `where` is the file that they are from, for messages.

        Raises:
            SettingError: unknown keys or invalid values; names all of them.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            faults = "; ".join(_explain(fault["loc"], fault) for fault in error.errors())
            raise SettingError(
                f"Invalid settings{where and f' in {where}'}: {faults}.", "`dbench show RECIPE` lists every setting."
            ) from None

    def with_settings(self, settings: Mapping[str, Any]) -> Recipe:
        """Copy the recipe with some values changed: `{"steps": 100, "networks.width": 0.5, "latents.codes.0.k": 12}`.

        A dictionary in place of several settings, as in `{"networks": {"width": 0.5}}`, changes those that it names.
        Where the `kind` of an optimizer or a code changes, the settings that only the old kind has are dropped.

        Raises:
            SettingError: an unknown key or an invalid value.
        """
        values = self.to_values()
        for key, value in settings.items():
            assign(values, key, value, Recipe)
        return Recipe.parse(values)

    def to_values(self) -> dict[str, Any]:
        """Return plain values, as in the TOML file."""
        return self.model_dump(mode="json", exclude_none=True)

    def to_toml(self) -> str:
        """Return the recipe as TOML."""
        return tomli_w.dumps(self.to_values())

    def training_values(self) -> dict[str, Any]:
        """Return the plain values that determine what is trained: all but title, source and published values."""
        return {key: value for key, value in self.to_values().items() if key not in DESCRIPTION}

    def dotted_values(self) -> dict[str, Any]:
        """Return the training values by the dotted keys of `with_settings` and `--set`, such as `latents.codes.0.k`."""
        return flatten(self.training_values())

    def latent_spec(self) -> LatentSpec:
        """Build the latent spec, with one prior per code, named c1, c2, ..."""
        from disentangle_bench import latents

        codes: list[latents.Code] = []
        for number, code in enumerate(self.latents.codes, start=1):
            name = f"c{number}"
            if isinstance(code, CategoricalCode):
                codes.append(latents.Categorical(code.k, name, code.weight))
            else:
                prior = latents.Uniform if code.kind == "uniform" else latents.Gaussian
                codes.append(prior(name, code.weight, code.sigma))
        return latents.LatentSpec(self.latents.noise, tuple(codes), self.latents.noise_prior, self.latents.balanced)


def _explain(location: tuple[int | str, ...], fault: Mapping[str, Any]) -> str:
    """Describe one fault as `key: what is wrong (given: the value)`."""
    tag = {"optimizer": 2, "latents": 3}.get(str(location[0]) if location else "", len(location))
    key = ".".join(str(part) for place, part in enumerate(location) if place != tag)  # pydantic adds the kind
    given = "" if fault["type"] == "missing" else f" (given: {fault['input']!r})"
    problem = (
        f"there is no such setting{suggestion(key, Recipe)}" if fault["type"] == "extra_forbidden" else fault["msg"]
    )
    renamed = new_key(key)
    return f"{key}: {f'it is now {renamed}' if renamed else problem}{given}"
