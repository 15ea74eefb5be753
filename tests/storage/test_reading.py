from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from disentangle_bench.storage import parse_json, parse_toml, sha256

PARSERS = pytest.mark.parametrize(("parse", "key"), [(parse_json, ""), (parse_toml, "a = ")], ids=["json", "toml"])


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")  # the example of FIPS 180-2
    assert sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    path.write_bytes(bytes(3 << 20))
    assert sha256(path) == hashlib.sha256(bytes(3 << 20)).hexdigest()


@PARSERS
def test_the_limits_of_python_are_put_into_words(parse: Callable[[str], Any], key: str) -> None:
    with pytest.raises(ValueError, match=r"^it is nested too deeply$"):
        parse(key + "[" * 20_000)
    with pytest.raises(ValueError, match=r"^it has a number of thousands of digits$"):
        parse(key + "9" * 5_000)


@PARSERS
def test_other_faults_keep_their_place(parse: Callable[[str], Any], key: str) -> None:
    with pytest.raises((json.JSONDecodeError, tomllib.TOMLDecodeError), match="column"):
        parse(key + "[1,, 2]")
