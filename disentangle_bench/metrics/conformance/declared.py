"""Checks of what a metric declares of itself."""

from __future__ import annotations

import inspect
import json
import re

from disentangle_bench.metrics.conformance.trial import Trial, require

_NAME = r"[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9-]+)?"
_SOURCE = r"arXiv:\d{4}\.\d{4,5}|arXiv:[a-z-]+/\d{7}|\(\d{4}\)|defined here"


def _name(trial: Trial) -> None:
    name = trial.info.name
    require(bool(re.fullmatch(_NAME, name)), f"{name!r}: use lower-case words with dashes, such as 'mig' or 'mig/chen'")


def _version(trial: Trial) -> None:
    require(trial.info.version >= 1, f"version {trial.info.version}: begin at 1")


def _bounds(trial: Trial) -> None:
    low, high = trial.info.bounds
    require(low is None or high is None or low < high, f"bounds {trial.info.bounds} are not in order")


def _source(trial: Trial) -> None:
    source = trial.info.source
    require(bool(re.search(_SOURCE, source)), f"source {source!r}: name an arXiv number, a year, or 'defined here'")


def _summary(trial: Trial) -> None:
    summary = trial.info.summary
    fits = 20 <= len(summary) <= 160 and summary[-1] in ".?:"
    require(fits, f"the docstring's first line is {summary!r}: one sentence of 20 to 160 characters")


def _settings(trial: Trial) -> None:
    defaults = dict(trial.info.settings)
    require(json.loads(json.dumps(defaults)) == defaults, f"settings {defaults}: defaults as JSON has them")


def _explained(trial: Trial) -> None:
    info, text = trial.info, inspect.getdoc(trial.function) or ""
    for argument in (*info.needs, *info.uses, *info.settings):
        explained = re.search(rf"^\s+{argument}: \S", text, re.MULTILINE)
        require(explained is not None, f"the docstring does not explain '{argument}: ...'")


DECLARED = {
    "has a name that can be typed": _name,
    "has a version": _version,
    "has bounds in order": _bounds,
    "names its source": _source,
    "says in one sentence what it says": _summary,
    "has settings that JSON can hold": _settings,
    "explains every argument": _explained,
}
