"""The commands that are said to make the published results are those that the published runs were trained with."""

from pathlib import Path

import pytest

from benchmarks.table import RESULTS, commands, notes, read_all, render

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "benchmarks/README.md", "benchmarks/results/README.md")


@pytest.fixture(scope="module")
def mnist():
    return read_all()["mnist"]


def test_are_made_from_the_runs(mnist):
    infogan = next(recipe for recipe in mnist if recipe.name == "infogan-mnist")
    assert {(run.precision, run.provenance["threads"]) for run in infogan.runs} == {("bf16-mixed", 1)}
    minutes = sorted(run.seconds / 60 for run in infogan.runs)
    assert (round(minutes[0]), round(minutes[-1])) == (36, 48)
    assert commands([infogan]) == (
        "OMP_NUM_THREADS=1 dbench train infogan-mnist --seed 0,1,2 --precision bf16-mixed  # 36 to 48 minutes each\n"
        "dbench eval runs/infogan-mnist\n"
        "python -m benchmarks.publish runs/infogan-mnist\n"
    )


def test_runs_that_were_trained_in_other_ways_have_commands_of_their_own(mnist):
    first, *others = mnist[0].runs
    mixed = mnist[0].model_copy(update={"runs": [first.model_copy(update={"precision": "32-true"}), *others]})
    lines = commands([mixed]).splitlines()
    assert "--seed 0 --precision 32  #" in lines[0]
    assert "--seed 1,2 --precision bf16-mixed  #" in lines[1]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_them(mnist, page):
    assert f"```\n{commands(mnist)}```\n" in (ROOT / page).read_text()


def test_old_versions_of_metrics_are_named(mnist):
    """The published scores were measured before images were perturbed."""
    [line] = [line for line in notes(mnist).splitlines() if "older version" in line]
    assert "traversal-consistency 1 (now 2)" in line
    assert "image-measures" not in line
    assert "| traversal-consistency.overall (version 1) |" in (RESULTS / "README.md").read_text()
    assert "version 1" in (ROOT / "README.md").read_text()


def test_no_continuous_code_has_a_share(mnist):
    page = render({"mnist": mnist})
    assert ".c1.share" in page
    assert ".c2.share" not in page
