"""A recipe: a model, a dataset and every hyper-parameter, with its source and the published numbers."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import tomli_w
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from disentangle_bench.errors import SettingError

if TYPE_CHECKING:  # torch takes seconds to import; reading or listing recipes must not
    from disentangle_bench.latents import LatentSpec


def _no_truth_value(value: Any) -> Any:
    if isinstance(value, bool):  # which would pass for 0 or 1
        raise PydanticCustomError("truth_value", "Input should be a number, not a truth value")
    return value


Integer = Annotated[int, BeforeValidator(_no_truth_value)]
Number = Annotated[float, BeforeValidator(_no_truth_value)]
Plain = bool | Integer | Number | str


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class CategoricalCode(_Settings):
    """A categorical code; `weight` is its lambda in the objective."""

    kind: Literal["categorical"] = "categorical"
    k: Integer = Field(ge=2)
    weight: Number = Field(1.0, ge=0)


class ContinuousCode(_Settings):
    """A continuous code; without `sigma`, Q learns it."""

    kind: Literal["uniform", "gaussian"]
    weight: Number = Field(0.1, ge=0)
    sigma: Number | None = Field(None, gt=0)


class LatentSettings(_Settings):
    """The noise and the codes, `c1` first."""

    noise: Integer = Field(ge=0)
    noise_prior: Literal["uniform", "gaussian"] = "uniform"
    codes: tuple[Annotated[CategoricalCode | ContinuousCode, Field(discriminator="kind")], ...] = Field(min_length=1)


class NetworkSettings(_Settings):
    """A pair of networks by name and a multiplier for all of their widths."""

    name: str
    width: Number = Field(1.0, gt=0, le=16)


class OptimizerSettings(_Settings):
    """Adam, one for D with Q and one for G."""

    discriminator_lr: Number = Field(2e-4, gt=0)
    generator_lr: Number = Field(1e-3, gt=0)
    beta1: Number = Field(0.5, ge=0, lt=1)
    beta2: Number = Field(0.999, ge=0, lt=1)


class Recipe(_Settings):
    """Everything that determines a run but its seed and the machine; `data` holds the dataset's own settings."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str = ""
    model: str
    dataset: str
    data: Mapping[str, Plain | tuple[Plain, ...]] = Field(default_factory=dict)
    source: str = ""
    objective: Literal["nsgan", "minimax"] = "nsgan"
    steps: Integer = Field(5000, ge=1)
    batch_size: Integer = Field(128, ge=2)
    checkpoint_every: Integer = Field(500, ge=1)
    latents: LatentSettings
    networks: NetworkSettings
    optimizer: OptimizerSettings = OptimizerSettings()
    published: Mapping[str, Number] = Field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """Read a recipe's TOML file.

        Raises:
            SettingError: no such file, not TOML, or impossible settings; names the file and the key.
        """
        try:
            return cls.parse(tomllib.loads(path.read_text(encoding="utf-8")), where=str(path))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingError(f"Could not read the recipe {path}: {error}.", "Give a recipe's TOML file.") from error

    @classmethod
    def parse(cls, values: Mapping[str, Any], *, where: str = "") -> Recipe:
        """A recipe from plain values; `where` names the file they are from, if any, in messages."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingError(_explain(error, where), "`dbench show RECIPE` lists every setting.") from None

    def with_settings(self, settings: Mapping[str, Any]) -> Recipe:
        """A copy with some values changed: `{"steps": 100, "networks.width": 0.5, "latents.codes.0.k": 12}`.

        A dictionary in place of several settings, as in `{"networks": {"width": 0.5}}`, changes those that it names.

        Raises:
            SettingError: an unknown key or an impossible value.
        """
        values = {"data": {}, **self.to_values()}
        for key, value in settings.items():
            _assign(values, key, value)
        return Recipe.parse(values)

    def to_values(self) -> dict[str, Any]:
        """Plain values, as in the TOML file."""
        values = self.model_dump(mode="json", exclude_none=True)
        return values if values["data"] else {key: value for key, value in values.items() if key != "data"}

    def to_toml(self) -> str:
        """The recipe as TOML."""
        return tomli_w.dumps(self.to_values())

    def latent_spec(self) -> LatentSpec:
        """The latent spec with one prior per code, named c1, c2, ..."""
        from disentangle_bench import latents

        codes: list[latents.Code] = []
        for number, code in enumerate(self.latents.codes, start=1):
            name = f"c{number}"
            if isinstance(code, CategoricalCode):
                codes.append(latents.Categorical(code.k, name, code.weight))
            else:
                prior = latents.Uniform if code.kind == "uniform" else latents.Gaussian
                codes.append(prior(name, code.weight, code.sigma))
        return latents.LatentSpec(self.latents.noise, tuple(codes), self.latents.noise_prior)


def _explain(error: ValidationError, where: str) -> str:
    lines = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"] if part not in ("categorical", "uniform", "gaussian"))
        given = "" if fault["type"] == "missing" else f" (given: {fault['input']!r})"
        problem = f"there is no such setting{_guess(key)}" if fault["type"] == "extra_forbidden" else fault["msg"]
        lines.append(f"{key}: {problem}{given}")
    return f"Impossible settings{where and f' in {where}'}: " + "; ".join(lines) + "."


def _guess(key: str) -> str:
    """The setting that was meant, perhaps: one of that name elsewhere, or the nearest name."""
    indices = [part for part in key.split(".") if part.isdecimal()] or ["0"]
    wanted = ".".join(part for part in key.split(".") if not part.isdecimal())
    names = list(_setting_names(Recipe))
    elsewhere = [name for name in names if name.endswith(f".{wanted.rpartition('.')[2]}")]
    close = difflib.get_close_matches(wanted, names, n=1) or elsewhere[:1]
    meant = [name.replace("codes.", f"codes.{indices[0]}.") for name in close]
    return f" (did you mean {meant[0]!r}?)" if meant and meant[0] != key else ""


def _setting_names(settings: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in settings.model_fields.items():
        yield prefix + name
        for part in _parts(field.annotation):
            yield from _setting_names(part, f"{prefix}{name}.")


def _parts(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for inner in get_args(annotation) for part in _parts(inner)]


def _assign(values: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    place: Any = values
    for part in path:
        place = _step(place, part, key)
    if isinstance(place, list):
        _step(place, last, key)
        place[int(last)] = value
    elif isinstance(place, dict):
        _put(place, last, value)
    else:
        raise _no_such_key(key, _guess(key))


def _put(place: dict[str, Any], name: str, value: Any) -> None:
    """Change one value, or of several settings those that a dictionary names."""
    if isinstance(value, Mapping) and isinstance(place.get(name), dict):
        for part, inner in value.items():
            _put(place[name], part, inner)
    else:
        place[name] = value


def _step(place: Any, part: str, key: str) -> Any:
    if isinstance(place, list) and part.isdecimal() and int(part) < len(place):
        return place[int(part)]
    if isinstance(place, list):
        raise _no_such_key(key, f": the recipe's last code is latents.codes.{len(place) - 1}")
    if isinstance(place, dict) and part in place:
        return place[part]
    raise _no_such_key(key, _guess(key))


def _no_such_key(key: str, why: str) -> SettingError:
    return SettingError(f"There is no setting {key!r}{why}.", "`dbench show RECIPE` lists every setting.")
