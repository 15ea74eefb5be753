"""A hub on this machine: as much of the API as `huggingface_hub` asks when it uploads a folder to a model."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hub(ThreadingHTTPServer):
    """A server that keeps what it is sent.

    Attributes:
        token: whose bearer may write.
        repos: name -> path -> content, of what was committed.
        created: the requests for new repositories.
        stored: SHA-256 -> content of large files.
    """

    def __init__(self, token: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.token = token
        self.repos: dict[str, dict[str, bytes]] = {}
        self.created: list[dict[str, Any]] = []
        self.stored: dict[str, bytes] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = self.path.partition("?")[0]
        if path == "/api/validate-yaml":
            return self.answer({"errors": [], "warnings": []})
        if self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self.answer({"error": "Invalid username or password."}, 401)
        if path == "/api/repos/create":
            return self.create(json.loads(body))
        if path.endswith("/preupload/main"):
            files = [
                {"path": file["path"], "uploadMode": mode_of(file["path"]), "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            return self.answer({"files": files})
        if path.endswith(".git/info/lfs/objects/batch"):
            objects = [
                {**wanted, "actions": {"upload": {"href": f"{self.server.address}/stored/{wanted['oid']}"}}}
                for wanted in json.loads(body)["objects"]
            ]
            return self.answer({"objects": objects, "transfer": "basic"})
        return self.commit(path.removeprefix("/api/models/").removesuffix("/commit/main"), body)

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.stored[self.path.rpartition("/")[2]] = content
        self.answer({})

    def create(self, wanted: dict[str, Any]) -> None:
        name = f"{wanted['organization'] or 'me'}/{wanted['name']}"
        self.server.created.append(wanted)
        known = name in self.server.repos
        self.server.repos.setdefault(name, {})
        self.answer({"url": f"{self.server.address}/{name}", "name": name}, 409 if known else 200)

    def commit(self, repo: str, body: bytes) -> None:
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                self.server.repos[repo][value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.server.repos[repo][value["path"]] = self.server.stored[value["oid"]]
        self.answer({"commitUrl": f"{self.server.address}/{repo}/commit/{'0' * 40}", "commitOid": "0" * 40})

    def answer(self, values: object, status: int = 200) -> None:
        text = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_of: object) -> None:
        """Nothing."""


def mode_of(path: str) -> str:
    return "lfs" if path.endswith((".safetensors", ".onnx", ".png")) else "regular"


@contextmanager
def hub(token: str) -> Iterator[Hub]:
    """Run a hub while the block runs."""
    with Hub(token) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
