"""The values that a code takes in turn, as people write them: `-2..2`, `0..9`, `-1..1:21`, `0,3,5` or `all`."""

from __future__ import annotations

import re

import numpy as np
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.latents import Categorical, Code, Uniform
from disentangle_bench.models.loaded import code_values

STEPS, MOST_VALUES = 9, 100
_NUMBER = r"[+-]?\d{1,15}(?:\.\d{1,15})?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?::(\d{{1,9}}))?", re.ASCII)
_LIST = re.compile(rf"{_NUMBER}(?:,{_NUMBER})*", re.ASCII)


def sweep_values(code: Code, text: str) -> Tensor:
    """Read the values `(m,)` of a sweep.

    `A..B` is every category from A to B of a categorical code, and 9 values in equal steps of any other; `A..B:N` are
    N values. `all` is every category, or 9 values over the prior: from -1 to 1 of a uniform code, from -2 to 2 of a
    Gaussian one.

    Raises:
        SettingError: not of one of these forms, too many, one twice, or not values of the code.
    """
    plain = text.replace(" ", "")
    if plain == "all":
        end = code.k - 1 if isinstance(code, Categorical) else 1 if isinstance(code, Uniform) else 2
        plain = f"{0 if isinstance(code, Categorical) else -end}..{end}"
    found = _RANGE.fullmatch(plain)
    if found is not None:
        low, high = float(found[1]), float(found[2])
        whole = isinstance(code, Categorical) and found[3] is None
        count = int(abs(high - low)) + 1 if whole else int(found[3] or STEPS)
    elif _LIST.fullmatch(plain):
        count = plain.count(",") + 1
    else:
        raise SettingError(
            f"{code.name}={text} is not a sweep.", f"Give {code.name}=-2..2, -2..2:21 for 21 values, 0,1,5 or all."
        )
    if not 1 <= count <= MOST_VALUES:
        raise SettingError(f"{code.name}={text} has {count:,} values.", f"Give from 1 to {MOST_VALUES}.")
    values = np.linspace(low, high, count) if found else np.array([float(value) for value in plain.split(",")])
    if len(np.unique(values)) < count or (found and low == high):
        raise SettingError(
            f"{code.name}={text} has one value several times: images of it would be the same.",
            f"Give two different ends, or hold {code.name} by --set.",
        )
    return code_values(code, values)
