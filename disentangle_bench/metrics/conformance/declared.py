"""Rules for what a metric declares."""

from __future__ import annotations

import inspect
import json
import re

from disentangle_bench.conformance import Rule, require, rule
from disentangle_bench.metrics.conformance.trial import Trial

NAME = r"[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9-]+)?"
SOURCE = r"arXiv:\d{4}\.\d{4,5}|arXiv:[a-z-]+/\d{7}|\(\d{4}\)|defined here"
DECLARED: dict[str, Rule[Trial]] = {}
"""By a name that completes "the metric ..."."""


@rule(DECLARED, "has a lower-case name with dashes")
def name(trial: Trial) -> None:
    given = trial.info.name
    require(bool(re.fullmatch(NAME, given)), f"{given!r}: use lower-case words with dashes, as in 'mig' or 'mig/chen'")


@rule(DECLARED, "has a version")
def version(trial: Trial) -> None:
    require(trial.info.version >= 1, f"version {trial.info.version}: start at 1")


@rule(DECLARED, "has bounds in order")
def bounds(trial: Trial) -> None:
    low, high = trial.info.bounds
    require(low is None or high is None or low < high, f"bounds {trial.info.bounds} are not in order")


@rule(DECLARED, "names its source")
def source(trial: Trial) -> None:
    given = trial.info.source
    require(bool(re.search(SOURCE, given)), f"source {given!r}: name an arXiv number, a year, or 'defined here'")


@rule(DECLARED, "has a one-sentence summary")
def summary(trial: Trial) -> None:
    given = trial.info.summary
    fits = 20 <= len(given) <= 160 and given[-1] in ".?:"
    require(fits, f"the docstring's first line is {given!r}: write one sentence of 20 to 160 characters")


@rule(DECLARED, "has settings that JSON can hold")
def settings(trial: Trial) -> None:
    defaults = dict(trial.info.settings)
    require(json.loads(json.dumps(defaults)) == defaults, f"settings {defaults}: use defaults that JSON can hold")


@rule(DECLARED, "documents every argument")
def arguments(trial: Trial) -> None:
    info, text = trial.info, inspect.getdoc(trial.function) or ""
    for argument in (*info.needs, *info.uses, *info.settings):
        documented = re.search(rf"^\s+{argument}: \S", text, re.MULTILINE)
        require(documented is not None, f"the docstring does not document '{argument}: ...'")
