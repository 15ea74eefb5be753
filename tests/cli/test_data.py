"""`dbench data` on a dataset that a plug-in brings, whose files a server on the loopback interface has."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from disentangle_bench.datasets import DATASETS
from disentangle_bench.datasets.digits import digits
from tests.datasets.server import Web, serving

FILES = {"shapes.bin": hashlib.shake_256(b"shapes").digest(1 << 20), "labels.bin": b"round square round"}
PLUGIN = """
import os
from disentangle_bench.datasets import DatasetInfo, File
from disentangle_bench.datasets.files.sources import WebFolder

class Shapes:
    info = DatasetInfo(
        name="shapes", title="Shapes", images=2, shape=(1, 1, 1), factors=(), license="MIT", citation="None.",
        files={files}, bytes=1048594,
    )

    def load(self, data_dir=None):
        raise AssertionError("nothing has to be loaded")

    def sources(self):
        return [WebFolder(os.environ["SHAPES_URL"])]

shapes = Shapes()
"""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    with serving() as site:
        monkeypatch.setenv("SHAPES_URL", site.url)
        yield site


@pytest.fixture
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package whose entry point is a dataset."""
    folder = tmp_path_factory.mktemp("plugin")
    declared = ", ".join(
        f"{name!r}: File({hashlib.sha256(content).hexdigest()!r}, {len(content)})" for name, content in FILES.items()
    )
    (folder / "shapes_plugin.py").write_text(PLUGIN.replace("{files}", f"{{{declared}}}"))
    info = folder / "shapes_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shapes-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[disentangle_bench.datasets]\nshapes = shapes_plugin:shapes\n")
    return folder


