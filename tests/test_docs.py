"""What the documentation shows works."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from disentangle_bench.cli.app import dbench as group
from disentangle_bench.cli.kinds import KINDS
from disentangle_bench.cli.tables import say_cell
from disentangle_bench.models.recipes import find_recipe, recipe_files
from disentangle_bench.models.recipes.halves import FOLDER
from disentangle_bench.recipe import Recipe
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.run import Run

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCKS = [
    (page.name, language, text)
    for page in PAGES
    for language, text in re.findall(r"^```(\w*)(?: title=.*?)?\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
]
COMMANDS = [
    line for _, language, text in BLOCKS if not language for line in text.splitlines() if line.startswith("dbench ")
]


def block(page: str, language: str) -> str:
    return next(text for name, of, text in BLOCKS if (name, of) == (page, language))


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_parse(line):
    _, name, *words = shlex.split(line.partition("#")[0].partition(">")[0])
    command = group.commands[name]
    while commands := getattr(command, "commands", None):
        command, *words = commands[words[0]], *words[1:]
    with command.make_context(name, words):
        pass


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize(("page", "text"), [(page, text) for page, language, text in BLOCKS if language == "python"])
def test_python_examples_compile(page, text):
    compile(text.replace("...", "pass"), page, "exec")


def test_a_decoders_traversal_is_drawn_as_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(block("figures.md", "python"), {})
    assert (tmp_path / "traversal.pdf").is_file()


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text()
    named = {target for page in PAGES for target in re.findall(r"`?\bmake ([a-z-]+)\b", page.read_text())}
    for target in named & {"demo", "test", "test-fast", "check", "imports", "bench", "help"}:
        assert f"\n{target}:" in makefile
    assert {"demo", "test"} <= named


def test_the_table_of_metrics_is_the_listing():
    kind = KINDS["metrics"]
    rows = [list(map(say_cell, kind.row(name))) for name in kind.names()]
    assert markdown_table(kind.headings, rows, left=kind.headings) in (ROOT / "docs" / "metrics.md").read_text()


def test_the_recipe_that_is_explained_is_one(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(block("recipes.md", "toml"))
    shown, shipped = Recipe.read(path).to_values(), find_recipe("infogan-mnist").to_values()
    assert shown["latents"]["codes"] == shipped["latents"]["codes"][:2]
    without_codes = [{**values, "latents": {**values["latents"], "codes": []}} for values in (shown, shipped)]
    assert without_codes[0] == without_codes[1]


def test_every_part_of_a_run_folder_is_explained(tmp_path):
    text = (ROOT / "docs" / "run-folder.md").read_text()
    run = Run(tmp_path)
    for part in ("recipe_file", "provenance_file", "log_file", "checkpoints", "model_file", "representation_file",
                 "results_file", "samples_file", "figures"):  # fmt: skip
        assert f"`{getattr(run, part).name}" in text


def test_the_halves_that_are_explained_are_those_of_the_package():
    blocks = re.findall(r"```toml\n# (\S+)\n(.*?)```", (ROOT / "docs" / "recipes.md").read_text(), re.DOTALL)
    assert [file for file, _ in blocks] == recipe_files("infogan-faces-elevation")
    for file, text in blocks:
        assert tomllib.loads(text) == tomllib.loads((FOLDER / file).read_text())
