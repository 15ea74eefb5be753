from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.datasets.table import read_table
from disentangle_bench.errors import DataError

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1)


@given(
    names=st.lists(TEXTS, min_size=1, max_size=4, unique=True),
    rows=st.lists(st.lists(TEXTS, min_size=4, max_size=4), min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t"),
    begin=st.sampled_from(["", "\ufeff"]),
)
def test_what_a_csv_writer_writes_is_read(names, rows, delimiter: str, begin: str) -> None:
    names = [f"column{number}" for number in range(len(names))]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([names, *(row[: len(names)] for row in rows)])
    if len(names) == 1:
        return  # nothing then says what the delimiter is
    table = read_table((begin + text.getvalue()).encode(), "mine.csv")
    assert list(table.columns) == names
    assert [list(row) for row in zip(*table.columns.values(), strict=True)] == [row[: len(names)] for row in rows]


def test_quotes_blank_lines_and_spaces_are_understood() -> None:
    table = read_table(b'\xef\xbb\xbffile , "a,b"\r\n\r\n"x ""1"".png", 2\r\n y.png ,3 \r\n', "mine.csv")
    assert {name: texts.tolist() for name, texts in table.columns.items()} == {
        "file": ['x "1".png', "y.png"], "a,b": ["2", "3"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"mine\.csv has no rows"),
        (b"file,azimuth\n", r"mine\.csv has no rows"),
        (b"file,azimuth\nx.png,1\ny.png\n", r"mine\.csv: line 3 fills 1 of 2 columns"),
        (b"file,azimuth\nx.png,1,2\n", r"mine\.csv: line 2 fills 3 of 2 columns"),
        (b"file,file\nx.png,1\n", r"mine\.csv: 2 columns are named 'file'.*\n.* in the first line"),
        (b"file,\nx.png,1\n", r"mine\.csv: column 2 has no name"),
        (b'file,azimuth\n"x.png,1\n', r"mine\.csv: line 2 is not CSV: unexpected end of data"),
        (b"file,azimuth\nx\xff.png,1\n", r"mine\.csv: line 2 is not UTF-8"),
    ],
)
def test_damage_is_reported_by_its_line(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_table(content, "mine.csv")


def test_lines_are_those_of_the_file() -> None:
    table = read_table(b'file,note\n"x","two\nlines"\n\ny,one\n', "mine.csv")
    np.testing.assert_array_equal(table.lines, [3, 5])
    assert table.columns["note"].tolist() == ["two\nlines", "one"]


def test_values_may_be_unknown() -> None:
    table = read_table(b"file,part,size\nx.png,arm,\ny.png,?,2\nz.png,,-1\n", "mine.csv").without(["?", "-1"])
    assert table.columns["part"].tolist() == ["arm", "", ""]
    assert table.columns["size"].tolist() == ["", "2", ""]
