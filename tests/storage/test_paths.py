from __future__ import annotations

from pathlib import Path

import pytest

from disentangle_bench.errors import StorageError
from disentangle_bench.storage import cache_errors, usable_path, user_cache


def test_a_refusal_of_the_cache_says_how_another_is_chosen() -> None:
    with pytest.raises(StorageError, match="Full") as caught, cache_errors():
        raise StorageError("Full.", "Free some space.")
    assert caught.value.remedy == "Free some space. DBENCH_CACHE names another cache folder."


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("~no-such-user/x", "'~no-such-user/x', there is no such home folder"),
        ("a\0b", r"'a\\x00b', it has a null character"),
        ("a" * 4000, "'a{60}'..., it is too long"),
        ("/".join(["a" * 99] * 99), "it is too long"),
    ],
)
def test_what_no_file_can_be_called_is_refused(given: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StorageError, match=f"^out is not a path: .*{fault}"):
        usable_path(given, "out")
    if "\0" not in given:  # which no variable can have
        monkeypatch.setenv("DBENCH_CACHE", given)
        with pytest.raises(StorageError, match=fault):
            user_cache()


def test_what_is_no_path_is_named_by_its_type() -> None:
    with pytest.raises(StorageError, match=r"out is not a path: it is of the type list"):
        usable_path(["a"], "out")  # type: ignore[arg-type]


def test_any_other_path_is_usable_whether_it_is_there_or_not(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "none", tmp_path / "file" / "none"):
        assert usable_path(path, "out") == path
    assert usable_path("~", "out") == Path.home()
