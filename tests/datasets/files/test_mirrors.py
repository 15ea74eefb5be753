from __future__ import annotations

import re
from base64 import b64encode
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.file import FileSet
from disentangle_bench.datasets.files.mirrors import mirrors
from disentangle_bench.datasets.files.sources import WebFolder
from disentangle_bench.errors import DataError, DownloadError

Files = dict[str, bytes]
NO_HOSTS = ["http://", "https:///data", "http:/example.org/data", "http://[/data"]


def no_source() -> list[object]:
    raise AssertionError("the mirror has everything")


def test_there_is_none_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBENCH_MIRROR", raising=False)
    assert mirrors("shapes") == []


@pytest.mark.parametrize("folder", ["shapes/", ""])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_web_mirror_is_asked_first(
    published, cache, files: Files, web, monkeypatch, *, folder: str, slash: str
) -> None:
    web.files = {f"/private/{folder}{name}": content for name, content in files.items()}
    monkeypatch.setenv("DBENCH_MIRROR", f"{web.url}/private{slash}")
    assert {name: path.read_bytes() for name, path in obtain(published, no_source).items()} == files


def test_a_web_mirror_may_hold_files_in_both_places(published: FileSet, cache, files: Files, web, monkeypatch) -> None:
    web.files = {"/shapes/shapes": files["shapes"], "/labels": files["labels"]}
    monkeypatch.setenv("DBENCH_MIRROR", web.url)
    obtain(published, no_source)
    assert web.asked == ["/shapes/shapes", "/shapes/labels", "/labels"]


@pytest.mark.parametrize("scheme", ["", "file://"])
@pytest.mark.parametrize("folder", ["shapes", ""])
def test_a_folder_is_a_mirror(
    published, cache, files: Files, tmp_path, monkeypatch, *, folder: str, scheme: str
) -> None:
    place = tmp_path / "a mirror" / folder
    place.mkdir(parents=True)
    for name, content in files.items():
        (place / name).write_bytes(content)
    root = tmp_path / "a mirror"
    monkeypatch.setenv("DBENCH_MIRROR", root.as_uri() if scheme else str(root))
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    assert {path.parent for path in obtain(published, no_source).values()} == {cache}


def test_the_cache_of_another_is_a_mirror(published, cache: Path, files: Files, tmp_path: Path, monkeypatch) -> None:
    cache.mkdir(parents=True)
    for name, content in files.items():
        (cache / name).write_bytes(content)
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path / "mine"))
    monkeypatch.setenv("DBENCH_MIRROR", str(cache.parent))
    assert obtain(published, no_source)["labels"] == tmp_path / "mine" / "datasets" / "shapes" / "labels"


def test_a_mirror_may_forbid_what_is_not_there(published, cache, files: Files, web, monkeypatch) -> None:
    for name, content in files.items():
        web.serve(f"/shapes/{name}", b"", statuses=[403])
        web.files[f"/{name}"] = content
    monkeypatch.setenv("DBENCH_MIRROR", web.url)
    assert obtain(published, no_source)["labels"].read_bytes() == files["labels"]


def test_a_mirror_that_lacks_a_file_is_reported_with_the_others(published: FileSet, cache, web, monkeypatch) -> None:
    monkeypatch.setenv("DBENCH_MIRROR", web.url)
    with pytest.raises(
        DownloadError, match=rf"{web.url} \(DBENCH_MIRROR\): 404 .*: {web.url}/shapes/shapes; "
    ) as caught:
        obtain(published, list)
    assert web.asked == ["/shapes/shapes", "/shapes/labels", "/shapes", "/labels"]
    for path in web.asked:
        assert f"404 Client Error: Not Found for url: {web.url}{path}" in str(caught.value)


def test_a_mirror_with_wrong_bytes_is_reported_and_the_sources_asked(
    published, cache, files: Files, web, monkeypatch, *, capsys
) -> None:
    web.files = {f"/shapes/{name}": b"wrong" for name in files} | {f"/{name}": files[name] for name in files}
    monkeypatch.setenv("DBENCH_MIRROR", web.url)
    assert obtain(published, lambda: [WebFolder(web.url)])["labels"].read_bytes() == files["labels"]
    assert "labels has 5 bytes instead of 18; it is not used" in capsys.readouterr().err


def test_a_password_is_sent_and_not_reported(published: FileSet, cache, web, monkeypatch, capsys) -> None:
    sent = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        sent.append(handler.headers["Authorization"])
        handler.send_error(503)

    web.files["/shapes/shapes"] = answer
    monkeypatch.setenv("DBENCH_MIRROR", web.url.replace("//", "//me:secret@"))
    with pytest.raises(DownloadError, match=rf"{web.url} \(DBENCH_MIRROR\): 503 .* {web.url}/shapes/shapes") as caught:
        obtain(published, list)
    assert sent == [f"Basic {b64encode(b'me:secret').decode()}"] * 3
    assert "secret" not in str(caught.value)
    assert "secret" not in capsys.readouterr().err


def test_offline_a_web_mirror_is_not_asked(published: FileSet, cache, web, monkeypatch) -> None:
    monkeypatch.setenv("DBENCH_MIRROR", web.url)
    monkeypatch.setenv("DBENCH_OFFLINE", "1")
    with pytest.raises(DownloadError, match=r"\(DBENCH_MIRROR\): not tried, since DBENCH_OFFLINE forbids"):
        obtain(published, list)
    assert web.asked == []


@pytest.mark.parametrize("place", ["/no/such/folder", "s3://bucket/data", "example.org/data", *NO_HOSTS])
def test_what_is_no_mirror_is_reported(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBENCH_MIRROR", place)
    with pytest.raises(
        DataError, match=f"DBENCH_MIRROR names {re.escape(place)}, which is neither a web URL nor a folder"
    ):
        mirrors("shapes")
