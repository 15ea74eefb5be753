from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from requests import Response

from disentangle_bench.datasets.files.partial import Partial, Whole

URL = "https://example.org/file"
TOLD = Whole('"1"', 10, "")


def answer(**headers: str) -> Response:
    response = Response()
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


@pytest.mark.parametrize(
    ("headers", "whole"),
    [
        ({"ETag": '"1"', "Last_Modified": "Mon", "Content_Length": "10"}, TOLD),
        ({"ETag": 'W/"1"', "Last_Modified": "Mon", "Content_Length": "10"}, Whole("Mon", 10, "")),
        ({"ETag": 'W/"1"'}, Whole("", None, "")),
        ({"Content_Length": "many", "Content_Encoding": " GZip "}, Whole("", None, "gzip")),
    ],
)
def test_what_a_server_says_of_the_whole(headers: dict[str, str], whole: Whole) -> None:
    assert Whole.of(answer(**headers)) == whole


@pytest.mark.parametrize(
    ("headers", "continues"),
    [
        ({"Content_Range": "bytes 4-9/10", "ETag": '"1"'}, True),
        ({"Content_Range": "bytes 4-9/10"}, True),
        ({"Content_Range": "bytes 4-9/*", "ETag": '"1"'}, True),
        ({"Content_Range": "bytes 4-9/11", "ETag": '"1"'}, False),
        ({"Content_Range": "bytes 4-9/10", "ETag": '"2"'}, False),
        ({"Content_Range": "bytes 40-49/10", "ETag": '"1"'}, False),
        ({"Content_Range": "bytes 4-9/10", "Content_Encoding": "gzip"}, False),
        ({"Content_Range": "bytes */10"}, False),
        ({}, False),
    ],
)
def test_only_the_rest_of_the_same_file_goes_on(headers: dict[str, str], continues: bool) -> None:
    assert TOLD.continues(answer(**headers), 4) is continues


def test_what_came_is_hashed_on_the_way_and_by_the_next_process(tmp_path: Path) -> None:
    first = Partial(URL, tmp_path / "file")
    first.begin(TOLD)
    assert list(first.append([b"0123", b"45"])) == [4, 2]
    assert (first.size, first.complete, first.resumable) == (6, False, True)
    second = Partial(URL, tmp_path / "file")
    assert second.whole == TOLD
    assert list(second.append([b"6789"])) == [4]
    assert second.complete
    assert second.sha256() == hashlib.sha256(b"0123456789").hexdigest()
    assert first.sha256() == second.sha256(), "it reads what has come since"


def test_beginning_anew_forgets_what_came(tmp_path: Path) -> None:
    partial = Partial(URL, tmp_path / "file")
    partial.begin(TOLD)
    list(partial.append([b"wrong"]))
    partial.begin(Whole("", None, ""))
    list(partial.append([b"right"]))
    assert (partial.size, partial.resumable, partial.complete) == (5, False, False)
    partial.end()
    assert partial.complete
    assert partial.sha256() == hashlib.sha256(b"right").hexdigest()
    partial.discard()
    assert list(tmp_path.iterdir()) == []
