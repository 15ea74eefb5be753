"""The tables of a recipe: what each holds and which values it accepts."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError


def _no_truth_value(value: Any) -> Any:
    if isinstance(value, bool):  # which would pass for 0 or 1
        raise PydanticCustomError("truth_value", "Input should be a number, not a truth value")
    return value


Integer = Annotated[int, BeforeValidator(_no_truth_value)]
Number = Annotated[float, BeforeValidator(_no_truth_value)]


def _plain(value: Any) -> Any:
    """Convert the numbers of NumPy and other libraries to Python's; refuse what is neither plain nor a flat list."""
    if isinstance(value, list | tuple) and not any(isinstance(inner, list | tuple) for inner in value):
        return tuple(map(_plain, value))
    if isinstance(value, bool | str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real) and math.isfinite(value):
        return float(value)
    raise PydanticCustomError("plain", "Input should be a finite number, text, true or false, or a list of these")


def is_off(value: float) -> bool:
    """Whether an option has its default, which turns it off: recipes without it have the same values as before."""
    return not value


MOST_CATEGORIES, MOST_NOISE = 10_000, 100_000
"""Bounds within which networks fit into memory."""
Plain = bool | int | float | str
Setting = Annotated[Plain | tuple[Plain, ...], BeforeValidator(_plain)]


class Table(BaseModel):
    """An immutable table of settings that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Named(Table):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Setting]

    name: str

    @property
    def settings(self) -> Mapping[str, Setting]:
        """Every key but the name; what the name refers to checks them."""
        return MappingProxyType(self.__pydantic_extra__)


class ModelTable(_Named):
    """A model's name and the model's own settings, such as `game = "nsgan"`."""


class DatasetTable(_Named):
    """A dataset's name and the dataset's own settings, such as `size = 32`."""


class NetworkSettings(Table):
    """A pair of networks by name, `auto` for those that fit the images, and a multiplier for all of their widths.

    `norm` is that of the trunk of D.
    """

    name: str = "auto"
    width: Number = Field(1.0, gt=0, le=16)
    norm: Literal["batch", "layer", "spectral", "none"] = Field("batch", exclude_if=lambda norm: norm == "batch")


class _Optimizer(Table):
    """What every optimizer has: over the share `decay_last` of the steps, the last ones, `lr` falls linearly to 0."""

    kind: str
    lr: Number = Field(gt=0)
    decay_last: Number = Field(0.0, ge=0, le=1, exclude_if=is_off)


class AdamSettings(_Optimizer):
    """Adam (arXiv:1412.6980); the default of beta1 is that of DCGAN (arXiv:1511.06434)."""

    kind: Literal["adam"] = "adam"
    beta1: Number = Field(0.5, ge=0, lt=1)
    beta2: Number = Field(0.999, ge=0, lt=1)


class AdamWSettings(_Optimizer):
    """Adam with decoupled weight decay (arXiv:1711.05101)."""

    kind: Literal["adamw"]
    beta1: Number = Field(0.9, ge=0, lt=1)
    beta2: Number = Field(0.999, ge=0, lt=1)
    weight_decay: Number = Field(0.01, ge=0)


class RMSpropSettings(_Optimizer):
    """RMSprop; `alpha` smooths the squared gradients."""

    kind: Literal["rmsprop"]
    alpha: Number = Field(0.99, ge=0, lt=1)
    momentum: Number = Field(0.0, ge=0)


class SGDSettings(_Optimizer):
    """Stochastic gradient descent."""

    kind: Literal["sgd"]
    momentum: Number = Field(0.0, ge=0)


OptimizerSettings = Annotated[
    Annotated[AdamSettings, Tag("adam")]
    | Annotated[AdamWSettings, Tag("adamw")]
    | Annotated[RMSpropSettings, Tag("rmsprop")]
    | Annotated[SGDSettings, Tag("sgd")],
    Discriminator(
        lambda value: value.get("kind", "adam") if isinstance(value, Mapping) else getattr(value, "kind", "adam"),
        custom_error_type="optimizer_kind",
        custom_error_message="Its kind should be 'adam', 'adamw', 'rmsprop' or 'sgd'",
    ),
]


class CategoricalCode(Table):
    """A categorical code with `k` categories; `weight` is its lambda."""

    kind: Literal["categorical"] = "categorical"
    k: Integer = Field(ge=2, le=MOST_CATEGORIES)
    weight: Number = Field(1.0, ge=0)


class ContinuousCode(Table):
    """A continuous code; `weight` is its lambda, and without `sigma` Q learns it."""

    kind: Literal["uniform", "gaussian"]
    weight: Number = Field(0.1, ge=0)
    sigma: Number | None = Field(None, gt=0)


CodeSettings = Annotated[CategoricalCode | ContinuousCode, Field(discriminator="kind")]


class LatentSettings(Table):
    """The noise and the codes, `c1` first; `balanced` training batches have every category equally often."""

    noise: Integer = Field(0, ge=0, le=MOST_NOISE)
    noise_prior: Literal["uniform", "gaussian"] = "uniform"
    balanced: bool = Field(False, exclude_if=is_off)
    codes: tuple[CodeSettings, ...] = Field(min_length=1)


SETTINGS_OF_KIND: Mapping[str, type[Table]] = {
    "adam": AdamSettings,
    "adamw": AdamWSettings,
    "rmsprop": RMSpropSettings,
    "sgd": SGDSettings,
    "categorical": CategoricalCode,
    "uniform": ContinuousCode,
    "gaussian": ContinuousCode,
}
"""The table of each `kind` of optimizer and code."""
