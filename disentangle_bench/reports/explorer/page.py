"""The explorer's page: beside its files, or as one file with everything in it."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from disentangle_bench.provenance import installed_version
from disentangle_bench.reports.explorer.content import ExplorerContent
from disentangle_bench.reports.explorer.runtime import VERSION, runtime_files
from disentangle_bench.reports.html.sprites import sprite
from disentangle_bench.reports.html.templating import asset, digest, environment
from disentangle_bench.storage import write_bytes, write_text

PACKAGE = "disentangle_bench.reports.explorer"
SCRIPTS = ("random", "models", "state", "drawing", "gif", "reading", "controls", "grid", "real", "page")
"""In the order in which they build on each other."""
FILES = "files"
MOST_REAL = 2_000_000
"""Bytes of the real images."""


def write_page(content: ExplorerContent, folder: Path) -> None:
    """Write `index.html` and what it loads into a folder, which any file server can serve.

    Raises:
        DbenchError: ONNX Runtime Web cannot be downloaded, or no space.
    """
    for name, file in _files(content).items():
        write_bytes(folder / FILES / name, file)
    write_text(folder / "index.html", _page(content, {}))


def write_single_file(content: ExplorerContent, path: Path) -> None:
    """Write one page that holds everything, compressed, and opens from disk.

    Raises:
        DbenchError: as `write_page`.
    """
    inlined = {
        name: Markup(base64.b64encode(gzip.compress(file, 6, mtime=0)).decode())  # letters that need no escaping
        for name, file in _files(content).items()
    }
    write_text(path, _page(content, inlined))


def _files(content: ExplorerContent) -> dict[str, bytes]:
    """What the page loads, by name."""
    files = {name: path.read_bytes() for name, path in runtime_files().items()}
    for number, run in enumerate(content.runs):
        files |= {_name(number, part): graph for part, graph in run.graphs.items()}
    return files


def _name(number: int, part: str) -> str:
    return f"{part}-{number}.onnx"


def _page(content: ExplorerContent, inlined: Mapping[str, Markup]) -> str:
    script = Markup("\n").join(asset(PACKAGE, f"{name}.js") for name in SCRIPTS)
    return (
        environment(PACKAGE)
        .get_template("explorer.html.j2")
        .render(
            content=content,
            version=installed_version("disentangle-bench") or "",
            runtime_version=VERSION,
            data=data_of(content),
            inlined=inlined,
            script=script,
            script_hash=digest(script),
            sheet=asset("disentangle_bench.reports.html", "report.css") + asset(PACKAGE, "explorer.css"),
        )
    )


def data_of(content: ExplorerContent) -> Markup:
    """What the script is told, as JSON in which nothing ends the element that holds it."""
    runs = [
        {
            "name": run.name,
            "shape": run.shape,
            "latents": run.latents,
            "parts": {part: _name(number, part) for part in run.graphs},
        }
        for number, run in enumerate(content.runs)
    ]
    pixels = content.real[:, 0] if content.real.shape[1] == 1 else content.real.transpose(0, 2, 3, 1)
    made = sprite(pixels[None], MOST_REAL) if len(pixels) else None
    real = {"count": 0 if made is None else len(pixels), "sheet": "" if made is None else made.address}
    return Markup(json.dumps({"runs": runs, "real": real}, allow_nan=False).replace("<", "\\u003c"))
