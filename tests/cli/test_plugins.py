"""Listings where an installed package brings what cannot be used: the rest is listed, and the package is named."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from tests.cli.conftest import Dbench, Outcome

CODE = '''
class Empty:
    pass

class Broken:
    from disentangle_bench.datasets.digits import digits
    info = digits.info

    def load(self, data_dir=None):
        return 1 + ""

broken = Broken()

class Untyped(Broken):
    def load(self, data_dir=None):
        return [], []

class Sizeless(Broken):
    def load(self, data_dir=None, *, side):
        return None

untyped, sizeless = Untyped(), Sizeless()

def function(recipe, shape, seed=0):
    """A model, its author thought."""

class Unloadable:
    from disentangle_bench.datasets.digits import digits
    info = digits.info

empty, unloadable = Empty(), Unloadable()

from disentangle_bench.metrics import metric

@metric("number", version=1, bounds=(0, 1), better="higher", source="defined here")
def number(codes, factors):
    """A number."""
    return 0.5
'''
PARTS = """
from disentangle_bench.metrics import metric

@metric("parts", version=1, bounds=(0, 1), better="higher", source="defined here")
def parts(cods, factors):
    pass
"""
POINTS = """
[disentangle_bench.datasets]
empty = bad_plugin:empty
unloadable = bad_plugin:unloadable
absent = bad_plugin:nothing
broken = bad_plugin:broken
class = bad_plugin:Unloadable
untyped = bad_plugin:untyped
sizeless = bad_plugin:sizeless
mnist = bad_plugin:empty
[disentangle_bench.metrics]
plain = bad_plugin:Empty
number = bad_plugin:number
parts = bad_parts:parts
[disentangle_bench.models]
bare = bad_plugin:Empty
function = bad_plugin:function
[disentangle_bench.networks]
pair = bad_plugin:Empty
"""
FAULTS = {
    "empty": "The dataset 'empty' cannot be used: bad_plugin:empty of the package bad-plugin has no `info`",
    "unloadable": "bad_plugin:unloadable of the package bad-plugin has no method `load`",
    "absent": "The dataset 'absent' could not be loaded from bad_plugin:nothing of the package bad-plugin: ",
    "mnist": "mnist:mnist and bad_plugin:empty of the package bad-plugin",
    "plain": "bad_plugin:Empty of the package bad-plugin was not declared with `@metric`",
    "class": "bad_plugin:Unloadable of the package bad-plugin is a class: let the entry point name an instance",
    "parts": "bad_parts:parts of the package bad-plugin: The metric 'parts' asks for 'cods', which no subject has.",
    "sizeless": "bad_plugin:sizeless of the package bad-plugin has the setting 'side' without a default",
    "untyped": "The dataset 'untyped' cannot be used: its `load` returned tuple.",
    "function": "bad_plugin:function of the package bad-plugin is not a subclass of",
    "pair": "bad_plugin:Empty of the package bad-plugin is a class: let the entry point name an instance",
    "bare": "bad_plugin:Empty of the package bad-plugin is not a subclass of disentangle_bench.models.model.Model",
}


@pytest.fixture
def bad_plugin(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package whose entry points are of no use, for processes that are started."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "bad_plugin.py").write_text(CODE)
    (folder / "bad_parts.py").write_text(PARTS)
    info = folder / "bad_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")


def names(listing: Outcome) -> list[str]:
    return [next(iter(entry.values())) for entry in json.loads(listing.out)]


@pytest.mark.usefixtures("bad_plugin")
def test_the_datasets_that_can_be_used_are_listed_and_the_others_told(real_dbench: Dbench) -> None:
    for words in (("data", "list"), ("list", "datasets")):
        listing = real_dbench(*words, "--format", "json")
        assert listing.code == 0
        assert {"digits", "dsprites", "mnist"} <= set(names(listing))
        assert not {"empty", "unloadable", "absent", "class"} & set(names(listing))
        for name in ("empty", "unloadable", "absent", "class", "mnist", "sizeless"):
            assert FAULTS[name] in listing.err
        assert listing.err.count("Left out: ") == 6


@pytest.mark.usefixtures("bad_plugin")
@pytest.mark.parametrize(("kind", "bad", "good"), [("metrics", "plain", "mig"), ("models", "bare", "infogan")])
def test_other_kinds_are_listed_likewise(real_dbench: Dbench, kind: str, bad: str, good: str) -> None:
    listing = real_dbench("list", kind, "--format", "json")
    assert listing.code == 0
    assert good in names(listing)
    assert bad not in names(listing)
    assert FAULTS[bad] in listing.err


@pytest.mark.usefixtures("bad_plugin")
def test_what_cannot_be_used_is_told_when_it_is_asked_for(real_dbench: Dbench) -> None:
    assert real_dbench("show", "digits").code == 0
    shown = real_dbench("show", "empty")
    assert (shown.code, shown.out) == (2, "")
    assert FAULTS["empty"] in shown.err
    assert "Correct the package bad-plugin, or uninstall it." in shown.err


@pytest.mark.usefixtures("bad_plugin")
def test_a_metrics_mistake_is_named_alike_by_every_command(real_dbench: Dbench) -> None:
    np.savez("mine.npz", codes=np.arange(40.0).reshape(20, 2), factors=np.arange(20) % 2)
    for words in (("check", "parts"), ("list", "metrics"), ("eval", "mine.npz", "--metrics", "parts")):
        assert FAULTS["parts"] in real_dbench(*words).err
    returned = "The metric 'number' returned float instead of a score."
    assert returned in real_dbench("check", "number").out
    evaluated = real_dbench("eval", "mine.npz", "--metrics", "mig,number", "--bootstrap", 0, "--no-levels")
    assert evaluated.code == 1
    assert returned in evaluated.out
    assert "Failed: number" in evaluated.err


@pytest.mark.usefixtures("bad_plugin")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("class", ("train", "infogan", "--dataset", "class")),
        ("sizeless", ("data", "show", "sizeless")),
        ("function", ("train", "function", "--dataset", "digits")),
        ("pair", ("train", "infogan", "--dataset", "digits", "--set", "networks.name=pair")),
    ],
)
def test_a_mistake_in_another_object_is_named_alike_by_check_and_where_it_is_used(real_dbench, name, words) -> None:
    for command in (("check", name), words):
        outcome = real_dbench(*command)
        assert (outcome.code, outcome.out) == (2, "")
        assert FAULTS[name] in outcome.err
        assert "Traceback" not in outcome.err


@pytest.mark.usefixtures("bad_plugin")
def test_what_a_dataset_returns_is_looked_at(real_dbench: Dbench) -> None:
    assert FAULTS["untyped"] in real_dbench("data", "show", "untyped").err
    checked = real_dbench("check", "untyped")
    assert checked.code == 1
    assert "load returned tuple; return a Dataset" in checked.out


@pytest.mark.usefixtures("bad_plugin")
def test_an_exception_in_a_plugin_is_no_bug_of_dbench(real_dbench: Dbench) -> None:
    commands = (
        ("data", "show", "broken"),
        ("train", "infogan", "--dataset", "broken"),
        ("train", "infogan", "--dataset", "broken", "--seed", "0-1"),
        ("eval", "--encoder", "torch.nn:Flatten", "--dataset", "broken"),
    )
    for words in commands:
        outcome = real_dbench(*words)
        assert (outcome.code, outcome.out) == (1, ""), words
        assert "Traceback" not in outcome.err, words
        assert re.search(r"TypeError: unsupported .* \(in load, .*bad_plugin\.py line \d+\)", outcome.err), words
        assert "This is a bug in the package bad-plugin, not in your input." in outcome.err
    assert "Traceback" in real_dbench("--debug", *commands[0]).err
    assert "TypeError: unsupported operand" in real_dbench("check", "broken").out
