"""Find a suite by its name or file, with every fault located by file and key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from disentangle_bench.errors import SettingError, UnknownNameError, close_names
from disentangle_bench.storage import parse_toml
from disentangle_bench.suites.suite import Entry, Evaluation, Gate, Suite, Training
from disentangle_bench.suites.synthetic import Synthetic

SHIPPED = Path(__file__).parent
_TABLES: Mapping[str, type[BaseModel]] = {
    "entries": Entry, "synthetic": Synthetic, "gates": Gate, "training": Training, "evaluation": Evaluation,
}  # fmt: skip


def suite_names() -> list[str]:
    """List the suites that come with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def find_suite(name: str) -> Suite:
    """Find a suite by the name of one that comes with the package, or by the path of a TOML file.

    Raises:
        UnknownNameError: no suite has that name. SettingError: the file cannot be read, or is not a suite.
    """
    if name.endswith(".toml"):
        return read_suite(Path(name))
    if name not in suite_names():
        raise UnknownNameError("suite", name, suite_names(), "A suite of your own is given by its .toml file.")
    return read_suite(SHIPPED / f"{name}.toml").placed(None)  # files of codes are in the working folder


def read_suite(path: Path) -> Suite:
    """Read a suite file.

    Raises:
        SettingError: no such file, not TOML, unknown keys or invalid values; names the file, and all keys at fault.
    """
    try:
        values = parse_toml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingError(
            f"Could not read the suite {path}: {reason}.", "Give a suite's TOML file; docs/suites.md shows one."
        ) from error
    try:
        return Suite.model_validate(values).placed(path)
    except ValidationError as error:
        faults = "".join(f"\n  {_explain(fault)}" for fault in error.errors())
        raise SettingError(
            f"{path} is not a suite:{faults}", "docs/suites.md lists the keys; `dbench bench check` checks a file."
        ) from None


def _explain(fault: Any) -> str:
    """Describe one fault as `key: what is wrong (given: the value)`."""
    location = [str(part) for part in fault["loc"]]
    key = ".".join(part for part in location if part not in ("tuple[str, ...]", "[key]"))
    if fault["type"] == "extra_forbidden":
        table = next((_TABLES[part] for part in reversed(location[:-1]) if part in _TABLES), Suite)
        close = close_names(location[-1], set(table.model_fields))
        return f"{key}: there is no such key" + (f" (did you mean {close[0]!r}?)" if close else "")
    message = "a list is needed" if fault["type"] == "tuple_type" else fault["msg"].removeprefix("Value error, ")
    if not location:
        return str(message)
    given = "" if fault["type"] in ("missing", "value_error") else f" (given: {fault['input']!r:.80})"
    return f"{key}: {message[:1].lower()}{message[1:]}{given}"
