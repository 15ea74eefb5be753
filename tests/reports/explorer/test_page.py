"""The explorer's page as a text, and the files that it needs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from disentangle_bench.errors import DownloadError
from disentangle_bench.reports.explorer import ExplorerContent, page
from disentangle_bench.reports.explorer.runtime import BINARY, SCRIPT, runtime_files
from tests.reports.explorer.conftest import Toy, make_content
from tests.reports.html.conftest import HOSTILE
from tests.reports.html.reading import Page


@pytest.fixture
def content() -> ExplorerContent:
    return make_content(Toy(0))


def test_hostile_names_stay_text(content: ExplorerContent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(page, "runtime_files", dict)
    run = replace(content.runs[0], name=HOSTILE, remark=HOSTILE)
    page.write_page(replace(content, runs=[run]), tmp_path)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<img" not in text
    read = Page(text)
    assert read.open == []
    assert len(read.ids) == len(set(read.ids))
    data = text.partition('id="content">')[2].partition("</script>")[0]
    assert json.loads(data)["runs"][0]["name"] == HOSTILE


def test_a_folder_holds_the_networks(content: ExplorerContent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(page, "runtime_files", dict)
    page.write_page(content, tmp_path)
    written = {path.name: path.read_bytes() for path in (tmp_path / "files").iterdir()}
    assert written == {f"{part}-0.onnx": graph for part, graph in content.runs[0].graphs.items()}


def test_without_a_network_it_says_what_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path))
    with pytest.raises(DownloadError) as caught:
        runtime_files()
    for text in (SCRIPT, BINARY, "DBENCH_OFFLINE forbids the network", str(tmp_path / "datasets" / "onnxruntime-web")):
        assert text in str(caught.value)
    assert "dbench data fetch" not in str(caught.value)


def test_files_of_other_bytes_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path))
    (tmp_path / "datasets" / "onnxruntime-web").mkdir(parents=True)
    for name in (SCRIPT, BINARY):
        (tmp_path / "datasets" / "onnxruntime-web" / name).write_bytes(b"another")
    with pytest.raises(DownloadError):
        runtime_files()
