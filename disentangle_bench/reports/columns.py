"""Numbers in columns, with aligned decimal points."""

from __future__ import annotations

from collections.abc import Sequence

from disentangle_bench.reports.numbers import MISSING


def align(text: str, before: int, after: int) -> str:
    """Pad a number so that its decimal point has `before` places on its left; the whole is `before + after` wide.

    A number without decimals ends where others have their point; `n/a` stands over the digits next to it. What is wider
    takes the room that it needs.
    """
    if text == MISSING:
        return text.rjust(before + 1).ljust(before + after)
    whole, decimals = _split(text)
    return whole.rjust(before) + decimals.ljust(after)


def aligned(texts: Sequence[str]) -> list[str]:
    """Pad the cells of a column to the same decimal point; empty ones stay empty."""
    parts = [_split(text) for text in texts if text and text != MISSING]
    before = max((len(whole) for whole, _ in parts), default=0)
    after = max((len(decimals) for _, decimals in parts), default=0)
    if MISSING in texts:
        before, after = max(before, len(MISSING) - 1), max(after, 1)
    return [align(text, before, after) if text else "" for text in texts]


def aligned_pairs(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Align both numbers of cells with two, such as `[0.1,` and `0.2]`."""
    columns = [aligned(side) for side in zip(*pairs, strict=True)] or [[], []]
    return [f"{low} {high}".rstrip() for low, high in zip(*columns, strict=True)]


def _split(text: str) -> tuple[str, str]:
    """Split a number at its decimal point; brackets and signs stay with the digits next to them."""
    point = text.find(".")
    if point < 0:
        point = len(text.rstrip("],)"))
    return text[:point], text[point:]
