"""Docstrings as the site shows them."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import griffe

_EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)
_BLIND = re.compile(r"^Does not see: (.*?)(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)


class Docstrings(griffe.Extension):
    """Our section `Example` is Griffe's `Examples`, with colored prompts; what a metric does not see is a warning."""

    def on_object(self, *, obj: griffe.Object, **_kwargs: Any) -> None:
        """Rewrite the docstring of any object."""
        if obj.docstring is not None:
            text = _EXAMPLE.sub("Examples:", obj.docstring.value)
            obj.docstring.value = _BLIND.sub(_warning, text)


def _warning(found: re.Match[str]) -> str:
    sentence = found[1][:1].upper() + found[1][1:]
    return '!!! warning "Does not see"\n\n' + textwrap.indent(sentence, "    ")
