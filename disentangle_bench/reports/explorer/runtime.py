"""ONNX Runtime Web, which runs networks in a browser: downloaded once, verified, and kept in the user's cache."""

from __future__ import annotations

from pathlib import Path

from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.file import File, FileSet
from disentangle_bench.datasets.files.places import cache_folder
from disentangle_bench.datasets.files.sources import NpmPackage, WebFolder
from disentangle_bench.errors import DownloadError

VERSION = "1.30.0"
NAME = "onnxruntime-web"
SCRIPT, BINARY = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
FILES = FileSet(
    NAME,
    {
        SCRIPT: File("11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90", 73_054),
        BINARY: File("3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2", 14_239_897),
    },
)
SOURCES = (
    NpmPackage(f"{NAME}@{VERSION}", "package/dist"),
    WebFolder(f"https://cdn.jsdelivr.net/npm/{NAME}@{VERSION}/dist"),
)


def runtime_files() -> dict[str, Path]:
    """The runtime's files by the names that the page has for them, downloading what is missing.

    Raises:
        DownloadError: no source has them, or `DBENCH_OFFLINE` forbids to ask.
        StorageError: the cache cannot be written.
    """
    try:
        found = obtain(FILES, lambda: SOURCES)
    except DownloadError as error:
        raise DownloadError(
            error.problem,
            f"The explorer needs these files of the npm package {NAME} {VERSION} once. With a network, run the same "
            f"command again, without DBENCH_OFFLINE; without one, put them into {cache_folder(NAME)}.",
        ) from error
    return {"ort.js": found[SCRIPT], "ort.wasm": found[BINARY]}
