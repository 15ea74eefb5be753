"""What counts as a private function with one caller."""

from __future__ import annotations

from pathlib import Path

from benchmarks.one_caller import private_functions, share_with_one_caller


def test_references_within_the_file_are_counted(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        "def _once(): ...\n"
        "def _twice(): ...\n"
        "def _never(): ...\n"
        "def __dunder__(): ...\n"
        "class Thing:\n"
        "    def _method(self): ...\n"
        "    def public(self):\n"
        "        return self._method(), _twice(), map(_twice, [_once])\n"
    )
    found = {function.name: function.callers for function in private_functions(tmp_path)}
    assert found == {"_once": 1, "_twice": 2, "_never": 0, "_method": 1}
    assert share_with_one_caller(tmp_path) == 0.5
