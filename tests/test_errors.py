from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from disentangle_bench import errors
from disentangle_bench.errors import DbenchError, UnknownNameError, UploadError

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, DbenchError) and kind is not UnknownNameError
]


def test_problem_and_remedy_are_one_message() -> None:
    assert str(DbenchError("It broke.", "Mend it.")) == "It broke.\nMend it."
    assert str(DbenchError("It broke.")) == "It broke."


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_but_what_fails_elsewhere_is_bad_input_to_the_command_line(kind: type[DbenchError]) -> None:
    assert kind("It broke.").exit_code == (1 if kind is UploadError else 2)  # a hub that fails is not input
    assert kind.__doc__


@pytest.mark.parametrize(
    "error", [*(kind("It broke.", "Mend it.") for kind in KINDS), UnknownNameError("metric", "mgi", ["mig"], "See.")]
)
@pytest.mark.parametrize("there_and_back", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
def test_errors_come_back_whole_from_another_process(error: DbenchError, there_and_back) -> None:
    error.attempt = 3  # type: ignore[attr-defined]
    back = there_and_back(error)
    assert type(back) is type(error)
    assert (back.problem, back.remedy, str(back)) == (error.problem, error.remedy, str(error))
    assert back.args == error.args
    assert back.attempt == 3


@pytest.mark.parametrize(
    ("name", "known", "message"),
    [
        ("infogn", ["infogan", "gan-with-q"], "There is no model named 'infogn'.\nDid you mean 'infogan'?"),
        ("InfoGAN", ["infogan", "gan-with-q"], "There is no model named 'InfoGAN'.\nDid you mean 'infogan'?"),
        ("migg", ["mig", "dci", "MIG/c"], "There is no model named 'migg'.\nDid you mean 'mig' or 'MIG/c'?"),
        ("set", ["dataset", "settings"], "There is no model named 'set'.\nDid you mean 'settings' or 'dataset'?"),
        ("xyz", ["mig", "dci"], "There is no model named 'xyz'.\nKnown: dci, mig."),
        ("xyz", [], "There is no model named 'xyz'.\nNo model is known."),
    ],
)
def test_unknown_names_come_with_suggestions(name: str, known: list[str], message: str) -> None:
    assert str(UnknownNameError("model", name, known)) == message
    assert str(UnknownNameError("model", name, known, "See the list.")) == f"{message} See the list."
