"""What is wrong with a call to `evaluate` shows before the images of a run are encoded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import disentangle_bench as db
from disentangle_bench.errors import DbenchError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place: Path = tmp_path_factory.mktemp("runs") / "tiny"
    db.train("infogan-digits", settings={"steps": 1, "networks.width": 0.25}, out=place)
    return place


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"metrics": ["migg"]}, "There is no metric named 'migg'"),
        ({"bootstrap": 999_999_999}, "999,?999,?999"),
        ({"settings": {"mig": {"binz": 3}}, "metrics": "mig"}, "'binz'"),
        ({"settings": {"sap": {}}, "metrics": "mig"}, "Settings were given for 'sap', which is not evaluated."),
    ],
)
def test_a_wrong_call_encodes_nothing(run: Path, asked: dict[str, Any], problem: str) -> None:
    with pytest.raises(DbenchError, match=problem):
        db.evaluate(run, **asked)
    assert not list(run.glob("representation*"))
