"""Docstrings as Griffe reads them: the section that we call `Example` is its `Examples`, whose prompts it colors."""

from __future__ import annotations

import re
from typing import Any

import griffe


class Examples(griffe.Extension):
    """Rename the section."""

    def on_object(self, *, obj: griffe.Object, **_kwargs: Any) -> None:
        """Of any object."""
        if obj.docstring is not None:
            obj.docstring.value = re.sub(r"^Example:$", "Examples:", obj.docstring.value, flags=re.MULTILINE)
