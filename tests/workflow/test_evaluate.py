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


def test_what_a_killed_evaluation_left_half_written_is_removed(run: Path) -> None:
    left = [run / name for name in (".traversals.npz.00ff.tmp.npz", "figures/.traversal-c2.pdf.00ff.tmp.pdf")]
    for file in left:
        file.parent.mkdir(exist_ok=True)
        file.write_text("half")
    db.evaluate(run, "c1-accuracy", bootstrap=0, levels=False, figure_formats=["png"])
    assert not any(file.exists() for file in left)
    assert (run / "figures" / "traversal-c2.png").is_file()
