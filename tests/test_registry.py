from __future__ import annotations

import math
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from disentangle_bench import registry as registry_module
from disentangle_bench.errors import DbenchError, UnknownNameError
from disentangle_bench.registry import Registry

BUILTINS = {"sqrt": "math:sqrt", "join": "os.path:join", "broken": "math:no_such_function", "gone": "no_such_module:x"}


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[EntryPoint]]:
    """Entry points by group, in place of those of the installed packages."""
    points: dict[str, list[EntryPoint]] = {}
    monkeypatch.setattr(registry_module, "entry_points", lambda *, group: points.get(group, []))
    return points


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, "test.functions")


def make(group: str | None = "test.functions") -> Registry[object]:
    return Registry("function", BUILTINS, group=group)


def test_names_are_listed_and_objects_found() -> None:
    functions = make(group=None)
    assert list(functions) == ["sqrt", "join", "broken", "gone"]
    assert len(functions) == 4
    assert "sqrt" in functions
    assert "cbrt" not in functions
    assert functions.get("sqrt")(9) == 3  # type: ignore[operator]


def test_listing_imports_nothing() -> None:
    lazy = Registry[object]("color scale", {"x": "colorsys:rgb_to_hls"})
    sys.modules.pop("colorsys", None)
    assert list(lazy) == ["x"]
    assert "x" in lazy
    assert "colorsys" not in sys.modules
    assert lazy.get("x").__name__ == "rgb_to_hls"  # type: ignore[attr-defined]


def test_targets_may_be_modules_and_attributes_of_attributes() -> None:
    things = Registry[object]("thing", {"module": "math", "method": "collections:Counter.most_common"})
    assert things.get("module").pi > 3  # type: ignore[attr-defined]
    assert things.get("method").__name__ == "most_common"  # type: ignore[attr-defined]


def test_an_unknown_name_is_reported_with_suggestions() -> None:
    with pytest.raises(UnknownNameError, match=r"There is no function named 'sqr'\.\nDid you mean 'sqrt'\?"):
        make().get("sqr")


@pytest.mark.parametrize("name", ["broken", "gone"])
def test_a_target_that_does_not_exist_is_reported(name: str) -> None:
    with pytest.raises(DbenchError, match=f"The function '{name}' could not be loaded from {BUILTINS[name]}: "):
        make(group=None).get(name)


def test_plugins_add_theirs(plugins: dict[str, list[EntryPoint]]) -> None:
    plugins["test.functions"] = [point("floor", "math:floor"), point("extra", "math:ceil [fast]")]
    plugins["test.others"] = [point("not-mine", "math:exp")]
    functions = make()
    assert list(functions) == [*BUILTINS, "floor", "extra"]
    assert functions.get("floor")(1.5) == 1  # type: ignore[operator]
    assert functions.get("extra")(1.5) == 2  # type: ignore[operator]
    assert "floor" not in make(group=None)


def test_a_broken_plugin_is_reported_when_it_is_requested(plugins: dict[str, list[EntryPoint]]) -> None:
    plugins["test.functions"] = [point("theirs", "no_such_plugin:thing"), point("malformed", "not a path")]
    functions = make()
    assert functions.get("sqrt")(4) == 2  # type: ignore[operator]
    for name, value in (("theirs", "no_such_plugin:thing"), ("malformed", "not a path")):
        with pytest.raises(DbenchError, match=f"'{name}' could not be loaded from {value}") as caught:
            functions.get(name)
        assert "Correct the package" in str(caught.value)


def test_a_built_in_object_is_never_replaced_by_a_plugin(plugins: dict[str, list[EntryPoint]]) -> None:
    plugins["test.functions"] = [point("sqrt", "cmath:sqrt")]
    functions = make()
    assert list(functions) == [*BUILTINS]
    assert functions.get("sqrt") is math.sqrt


def test_two_plugins_of_one_name_are_refused_and_the_others_found(plugins: dict[str, list[EntryPoint]]) -> None:
    plugins["test.functions"] = [point("mine", "math:exp"), point("mine", "math:log")]
    functions = make()
    assert list(functions) == [*BUILTINS, "mine"]
    assert functions.get("join")("a", "b") == "a/b"  # type: ignore[operator]
    for _ in range(2):
        with pytest.raises(DbenchError, match="Two functions are named 'mine': math:exp and math:log"):
            functions.get("mine")


def test_what_can_be_used_is_found_and_the_rest_reported_once(
    plugins: dict[str, list[EntryPoint]], caplog: pytest.LogCaptureFixture
) -> None:
    plugins["test.functions"] = [
        point("floor", "math:floor"),
        point("sqrt", "cmath:sqrt"),
        point("mine", "math:exp"),
        point("mine", "math:log"),
        point("theirs", "no_such_plugin:thing"),
    ]
    functions = Registry[object]("function", {"sqrt": "math:sqrt"}, group="test.functions")
    for _ in range(2):
        assert functions.usable() == {"sqrt": math.sqrt, "floor": math.floor}
    reports = [record.getMessage() for record in caplog.records]
    assert len(reports) == 3
    assert "Left out: Two functions are named 'sqrt': math:sqrt and cmath:sqrt. The built-in one is used" in reports[0]
    assert "Left out: Two functions are named 'mine': math:exp and math:log." in reports[1]
    assert "Left out: The function 'theirs' could not be loaded from no_such_plugin:thing" in reports[2]


def test_any_error_of_a_plugin_on_import_is_reported(
    plugins: dict[str, list[EntryPoint]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "raising_plugin.py").write_text("raise ValueError('not on this machine')")
    (tmp_path / "garbled_plugin.py").write_text("def (")
    monkeypatch.syspath_prepend(tmp_path)
    plugins["test.functions"] = [point("raising", "raising_plugin:x"), point("garbled", "garbled_plugin:x")]
    functions = make()
    with pytest.raises(DbenchError, match="'raising' could not be loaded from raising_plugin:x: not on this machine"):
        functions.get("raising")
    with pytest.raises(DbenchError, match="'garbled' could not be loaded from garbled_plugin:x: invalid syntax"):
        functions.get("garbled")


def test_an_object_of_another_kind_is_reported() -> None:
    def fault(thing: object) -> str:
        return "" if callable(thing) else "cannot be called"

    things = Registry[object]("thing", {"pi": "math:pi", "exp": "math:exp"}, fault=fault)
    assert things.get("exp")(0) == 1  # type: ignore[operator]
    with pytest.raises(DbenchError, match="The thing 'pi' cannot be used: math:pi cannot be called"):
        things.get("pi")


def test_one_plugin_that_is_found_twice_is_one(plugins: dict[str, list[EntryPoint]]) -> None:
    plugins["test.functions"] = [point("exp", "math:exp"), point("exp", "math:exp"), point("sqrt", "math:sqrt")]
    assert list(make()) == [*BUILTINS, "exp"]


def test_entry_points_of_installed_packages_are_read() -> None:
    scripts = Registry[object]("script", {}, group="console_scripts")
    assert "dbench" in scripts
