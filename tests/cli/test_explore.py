"""`dbench explore` as a person meets it; what the page does is in `tests/reports/explorer`."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

import disentangle_bench as db
from disentangle_bench.errors import DownloadError
from disentangle_bench.reports.explorer.runtime import runtime_files

pytest.importorskip("onnx", reason="onnx is not installed")
DBENCH = Path(sys.executable).with_name("dbench")


def trained(folder, model, **settings):
    return db.train(model, dataset="digits", settings={"steps": 1, "batch_size": 32, **settings}, out=folder / model)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs"), "infogan", **{"networks.width": 0.1})


@pytest.fixture
def runtime(monkeypatch):
    """ONNX Runtime Web in the cache of the tests."""
    monkeypatch.setenv("DBENCH_OFFLINE", "")
    try:
        runtime_files()
    except DownloadError:
        pytest.skip("ONNX Runtime Web cannot be downloaded")
    monkeypatch.setenv("DBENCH_OFFLINE", "1")


@pytest.mark.slow
@pytest.mark.usefixtures("runtime")
def test_a_folder_and_a_file_are_written_and_served(dbench, run):
    for _ in range(2):  # an earlier page may be replaced
        outcome = dbench("explore", run.path, run.path, "--out", "page", "--single-file", "page.html")
        assert (outcome.code, outcome.out) == (0, "page\npage.html\n"), outcome.err
    text = Path("page/index.html").read_text(encoding="utf-8")
    assert "infogan-digits, seed 0 and infogan-digits, seed 0" in text
    data = json.loads(text.partition('id="content">')[2].partition("</script>")[0])
    assert [code["name"] for code in data["runs"][1]["latents"]["codes"]] == ["c1", "c2", "c3"]
    assert data["real"]["count"] == 24
    assert Path("page.html").stat().st_size > 4_000_000

    words = [DBENCH, "explore", run.path, "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as serving:
        address = serving.stdout.readline().strip()
        with urlopen(f"{address}files/generator-0.onnx") as answer:
            assert answer.read() == Path("page/files/generator-0.onnx").read_bytes()
        with urlopen(address) as answer:
            assert "infogan-digits, seed 0" in answer.read().decode()
        serving.send_signal(signal.SIGINT)
        assert serving.wait(60) == 0
        assert serving.stdout.read() == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--single-file", "page.pdf"], "Give a name ending in .html"),
        (["--single-file", "mine.html"], "mine.html exists and is not a page of dbench"),
        (["--out", "full"], "full exists and holds something that dbench did not put there"),
    ],
)
def test_what_cannot_be_written_is_refused_first(dbench, run, tmp_path, words, says):
    (tmp_path / "full").mkdir()
    for name in ("mine.html", "full/mine.txt"):
        (tmp_path / name).write_text("mine")
    outcome = dbench("explore", run.path, *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err
    assert [path.name for path in Path("full").iterdir()] == ["mine.txt"]
    assert Path("mine.html").read_text() == "mine"


def test_a_taken_port_is_named(dbench, run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = dbench("explore", run.path, "--port", port)
    assert outcome.code == 2
    assert f"Port {port} of this machine cannot be used" in outcome.err


def test_three_runs_and_a_model_without_a_generator_are_refused(dbench, run, tmp_path):
    assert "3 runs do not fit side by side" in dbench("explore", *[run.path] * 3, "--out", "page").err
    encoder = trained(tmp_path, "random-encoder")
    outcome = dbench("explore", encoder.path, "--out", "page")
    assert outcome.code == 2
    assert "makes no images: it has no generator" in outcome.err
    assert not Path("page").exists()
