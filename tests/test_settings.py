from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pytest
from pydantic import Field

from disentangle_bench.errors import SettingError, UnknownNameError
from disentangle_bench.settings import Setting, check_settings, defaults_of, settings_of

if TYPE_CHECKING:
    from nowhere import Unimportable


def function(
    images: Unimportable,
    data_dir: str | None = None,
    *,
    bins: Annotated[int, Field(ge=2)] = 20,
    share: float = 0.1,
    normalize: bool = False,
    side: Literal["left", "right"] = "left",
    table: str | None = None,
    sizes: tuple[int, ...] = (8, 8),
    shapes: Sequence[str] = ("heart",),
    count=3,
    anything=None,
) -> Unimportable: ...


class Model:
    def __init__(self, recipe: Unimportable, *, width: float = 1.0) -> None: ...

    def load(self, *, size: int = 8) -> Unimportable: ...


class Wider(Model):
    """Inherits its settings."""


def checked(**given: Any) -> dict[str, Any]:
    return check_settings(function, given, kind="metric", name="mine")


def test_settings_are_the_keyword_only_parameters() -> None:
    assert list(settings_of(function)) == [
        "bins", "share", "normalize", "side", "table", "sizes", "shapes", "count", "anything",
    ]  # fmt: skip
    assert settings_of(function)["share"] == Setting("share", float, 0.1)
    assert defaults_of(function)["sizes"] == (8, 8)
    assert settings_of(lambda images: images) == {}


def test_without_an_annotation_the_default_says_the_type() -> None:
    assert settings_of(function)["count"] == Setting("count", int, 3)
    assert settings_of(function)["anything"] == Setting("anything", Any, None)
    assert checked(anything=[1]) == {"anything": [1]}


def test_classes_and_methods_have_settings_too() -> None:
    assert settings_of(Model) == settings_of(Wider) == {"width": Setting("width", float, 1.0)}
    assert settings_of(Model(None).load) == {"size": Setting("size", int, 8)}


def test_a_setting_without_a_default_is_a_mistake_of_its_author() -> None:
    def bad(images: object, *, bins: int) -> None: ...

    with pytest.raises(TypeError, match=r"the settings \['bins'\] of .*bad.* have no default"):
        settings_of(bad)


def test_only_given_settings_are_returned() -> None:
    assert checked() == {}
    assert checked(bins=3, table="a.csv", side="right") == {"bins": 3, "table": "a.csv", "side": "right"}
    assert checked(table=None, shapes=["square"]) == {"table": None, "shapes": ["square"]}


def test_numbers_become_python_s_own() -> None:
    given = checked(bins=np.int64(3), share=np.float32(0.5), normalize=np.True_, sizes=[1, 2])
    assert [(type(value), value) for value in given.values()] == [(int, 3), (float, 0.5), (bool, True), (tuple, (1, 2))]
    assert checked(share=Fraction(1, 4)) == {"share": 0.25}
    assert isinstance(checked(share=2)["share"], float)
    assert math.isinf(checked(share=math.inf)["share"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bins": "16"}, r"bins = '16' of the metric 'mine' is invalid: input should be a valid integer\."),
        ({"bins": True}, "bins = True .* should be a valid integer"),
        ({"bins": np.True_}, "should be a valid integer"),
        ({"bins": 3.0}, "bins = 3.0 .* should be a valid integer"),
        ({"bins": 1}, "should be greater than or equal to 2"),
        ({"share": "0.5"}, "should be a valid number"),
        ({"share": False}, "should be a valid number"),
        ({"normalize": 1}, "should be a valid boolean"),
        ({"side": "top"}, "should be 'left' or 'right'"),
        ({"table": 3}, "should be a valid string"),
        ({"sizes": [1, "2"]}, r"\[1\]: input should be a valid integer"),
        ({"shapes": "heart"}, "'str' instances are not allowed"),
        ({"count": 1.5}, "should be a valid integer"),
    ],
)
def test_an_invalid_value_is_named_with_the_default(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message) as caught:
        checked(**given)
    assert caught.value.remedy == f"The default is {defaults_of(function)[next(iter(given))]!r}."


def test_an_unknown_setting_is_named_with_suggestions() -> None:
    with pytest.raises(UnknownNameError, match="setting of the metric 'mine' named 'bin'") as caught:
        checked(bin=3)
    assert "Did you mean 'bins'" in caught.value.remedy
