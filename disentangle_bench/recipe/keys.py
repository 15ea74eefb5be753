"""Settings by dotted keys, such as `latents.codes.0.k`: change one, and suggest one for a key that is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from disentangle_bench.errors import SettingError
from disentangle_bench.recipe.tables import SETTINGS_OF_KIND
from disentangle_bench.recipe.upgrade import new_key

_REMEDY = "`dbench show RECIPE` lists every setting."


def assign(values: dict[str, Any], key: str, value: Any, schema: type[BaseModel]) -> None:
    """Change one setting in plain values.

    Args:
        values: of a whole recipe.
        key: dotted; `networks` with a dictionary changes the settings that the dictionary names. The kind of the code
            after the last, `latents.codes.3.kind` where there are three, adds one.
        value: the new one.
        schema: of the recipe, for suggestions.

    Raises:
        SettingError: there is no such key.
    """
    renamed = new_key(key) or (f"{key}.name" if key in ("model", "dataset") and isinstance(value, str) else None)
    if renamed is not None:
        raise SettingError(f"There is no setting {key!r}: it is now {renamed}.", _REMEDY)
    *path, last = key.split(".")
    _add_code(values, key, value)
    place: Any = values
    for part in path:
        place = _step(place, part, key, schema)
    if isinstance(place, list):
        _step(place, last, key, schema)
        place[int(last)] = value
    elif isinstance(place, dict):
        _put(place, last, value, of_kinds=path[:1] in (["optimizer"], ["latents"]))
    else:
        raise SettingError(f"There is no setting {key!r}{suggestion(key, schema)}.", _REMEDY)


def flatten(values: Any, key: str = "") -> dict[str, Any]:
    """Flatten nested tables and lists into one dictionary by dotted keys."""
    if isinstance(values, list):
        values = dict(enumerate(values))
    if not isinstance(values, dict):
        return {key: values}
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= flatten(value, f"{key}.{name}" if key else str(name))
    return flat


def suggestion(key: str, schema: type[BaseModel]) -> str:
    """Name the setting that was probably meant: the nearest name, or one of that name in another table."""
    parts = key.split(".")
    code = next((part for part in parts if part.isdecimal()), "0")
    optimizer = parts[1] if parts[0] == "optimizer" and len(parts) > 2 else "D"
    names = [name.replace("codes.*", f"codes.{code}").replace("*", optimizer) for name in _names(schema)]
    elsewhere = [name for name in names if name.endswith(f".{parts[-1]}")]
    meant = (difflib.get_close_matches(key, names, n=1) or elsewhere)[:1]
    return f" (did you mean {meant[0]!r}?)" if meant and meant[0] != key else ""


def _names(schema: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """List the dotted keys of a schema, with `*` for the index of a code and the name of an optimizer."""
    for name, field in schema.model_fields.items():
        yield prefix + name
        for part in _tables(field.annotation):
            yield from _names(part, f"{prefix}{name}.{'*.' if name in ('codes', 'optimizer') else ''}")


def _tables(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for inner in get_args(annotation) for part in _tables(inner)]


def _add_code(values: dict[str, Any], key: str, value: Any) -> None:
    """Add the code after the last if the key names its kind; its weight is that of the last code of the same kind."""
    latents = values.get("latents")
    codes = latents.get("codes") if isinstance(latents, dict) else None
    if isinstance(codes, list) and key == f"latents.codes.{len(codes)}.kind":
        like = [code for code in codes if isinstance(code, dict) and code.get("kind") == value and "weight" in code]
        codes.append({"weight": like[-1]["weight"]} if like else {})


def _put(place: dict[str, Any], name: str, value: Any, of_kinds: bool) -> None:
    """Change one value, or the settings that a dictionary names; `of_kinds` where `kind` decides which there are."""
    if isinstance(value, Mapping) and isinstance(place.get(name), dict):
        for part, inner in value.items():
            _put(place[name], part, inner, of_kinds or name in ("optimizer", "latents"))
        return
    if of_kinds and name == "kind" and isinstance(value, str) and value in SETTINGS_OF_KIND:
        for other in place.keys() - SETTINGS_OF_KIND[value].model_fields:  # which the new kind would refuse
            del place[other]
    place[name] = value


def _step(place: Any, part: str, key: str, schema: type[BaseModel]) -> Any:
    if isinstance(place, list) and part.isdecimal() and int(part) < len(place):
        return place[int(part)]
    if isinstance(place, dict) and part in place:
        return place[part]
    why = suggestion(key, schema)
    if isinstance(place, list):
        why = (
            f": the recipe's last code is latents.codes.{len(place) - 1}, "
            f"and --set latents.codes.{len(place)}.kind=uniform adds one"
        )
    raise SettingError(f"There is no setting {key!r}{why}.", _REMEDY)
