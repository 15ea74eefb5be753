"""The torch modules that a function reaches: those that it closes over, names, or is bound to."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import nn

MOST_OBJECTS, MOST_ENTRIES = 10_000, 1_000
"""Where the search ends, and how far it looks into a list: an encoder may close over a dataset of any size."""
_LIBRARIES = ("builtins", "numpy", "torch")
"""Their functions and objects reach no network of a user, but much else."""


def reached_modules(function: Any) -> list[nn.Module]:
    """Find the modules that a callable can call, itself included, each once.

    It looks into closures, defaults, named globals, `functools.partial`, bound objects and their attributes, lists,
    tuples and dictionaries, the nearest first.
    """
    found: dict[int, nn.Module] = {}
    seen: dict[int, Any] = {}  # the objects too, so that no id is used again
    left = deque([function])
    while left and len(seen) < MOST_OBJECTS:
        thing = left.popleft()
        if id(thing) not in seen:
            seen[id(thing)] = thing
            if isinstance(thing, nn.Module):
                found |= {id(module): module for module in thing.modules()}
            left += _within(thing)
    return list(found.values())


def device_of(function: Any) -> torch.device:
    """Where the parameters of the first module are that a callable reaches; the CPU if it reaches none."""
    parameters = (parameter for module in reached_modules(function) for parameter in module.parameters())
    first = next(parameters, None)
    return torch.device("cpu") if first is None else first.device


def _within(thing: Any) -> list[Any]:
    """The objects that something refers to, where they may be what it calls."""
    if isinstance(thing, MethodType):
        return [thing.__self__, thing.__func__]
    if isinstance(thing, functools.partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, list | tuple | set | dict):
        return [*islice(thing.values() if isinstance(thing, dict) else thing, MOST_ENTRIES)]
    is_module = isinstance(thing, nn.Module)
    package = str(getattr(thing, "__module__", type(thing).__module__)).split(".")[0]  # of a function, or of a class
    if not is_module and (isinstance(thing, type | ModuleType) or package in _LIBRARIES):
        return []
    if isinstance(thing, FunctionType):
        # what it closes over, has as defaults, and names among its globals
        cells = [cell.cell_contents for cell in thing.__closure__ or () if not _is_empty(cell)]
        named = [thing.__globals__[name] for name in _names(thing.__code__) if name in thing.__globals__]
        return [*cells, *named, *(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
    called = [type(thing).__call__] if callable(thing) and not is_module else []
    return [*getattr(thing, "__dict__", {}).values(), *called]


def _is_empty(cell: Any) -> bool:
    try:
        return cell.cell_contents is None
    except ValueError:  # of a name that has no value yet
        return True


def _names(code: CodeType) -> Iterator[str]:
    """The globals that a function's code names, and the functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


@contextmanager
def in_evaluation_mode(function: Any) -> Iterator[None]:
    """Put the modules that a callable reaches into evaluation mode, and then back into the mode of each."""
    modes = [(module, module.training) for module in reached_modules(function)]
    try:
        for module, _ in modes:
            module.training = False
        yield
    finally:
        for module, training in modes:
            module.training = training
