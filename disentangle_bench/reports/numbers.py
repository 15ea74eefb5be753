"""Numbers as text: with as many decimals as their interval supports, and never a negative zero."""

from __future__ import annotations

import math
from collections.abc import Iterable

MISSING = "n/a"
MOST_DECIMALS = 4
PLAIN_DECIMALS = 3


def decimals_for(low: float | None, high: float | None) -> int:
    """Count the decimals that half the interval's width supports: 4 at most, 3 without an interval.

    Two significant digits of that half width where they begin below 35, else one: the rule of the Review of Particle
    Physics, which keeps rounding from widening an interval by more than about a seventh.
    """
    half = abs(high - low) / 2 if low is not None and high is not None else 0.0
    if half == 0:
        return PLAIN_DECIMALS
    exponent = math.floor(math.log10(half))
    digits = 2 if half < 3.55 * 10.0**exponent else 1
    return min(max(digits - 1 - exponent, 0), MOST_DECIMALS)


def say(value: float | None, decimals: int) -> str:
    """Write a number with that many decimals, or `n/a`."""
    return MISSING if value is None else f"{value:z.{decimals}f}"


def say_signed(value: float, decimals: int) -> str:
    """Write a number with its sign, unless it rounds to zero."""
    text = say(value, decimals)
    return f"+{text}" if float(text) > 0 else text


def say_interval(low: float | None, high: float | None, decimals: int) -> str:
    """Write `[low, high]`; an empty text if either is missing."""
    return "" if low is None or high is None else f"[{say(low, decimals)}, {say(high, decimals)}]"


def say_optional(value: float | None, decimals: int) -> str:
    """Write a number; an empty text if there is none."""
    return "" if value is None else say(value, decimals)


def say_p(p: float | None) -> str:
    """Write a p-value with two significant digits, or `< 0.0001`; an empty text if there is none."""
    if p is None:
        return ""
    return "< 0.0001" if p < 1e-4 else f"{p:.{min(1 - math.floor(math.log10(p)), 5)}f}"


def is_count(values: Iterable[float | None]) -> bool:
    """Whether all known values are whole numbers, and one of them is more than 1."""
    known = [value for value in values if value is not None]
    return any(abs(value) > 1 for value in known) and all(value == int(value) for value in known)


def say_value(value: float | str) -> str:
    """Write the value that a class stands for: numbers with three digits, from 1,000 on as whole numbers."""
    if isinstance(value, str):
        return value
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
