"""Rules that every object of a kind keeps, and what comes of trying them: for tests, and for authors of plug-ins."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

from disentangle_bench.errors import DbenchError, with_place

Trial = TypeVar("Trial")
"""An object under test, and what it is tried with."""
Rule = Callable[[Trial], None]
"""What the object must pass; it raises a `Failure`, or whatever the object raises."""


class Failure(Exception):  # noqa: N818 - the result of a check, not an error of the program
    """An object breaks a rule."""


@dataclass(frozen=True)
class Outcome:
    """The result of one rule, whose name completes "the dataset ..."; `fault` is empty if it was kept."""

    rule: str
    fault: str


def rule(rules: dict[str, Rule[Trial]], name: str) -> Callable[[Rule[Trial]], Rule[Trial]]:
    """Add the decorated function to some rules, by a name that completes "the metric ..."."""

    def add(function: Rule[Trial]) -> Rule[Trial]:
        rules[name] = function
        return function

    return add


def require(holds: bool, otherwise: str) -> None:
    """Raise a `Failure` with a message unless a condition holds."""
    if not holds:
        raise Failure(otherwise)


def outcomes(
    rules: Mapping[str, Rule[Trial]], trial: Trial, *, needed: Container[str] = (), strict: bool = False
) -> Iterator[Outcome]:
    """Try rules in order, one outcome at a time.

    Args:
        rules: by name.
        trial: what they are tried on.
        needed: those without which none of the later ones can be tried; if one of them is broken, it is the last.
        strict: whether a warning is a fault.
    """
    for name, run in rules.items():
        outcome = Outcome(name, _fault(run, trial, strict))
        yield outcome
        if name in needed and outcome.fault:
            return


def _fault(run: Rule[Trial], trial: Trial, strict: bool) -> str:
    caught: AbstractContextManager[object] = warnings.catch_warnings() if strict else nullcontext()
    try:
        with caught:
            if strict:
                warnings.simplefilter("error")
            run(trial)
    except Failure as failure:
        return str(failure)
    except DbenchError as error:
        return " ".join(str(error).splitlines())
    except Exception as error:  # noqa: BLE001 - whatever the object raises, its author wants to know
        return " ".join(with_place(error).splitlines())
    return ""
