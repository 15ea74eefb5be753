"""Exit codes and streams, whatever happens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import disentangle_bench
from disentangle_bench.errors import DbenchError, RunError


def raising(error):
    def fail(*_words, **_options):
        raise error

    return fail


def test_version(dbench):
    outcome = dbench("--version")
    assert outcome == (0, f"dbench {disentangle_bench.__version__}\n", "")


def test_a_user_error_is_one_message_without_a_traceback(dbench, monkeypatch):
    monkeypatch.setattr(disentangle_bench, "train", raising(RunError("It is so.", "Do this.")))
    assert dbench("train", "infogan") == (2, "", "Error: It is so.\nDo this.\n")


def test_an_error_without_a_remedy_has_no_empty_line(dbench, monkeypatch):
    monkeypatch.setattr(disentangle_bench, "train", raising(RunError("It is so.")))
    assert dbench("train", "infogan").err == "Error: It is so.\n"


def test_long_messages_are_not_cut_into_lines(dbench, monkeypatch):
    path = "/" + "/".join(["folder"] * 40)
    monkeypatch.setattr(disentangle_bench, "train", raising(RunError(f"There is no {path}.", "[bold] :smile:")))
    assert dbench("train", "infogan").err == f"Error: There is no {path}.\n[bold] :smile:\n"


@pytest.mark.parametrize("how", ["option", "variable"])
def test_debug_shows_the_traceback_before_the_message(dbench, monkeypatch, how):
    monkeypatch.setattr(disentangle_bench, "train", raising(RunError("It is so.")))
    if how == "variable":
        monkeypatch.setenv("DBENCH_DEBUG", "1")
    outcome = dbench(*(["--debug"] if how == "option" else []), "train", "infogan")
    assert outcome.code == 2
    assert outcome.err.startswith("Traceback")
    assert outcome.err.endswith("Error: It is so.\n")


def test_an_errors_own_exit_code_is_used(dbench, monkeypatch):
    class GateError(DbenchError):
        exit_code = 3

    monkeypatch.setattr(disentangle_bench, "train", raising(GateError("Short.")))
    assert dbench("train", "infogan").code == 3


def test_an_unexpected_error_shows_everything(dbench, monkeypatch):
    monkeypatch.setattr(disentangle_bench, "train", raising(ZeroDivisionError("by zero")))
    outcome = dbench("train", "infogan")
    assert outcome.code == 1
    assert "Traceback" in outcome.err
    assert "ZeroDivisionError: by zero" in outcome.err


def test_an_interruption_ends_with_130(dbench, monkeypatch):
    monkeypatch.setattr(disentangle_bench, "train", raising(KeyboardInterrupt()))
    assert dbench("train", "infogan") == (130, "", "Interrupted; nothing unfinished was kept.\n")


def test_what_an_interruption_says_is_said(dbench, monkeypatch):
    monkeypatch.setattr(disentangle_bench, "train", raising(KeyboardInterrupt("Stopped; resume with:\n  dbench")))
    assert dbench("train", "infogan") == (130, "", "Stopped; resume with:\n  dbench\n")


def test_an_interruption_while_the_command_line_is_imported():
    """As Ctrl-C does it in the first half second."""
    interrupted = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'rich_click': raise KeyboardInterrupt\n"
        "from disentangle_bench.cli import main\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", interrupted], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted; nothing unfinished was kept.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trian"], "'train'?"),
        (["train"], "Missing argument 'RECIPE'"),
        (["train", "infogan", "--stps", "3"], "--steps"),
        (["train", "infogan", "--set", "steps"], "KEY=VALUE"),
        (["train", "infogan", "--devices", "0"], "0 is not in the range"),
        (["train", "infogan", "--precision", "64"], "'64' is not one of"),
        (["eval", "x", "--seed", "-1"], "-1 is not in the range"),
        (["list", "thing"], "'thing' is not one of"),
        (["compare"], "Missing argument"),
    ],
)
def test_wrong_usage_is_one_message_with_exit_code_2(dbench, words, said):
    outcome = dbench(*words)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("Error: ")
    assert said in outcome.err
    assert "--help` shows what it takes." in outcome.err


def test_a_reader_that_goes_away_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    program = Path(sys.executable).with_name("dbench")
    done = subprocess.run([program, "list", "recipes"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_colors_only_where_they_are_wanted(real_dbench):
    plain = real_dbench("list", "recipes").out
    assert "\x1b" not in plain
    assert "\x1b[" in real_dbench("list", "recipes", FORCE_COLOR="1").out
    forced = real_dbench("list", "recipes", FORCE_COLOR="1", NO_COLOR="1").out
    assert "\x1b[36m" not in forced
