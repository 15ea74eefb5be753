"""Pages from templates in which every text is escaped, with scripts and styles of our own inside."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def environment(package: str) -> Environment:
    """Of the templates in a package."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,  # names in files are anybody's
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def printable(value: object) -> object:
    """Put a replacement character in place of each control character: HTML has none."""
    if isinstance(value, str) and _CONTROL.search(value):
        return type(value)(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", value))
    return value


def asset(package: str, name: str) -> Markup:
    """Read a file of our own, which needs no escaping."""
    return Markup(files(package).joinpath("assets", name).read_text(encoding="utf-8"))


def digest(script: str) -> str:
    """What a page's security policy knows a script by: its SHA-256, in base64."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