@pytest.fixture(autouse=True)
def shapes(plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The dataset is known, here and in processes that are started; its folder in an empty cache."""
    sys.modules.pop("shapes_plugin", None)
    monkeypatch.syspath_prepend(plugin)
    monkeypatch.setitem(DATASETS._all(), "shapes", "shapes_plugin:shapes")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(plugin), *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("DBENCH_MIRROR", raising=False)
    monkeypatch.delenv("DBENCH_OFFLINE")
    return tmp_path / "cache" / "datasets" / "shapes"


def put(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def offer(web: Web) -> None:
    web.files |= {f"/{name}": content for name, content in FILES.items()}


def state(dbench, name: str = "shapes") -> str:
    entries = json.loads(dbench("data", "list", "--format", "json").out)
    return next(entry["state"] for entry in entries if entry["dataset"] == name)


def test_the_listing_follows_what_is_here(dbench, web: Web, shapes: Path):
    assert (state(dbench), state(dbench, "digits")) == ("absent", "embedded")
    offer(web)
    dbench("data", "fetch", "shapes")
    assert state(dbench) == "cached"
    (shapes / "labels.bin").unlink()
    assert state(dbench) == "partly"


def test_the_listing_has_a_line_for_every_dataset(dbench):
    table = dbench("data", "list").out.splitlines()
    assert table[0].split() == ["Dataset", "Images", "Factors", "Size", "State", "Hashes", "License"]
    assert [line.split()[0] for line in table[1:]] == list(DATASETS)
    rows = {row[0]: row for row in csv.reader(io.StringIO(dbench("data", "list", "--format", "csv").out))}
    assert rows["shapes"] == ["shapes", "2", "0", "1.0 MB", "absent", "verified", "MIT"]


def test_both_ways_of_looking_at_datasets_agree(dbench, shapes: Path):
    put(shapes)
    assert "state     cached" in dbench("show", "shapes").out
    assert state(dbench) == "cached"
    assert "1.0 MB" in dbench("list", "datasets").out


def test_fetching_prints_the_paths_and_says_who_is_asked(dbench, web: Web, shapes: Path):
    offer(web)
    outcome = dbench("data", "fetch", "shapes")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [str(shapes / name) for name in FILES]
    assert outcome.err == f"Downloading shapes from {web.url}\n"
    assert dbench("data", "fetch", "shapes") == (0, outcome.out, "")
    assert web.asked == ["/shapes.bin", "/labels.bin"]


def test_an_embedded_set_needs_no_fetching(dbench):
    assert dbench("data", "fetch", "digits") == (0, "", "digits is embedded: there is nothing to download.\n")
    assert dbench("data", "verify", "digits") == (0, "", "digits is embedded: it has no published files.\n")


def test_a_set_of_the_users_own_has_nothing_to_fetch_and_no_number_of_images(dbench, monkeypatch):
    adapter = SimpleNamespace(info=replace(digits.info, name="mine", images=0), load=digits.load)
    monkeypatch.setitem(DATASETS._all(), "mine", "shapes_plugin:mine")
    monkeypatch.setattr("shapes_plugin.mine", adapter, raising=False)
    assert dbench("data", "fetch", "mine") == (0, "", "mine is yours: there is nothing to download.\n")
    entries = json.loads(dbench("data", "list", "--format", "json").out)
    mine = next(entry for entry in entries if entry["dataset"] == "mine")
    assert (mine["images"], mine["state"]) == (None, "yours")
    line = next(line for line in dbench("data", "list").out.splitlines() if line.startswith("mine"))
    assert line.split()[:3] == ["mine", "1", "yours"]


def test_what_cannot_be_downloaded_is_reported_and_the_others_are_fetched(dbench, web: Web):
    web.files["/shapes.bin"] = FILES["shapes.bin"]
    outcome = dbench("data", "fetch", "shapes", "digits")
    assert (outcome.code, outcome.out) == (1, "")
    assert "Error: shapes: labels.bin could not be downloaded." in outcome.err
    assert f"404 Client Error: Not Found for url: {web.url}/labels.bin" in outcome.err
    assert "`dbench data fetch shapes --from PATH` copies them" in outcome.err
    assert "digits is embedded" in outcome.err
    assert state(dbench) == "partly"


def test_offline_nothing_is_asked(dbench, web: Web, monkeypatch):
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    outcome = dbench("data", "fetch", "shapes")
    assert outcome.code == 1
    assert f"{web.url}: not tried, since DBENCH_OFFLINE forbids the network" in outcome.err
    assert web.asked == []


def test_an_unknown_name_is_reported_before_anything_is_fetched(dbench, web: Web):
    outcome = dbench("data", "fetch", "shapes", "shaps")
    assert (outcome.code, outcome.out) == (2, "")
    assert "There is no dataset named 'shaps'.\nDid you mean 'shapes'" in outcome.err
    assert web.asked == []


def test_copies_are_imported(dbench, web: Web, shapes: Path, tmp_path: Path):
    copies = put(tmp_path / "downloads")
    one = dbench("data", "fetch", "shapes", "--from", copies / "labels.bin")
    assert one == (1, f"{shapes / 'labels.bin'}\n", "shapes still needs shapes.bin.\n")
    assert dbench("data", "fetch", "shapes", "--from", copies).code == 0
    assert state(dbench) == "cached"
    assert web.asked == []


def test_a_copy_that_is_not_there_or_wrong_is_reported(dbench, tmp_path: Path):
    assert "Could not read" in (outcome := dbench("data", "fetch", "shapes", "--from", tmp_path / "none")).err
    assert outcome.code == 2
    (put(tmp_path / "copy") / "labels.bin").write_bytes(b"round square wrong")
    outcome = dbench("data", "fetch", "shapes", "--from", tmp_path / "copy")
    assert outcome.code == 2
    assert f"Error: {tmp_path / 'copy'}: labels.bin has the SHA-256 " in outcome.err


@pytest.mark.parametrize(("command", "option"), [("fetch", "--from"), ("verify", "--data-dir")])
def test_an_empty_path_is_not_the_current_folder(dbench, web: Web, tmp_path: Path, command: str, option: str):
    put(tmp_path)
    outcome = dbench("data", command, "shapes", option, "")
    assert (outcome.code, outcome.out, web.asked) == (2, "", [])
    assert f"Invalid value for '{option}': The path is empty" in outcome.err
    assert dbench("data", command, "shapes", option, ".").code == 0


def test_the_next_option_is_not_a_path(dbench):
    outcome = dbench("explore", "runs/seed-0", "--single-file", "--out", "page")
    assert (outcome.code, outcome.out) == (2, "")
    assert "Invalid value for '--single-file': --out is an option, where a path was expected" in outcome.err


def test_verifying_tells_each_file(dbench, shapes: Path):
    assert dbench("data", "verify", "shapes").code == 1
    put(shapes)
    outcome = dbench("data", "verify", "shapes")
    assert (outcome.code, outcome.err) == (0, "")
    assert [line.split() for line in outcome.out.splitlines()[1:]] == [["shapes", name, "whole"] for name in FILES]
    (shapes / "labels.bin").write_bytes(b"round square wrong")
    outcome = dbench("data", "verify", "shapes", "--format", "json")
    assert outcome.code == 1
    assert [entry["state"] for entry in json.loads(outcome.out)] == ["whole", "damaged"]
    assert f"{shapes / 'labels.bin'} has the SHA-256 " in outcome.err
    assert "`dbench data fetch shapes` downloads what is missing, and what is damaged in the cache." in outcome.err


def test_what_verifying_found_damaged_is_fetched_anew(dbench, web: Web, shapes: Path):
    offer(web)
    put(shapes)
    (shapes / "labels.bin").write_bytes(b"round square wrong")
    outcome = dbench("data", "fetch", "shapes")
    assert outcome.code == 0
    assert "looking for another copy" in outcome.err
    assert dbench("data", "verify", "shapes").code == 0
    assert web.asked == ["/labels.bin"]


def test_verifying_looks_into_the_named_folder(dbench, tmp_path: Path):
    put(tmp_path / "mine")
    outcome = dbench("data", "verify", "shapes", "--data-dir", tmp_path / "mine", "--format", "csv")
    assert outcome.code == 0
    assert str(tmp_path / "mine" / "labels.bin") in outcome.out


def test_verifying_refuses_a_folder_without_any_of_the_files(dbench, shapes: Path, tmp_path: Path):
    put(shapes)
    (tmp_path / "empty").mkdir()
    outcome = dbench("data", "verify", "shapes", "--data-dir", tmp_path / "empty")
    assert (outcome.code, outcome.out) == (2, "")
    assert f"--data-dir names {tmp_path / 'empty'}, which holds none of the files of shapes: shapes.bin" in outcome.err


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_a_fetch_that_is_stopped_goes_on_when_asked_again(real_dbench, web: Web, shapes: Path, by: signal.Signals):
    begun, over = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        over.wait(30)

    offer(web)
    served = web.serve("/shapes.bin", FILES["shapes.bin"], breaks=[600_000], hold=hold)
    program = Path(sys.executable).with_name("dbench")
    process = subprocess.Popen([program, "data", "fetch", "shapes"], stderr=subprocess.PIPE, text=True)
    assert begun.wait(120)
    while not (partials := list(shapes.glob(".fetching/*.partial"))) or partials[0].stat().st_size < 1 << 19:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(by)
    _, told = process.communicate(timeout=120)
    over.set()
    kept = partials[0].stat().st_size
    if by == signal.SIGINT:
        assert process.returncode == 130
        assert f"{kept / 1000:.1f} kB of shapes.bin are kept, and the same command resumes from there." in told

    outcome = real_dbench("data", "fetch", "shapes")
    assert outcome.code == 0, outcome.err
    assert served.requests == [None, f"bytes={kept}-"]
    assert {name: (shapes / name).read_bytes() for name in FILES} == FILES
    assert not (shapes / ".fetching").exists()


def test_two_processes_fetch_once(web: Web, shapes: Path):
    together = threading.Event()
    offer(web)
    served = web.serve("/labels.bin", FILES["labels.bin"], breaks=[9], hold=lambda: together.wait(30))
    program = Path(sys.executable).with_name("dbench")
    processes = [
        subprocess.Popen(
            [program, "data", "fetch", "shapes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [process.stderr.readline() for process in processes if process.stderr]
    assert sorted(said) == [
        "Another process is fetching shapes; waiting for it.\n",
        f"Downloading shapes from {web.url}\n",
    ]
    together.set()
    outputs = [process.communicate(timeout=180)[0] for process in processes]
    assert outputs == ["".join(f"{shapes / name}\n" for name in FILES)] * 2
    assert web.asked.count("/shapes.bin") == 1
    assert served.requests == [None, "bytes=9-"]


def test_a_private_mirror_is_asked_instead(real_dbench, web: Web, shapes: Path):
    with serving() as mirror:
        mirror.files = {f"/data/shapes/{name}": content for name, content in FILES.items()}
        outcome = real_dbench("data", "fetch", "shapes", DBENCH_MIRROR=f"{mirror.url}/data")
    assert (outcome.code, web.asked) == (0, [])
    assert f"Downloading shapes from {mirror.url}/data (DBENCH_MIRROR)" in outcome.err


def test_a_proxy_is_asked_instead(real_dbench, web: Web, shapes: Path):
    web.files = {f"http://shapes.invalid/{name}": content for name, content in FILES.items()}
    outcome = real_dbench(
        "data", "fetch", "shapes", SHAPES_URL="http://shapes.invalid", NO_PROXY="", no_proxy="", http_proxy=web.url
    )
    assert outcome.code == 0, outcome.err
    assert web.asked == [f"http://shapes.invalid/{name}" for name in FILES]
