"""The settings of metrics, datasets and models: the keyword-only parameters of what is called.

One rule for all three: what a function declares in its signature, a plug-in's included, is what `dbench show` lists,
what `--set` and recipes may change, and what given values are checked against before anything is computed.
"""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from disentangle_bench.errors import SettingError, UnknownNameError


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        name: the name of the parameter.
        kind: its annotation, or the type of its default where there is none: what pydantic checks values against.
            `Annotated[int, Field(ge=1)]` and `Literal["left", "right"]` restrict the values.
        default: its value unless another is given.
    """

    name: str
    kind: Any
    default: Any


def settings_of(function: Callable[..., object]) -> dict[str, Setting]:
    """List the settings of a function, a method or a class, by name, in the order of its signature.

    Raises:
        TypeError: a keyword-only parameter has no default.
    """
    parameters = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    if without := [parameter.name for parameter in parameters if parameter.default is parameter.empty]:
        raise TypeError(f"the settings {without} of {function!r} have no default")
    # Of these parameters only: annotations of others may name what is imported for type checkers alone.
    annotations = {p.name: p.annotation for p in parameters if p.annotation is not p.empty}
    defined = function.__init__ if isinstance(function, type) else inspect.unwrap(function)  # type: ignore[misc]
    names = getattr(defined, "__globals__", {})
    kinds = get_type_hints(SimpleNamespace(__annotations__=annotations), globalns=names, include_extras=True)
    inferred = {p.name: Any if p.default is None else type(p.default) for p in parameters}
    return {p.name: Setting(p.name, kinds.get(p.name, inferred[p.name]), p.default) for p in parameters}


def settings_fault(function: Callable[..., object]) -> str:
    """What is wrong with the settings of a plug-in's function or class; empty if nothing is."""
    try:
        settings_of(function)
    except TypeError:
        given = inspect.signature(function).parameters.values()
        lacking = [p.name for p in given if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
        return f"has the setting {', '.join(map(repr, lacking))} without a default"
    except NameError as error:
        return f"has a setting whose annotation cannot be read: {error}"
    return ""


def defaults_of(function: Callable[..., object]) -> dict[str, Any]:
    """Map the name of each setting to its default."""
    return {setting.name: setting.default for setting in settings_of(function).values()}


def check_settings(
    function: Callable[..., object], given: Mapping[str, Any], *, kind: str, name: str, beside: Iterable[str] = ()
) -> dict[str, Any]:
    """Check the values that are given for some settings of a function.

    Types are strict: `"3"`, `3.0` and `True` are not integers. Integers are accepted as floats, lists as tuples, and
    numbers of NumPy and other libraries as Python's, to which they are converted.

    Args:
        function: what is called with the settings.
        given: setting -> value.
        kind: what the function is, for messages, such as `"metric"`.
        name: its name in the registry.
        beside: names of settings that are checked elsewhere, for messages.

    Returns:
        Setting -> checked value, for those that are given.

    Raises:
        UnknownNameError: a setting that the function does not have.
        SettingError: any setting, if the function has none; a value of another type, or one that the setting's
            annotation excludes.
    """
    known = settings_of(function)
    names = {*known, *beside}
    for key in given:
        if not names:
            raise SettingError(f"The {kind} {name!r} takes no settings, and {key!r} was given.", "Leave it out.")
        if key not in known:
            raise UnknownNameError(f"setting of the {kind} {name!r}", key, names)
    return {key: _validated(known[key], value, f"the {kind} {name!r}") for key, value in given.items()}


def _validated(setting: Setting, given: Any, owner: str) -> Any:
    value = _plain(given)
    if isinstance(value, list) and tuple in (setting.kind, get_origin(setting.kind)):
        value = tuple(value)
    try:
        return TypeAdapter(setting.kind).validate_python(value, strict=True)
    except ValidationError as error:
        fault = error.errors()[0]
        place = "".join(f"[{key!r}]" for key in fault["loc"])
        raise SettingError(
            f"The setting {setting.name} = {given!r} of {owner} is invalid: {f'{place}: ' if place else ''}"
            f"{fault['msg'][:1].lower()}{fault['msg'][1:]}.",
            f"The default is {setting.default!r}.",
        ) from None


def _plain(value: Any) -> Any:
    """Convert a number of NumPy or another library to Python's own."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # NumPy's, which is not imported for this
        return value.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else value
