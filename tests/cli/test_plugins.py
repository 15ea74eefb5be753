"""Listings where an installed package brings what cannot be used: the rest is listed, and the package is named."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Dbench, Outcome

CODE = """
class Empty:
    pass

class Unloadable:
    from disentangle_bench.datasets.digits import digits
    info = digits.info

empty, unloadable = Empty(), Unloadable()
"""
POINTS = """
[disentangle_bench.datasets]
empty = bad_plugin:empty
unloadable = bad_plugin:unloadable
absent = bad_plugin:nothing
mnist = bad_plugin:empty
[disentangle_bench.metrics]
plain = bad_plugin:Empty
[disentangle_bench.models]
bare = bad_plugin:Empty
"""
FAULTS = {
    "empty": "The dataset 'empty' cannot be used: bad_plugin:empty of the package bad-plugin has no `info`",
    "unloadable": "bad_plugin:unloadable of the package bad-plugin has no method `load`",
    "absent": "The dataset 'absent' could not be loaded from bad_plugin:nothing of the package bad-plugin: ",
    "mnist": "mnist:mnist and bad_plugin:empty of the package bad-plugin",
    "plain": "bad_plugin:Empty of the package bad-plugin was not declared with `@metric`",
    "bare": "bad_plugin:Empty of the package bad-plugin is not a subclass of disentangle_bench.models.model.Model",
}


@pytest.fixture
def bad_plugin(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package whose entry points are of no use, for processes that are started."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "bad_plugin.py").write_text(CODE)
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
        assert not {"empty", "unloadable", "absent"} & set(names(listing))
        for name in ("empty", "unloadable", "absent", "mnist"):
            assert FAULTS[name] in listing.err
        assert listing.err.count("Left out: ") == 4


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
    assert "Reinstall or remove the package" in shown.err
